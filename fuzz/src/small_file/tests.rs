use super::{check, run, seeds};
use crate::seal;

#[test]
fn readers_that_do_not_look_at_the_checksum_are_noticed() {
    // Where the blocks begin, and copies of them.
    let blocks: [&[usize]; 5] = [&[0], &[0, 32], &[0], &[0], &[4096, 6144]];
    for (seed, blocks) in seeds().iter().zip(blocks) {
        let mut damaged = seed.clone();
        for block in blocks {
            // A byte of a field: behind the name, the magic and the first number.
            damaged[1 + block + 9] ^= 1;
        }
        run(&damaged);
        let noticed = std::panic::catch_unwind(|| check(&damaged, seal::block));
        assert!(noticed.is_err(), "kind {} is not noticed", seed[0]);
    }
}

#[test]
fn seeds_are_accepted() {
    for seed in seeds() {
        assert!(check(&seed, |_| {}), "a whole file of kind {} is refused", seed[0] % 5);
    }
}
