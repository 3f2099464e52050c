use super::*;

#[test]
fn the_lowest_mark_since_then_is_enough() {
    let history = MarkHistory::default();
    assert_eq!(history.need(100, 1000, 5), 5);
    assert_eq!(history.need(100, 1050, 9), 5);
    assert_eq!(history.need(100, 1100, 9), 5);
    // The moment of mark 5 is too long ago; the next one known is that of mark 9.
    assert_eq!(history.need(100, 1101, 12), 9);
    assert_eq!(history.need(10, 1101, 12), 9);
    assert_eq!(history.need(0, 1102, 13), 13);
    assert_eq!(history.need(u64::MAX, 1102, 13), 5);
}

#[test]
fn it_stays_small_and_useful_however_often_it_is_asked() {
    let history = MarkHistory::default();
    for now_us in 0..100_000 {
        let need = history.need(8000, now_us, now_us);
        assert!(need >= now_us.saturating_sub(8000));
        assert!(now_us < 8000 || need <= now_us - 7000, "{need} at {now_us}");
    }
    assert!(history.moments.lock().map(|moments| moments.len()).unwrap_or(0) <= MOMENTS_MAX);
}
