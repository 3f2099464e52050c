use super::{check, run, seeds};
use crate::seal;

#[test]
fn readers_that_do_not_look_at_the_checksum_are_noticed() {
    for seed in &seeds()[..4] {
        let mut damaged = seed.clone();
        // A byte of a field: behind the name, the magic and the first number.
        damaged[1 + 9] ^= 1;
        if seed[0] == 1 {
            // The other copy of the entry.
            damaged[1 + 32 + 9] ^= 1;
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
