use super::{check, run, seeds};

/// A decoder of each kind that leaves the last byte of its bytes alone.
#[test]
fn decoders_that_do_not_reach_the_end_are_noticed() {
    let seeds = seeds();
    for (kind, seed) in
        [(0, &seeds[0]), (1, &seeds[1]), (2, &seeds[3]), (3, &seeds[4]), (4, &seeds[7])]
    {
        let longer = [seed, &[0][..]].concat();
        run(&longer);
        let short = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
        let noticed = std::panic::catch_unwind(|| check(&longer, short));
        let said = *noticed.unwrap_err().downcast::<String>().unwrap();
        assert!(said.contains(&format!("kind {kind} gives other bytes")), "{said}");
    }
}
