use super::{check, run, seeds};

/// A decoder of each kind that leaves the last byte of its bytes alone.
#[test]
fn decoders_that_do_not_reach_the_end_are_noticed() {
    let seeds = seeds();
    for (kind, seed) in [(0, 0), (1, 1), (1, 8), (2, 3), (3, 4), (4, 7)] {
        let seed = &seeds[seed];
        let longer = [seed, &[0][..]].concat();
        run(&longer);
        let short = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
        let noticed = std::panic::catch_unwind(|| check(&longer, short));
        let said = *noticed.unwrap_err().downcast::<String>().unwrap();
        assert!(said.contains(&format!("kind {kind} gives other bytes")), "{said}");
    }
}
