use super::{StageTime, StageTimes, Stopwatch};

#[test]
fn the_first_and_then_one_in_64_is_sampled() {
    let times = StageTimes::<1>::default();
    let sampled: Vec<_> = (0..200).filter(|_| times.begins_sampled()).collect();
    assert_eq!(sampled, [0, 64, 128, 192]);
}

#[test]
fn laps_add_up_stage_by_stage() {
    let times = StageTimes::<2>::default();
    for (start_us, middle_us, end_us) in [(10, 13, 20), (100, 105, 106)] {
        let mut watch = Stopwatch::start(true, || start_us);
        assert_eq!(watch.lap(&times, 0, || middle_us), middle_us - start_us);
        watch.lap(&times, 1, || end_us);
    }
    let [first, second] = times.snapshot();
    assert_eq!(first, StageTime { sampled_count: 2, sum_us: 8, max_us: 5 });
    assert_eq!(second, StageTime { sampled_count: 2, sum_us: 8, max_us: 7 });
}

#[test]
fn one_that_is_not_sampled_asks_no_clock() {
    let times = StageTimes::<1>::default();
    let mut watch = Stopwatch::start(false, || unreachable!("no clock is needed"));
    assert_eq!(watch.lap(&times, 0, || unreachable!("no clock is needed")), 0);
    assert_eq!(times.snapshot(), [StageTime::default()]);
}
