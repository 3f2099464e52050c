#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::index::frozen::FrozenIndex;
use crate::index::model::CatchUpFault;
use crate::index::testing::{
    DIRECTORY, FrameDraw, NaiveLog, PARTITION, Partition, frame, id, now, time_ranges,
};
use crate::io::Family;
use crate::io::real::Real;

#[derive(Clone, Debug)]
enum Act {
    Append(FrameDraw),
    Publish,
    Settle,
    Release,
    SettleAll,
    Trim(u64),
    Fault(CatchUpFault),
    Close,
    Ask(Asked),
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Fresh,
    /// In quarters of what is visible.
    AtLeast(u64),
    Bounded,
    Any,
}

fn faults() -> impl Strategy<Value = CatchUpFault> {
    let families = prop::sample::subsequence(Family::ALL.to_vec(), 0..4);
    prop_oneof![
        Just(CatchUpFault::StaleOk),
        Just(CatchUpFault::NewestOnly),
        Just(CatchUpFault::TryAgain),
        Just(CatchUpFault::StickyError),
        families.prop_map(CatchUpFault::PartialFamilies),
    ]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let asked = prop_oneof![
        4 => Just(Asked::Fresh),
        1 => (0u64..5).prop_map(Asked::AtLeast),
        1 => Just(Asked::Bounded),
        1 => Just(Asked::Any),
    ];
    let act = prop_oneof![
        6 => frame().prop_map(Act::Append),
        4 => Just(Act::Publish),
        4 => Just(Act::Settle),
        2 => Just(Act::Release),
        1 => Just(Act::SettleAll),
        1 => (0u64..5).prop_map(Act::Trim),
        2 => faults().prop_map(Act::Fault),
        1 => Just(Act::Close),
        4 => asked.prop_map(Act::Ask),
    ];
    prop::collection::vec(act, 1..40)
}

fn queries(log: &NaiveLog) -> Vec<Query> {
    let ids = (0..6).map(id);
    let by_id = ids.clone().map(Query::Id).chain(ids.map(Query::AllOfId));
    let positions = log.positions().into_iter().map(Query::Position);
    let sequences = (0..=log.end()).map(Query::Sequence);
    let times = time_ranges().into_iter().flat_map(|times| {
        let (from_us, to_us) = (times.start, times.end);
        [2, usize::MAX].map(|limit| Query::Time { from_us, to_us, limit })
    });
    let since = time_ranges().into_iter().map(|times| Query::Since(times.start)).step_by(7);
    by_id.chain(positions).chain(sequences).chain(since).chain(times.step_by(3)).collect()
}

fn naive(log: &NaiveLog, query: &Query, within: Range<Sequence>) -> Vec<MessageMeta> {
    match query {
        Query::Id(id) => log.by_id(id, within).into_iter().collect(),
        Query::AllOfId(id) => log.all_by_id(id, within),
        Query::Position(at) => log.by_position(*at, within).into_iter().collect(),
        Query::Time { from_us, to_us, limit } => log.by_time(*from_us..*to_us, within, *limit),
        Query::Since(from_us) => log.since(*from_us, within).into_iter().collect(),
        Query::Sequence(sequence) => log.by_sequence(*sequence, within).into_iter().collect(),
    }
}

/// Asks all queries and compares with looking at every message that the report says is visible.
fn ask_all<W: World>(partition: &Partition<W>, freshness: Freshness) -> Vec<LookupReport> {
    let marks = partition.index.marks.view();
    let asked = queries(&partition.log).into_iter().map(|query| {
        let lookup = partition.index.lookup(&partition.slot, &query, freshness);
        let Answer { found, report } = now(lookup).unwrap();
        assert_eq!(report.high_watermark, marks.high_watermark);
        assert!(report.visible <= marks.high_watermark);
        assert!(report.coverage_before <= report.coverage || report.reopened);
        let within = marks.log_start..report.visible;
        assert_eq!(found, naive(&partition.log, &query, within), "{query:?} {report:?}");
        assert_eq!((report.from_tail + report.from_settled) as usize, found.len());
        let is_tail = |meta: &&MessageMeta| meta.sequence >= report.tail_start;
        assert_eq!(report.from_tail as usize, found.iter().filter(is_tail).count());
        report
    });
    asked.collect()
}

fn ask_as<W: World>(partition: &Partition<W>, asked: Asked) {
    let mark = partition.index.marks.high_watermark();
    match asked {
        Asked::Fresh => {
            let reports = ask_all(partition, Freshness::Fresh);
            assert!(reports.iter().all(|report| report.visible == mark));
            check_places(partition);
        }
        Asked::AtLeast(quarters) => {
            let sequence = mark * quarters / 4;
            let position = Position { epoch: 1, sequence };
            let reports = ask_all(partition, Freshness::AtLeast(position));
            assert!(reports.iter().all(|report| report.visible >= sequence));
        }
        Asked::Bounded => {
            ask_all(partition, Freshness::Bounded { age_us: u64::MAX });
        }
        Asked::Any => {
            let reports = ask_all(partition, Freshness::Any);
            assert!(reports.iter().all(|report| report.catch_ups == 0));
        }
    }
}

fn check_places<W: World>(partition: &Partition<W>) {
    let marks = partition.index.marks.view();
    for sequence in 0..=partition.log.end() {
        let place = now(partition.index.place_of(&partition.slot, sequence)).unwrap();
        let visible = (marks.log_start..marks.high_watermark).contains(&sequence);
        let mut frames = partition.log.frames.iter();
        let frame = frames.find(|frame| frame.sequences().contains(&sequence));
        assert_eq!(place, frame.filter(|_| visible).map(|frame| frame.place()));
    }
}

fn run<W: World>(mut partition: Partition<W>, acts: Vec<Act>) {
    for act in acts {
        match act {
            Act::Append(draw) => partition.append(draw),
            Act::Publish => partition.publish(),
            Act::Settle => partition.settle(),
            Act::Release => partition.release(),
            Act::SettleAll => {
                partition.publish();
                partition.settle_all();
            }
            Act::Trim(quarters) => partition.trim(partition.log.end() * quarters / 4),
            Act::Fault(fault) => partition.inject(fault),
            Act::Close => assert_eq!(partition.slot.close(), 0),
            Act::Ask(asked) => ask_as(&partition, asked),
        }
    }
    partition.publish();
    ask_as(&partition, Asked::Fresh);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn answers_as_looking_at_every_message_does(acts in acts()) {
        run(Partition::new(), acts);
    }
}

fn single(number: u8) -> FrameDraw {
    (vec![(number, 0)], false)
}

/// One message that the instance holds, then one that was settled since.
fn stale() -> Vec<Act> {
    let (ask, append) = (Act::Ask(Asked::Fresh), |number| Act::Append(single(number)));
    vec![append(0), Act::SettleAll, ask.clone(), append(1), Act::SettleAll, ask]
}

#[test]
fn what_was_settled_since_is_caught_up() {
    run(Partition::new(), stale());
}

#[cfg(feature = "planted")]
#[test]
#[should_panic(expected = "assertion")]
fn coverage_unchecked_is_caught() {
    use crate::io::{Planted, decorate::Observed};
    let inner = Real::new();
    let backend = inner.index().clone();
    let world = Observed::new(inner);
    world.plant(Planted::CoverageUnchecked);
    run(Partition::in_world(world, backend), stale());
}

#[test]
fn stale_answers_have_no_hole_and_say_how_far_they_reach() {
    let mut partition = Partition::new();
    for number in 0..3 {
        partition.append(single(number));
        partition.publish();
        if number < 2 {
            partition.settle_all();
        }
        if number == 0 {
            ask_as(&partition, Asked::Fresh);
        }
    }
    // Held by the instance: 0. Settled since: 1. In the tail: 2.
    let all = Query::Time { from_us: i64::MIN, to_us: i64::MAX, limit: 9 };
    let ask = |freshness| now(partition.index.lookup(&partition.slot, &all, freshness)).unwrap();
    let any = ask(Freshness::Any);
    assert_eq!((any.found.len(), any.report.visible, any.report.from_tail), (1, 1, 0));
    let at_least = |sequence| Freshness::AtLeast(Position { epoch: 1, sequence });
    assert_eq!(ask(at_least(1)).report.visible, 1);
    let fresh = ask(at_least(2));
    assert_eq!((fresh.found.len(), fresh.report.visible, fresh.report.catch_ups), (3, 3, 1));
    assert_eq!((fresh.report.from_settled, fresh.report.from_tail), (2, 1));
    let lookup = partition.index.lookup(&partition.slot, &all, at_least(4));
    assert!(matches!(now(lookup), Err(StorageError::PositionLost { .. })));
}

#[test]
fn where_nothing_is_settled_or_all_of_it_is_trimmed_nothing_is_opened() {
    let mut partition = Partition::new();
    partition.append(single(0));
    partition.publish();
    ask_as(&partition, Asked::Fresh);
    partition.settle_all();
    partition.trim(1);
    partition.append(single(0));
    partition.publish();
    ask_as(&partition, Asked::Fresh);
    assert!(!partition.slot.is_open());
}

#[test]
fn a_frozen_index_shows_its_moment_and_says_so() {
    let mut partition = Partition::new();
    partition.append(single(0));
    partition.publish();
    partition.settle_all();
    let frozen = now(FrozenIndex::open(partition.slot.world(), DIRECTORY.as_ref())).unwrap();
    let before = partition.log.clone();
    partition.append(single(1));
    partition.publish();
    partition.settle_all();
    for query in queries(&partition.log) {
        let answer = now(frozen.lookup(PARTITION, &query)).unwrap();
        assert_eq!(answer.found, naive(&before, &query, 0..u64::MAX));
        assert!(answer.report.frozen);
        assert_eq!(answer.report.covered.to, 1);
    }
}

#[test]
fn lookups_can_run_on_any_thread() {
    fn check<W: World>(index: &PartitionIndex, slot: &SecondarySlot<W>, frozen: &FrozenIndex<W>) {
        fn is_send<T: Send>(_: T) {}
        is_send(index.lookup(slot, &Query::Sequence(0), Freshness::Any));
        is_send(index.place_of(slot, 0));
        is_send(frozen.lookup(0, &Query::Sequence(0)));
    }
    let partition = Partition::new();
    partition.trim(0);
    let frozen = now(FrozenIndex::open(partition.slot.world(), DIRECTORY.as_ref())).unwrap();
    check::<Real>(&partition.index, &partition.slot, &frozen);
}
