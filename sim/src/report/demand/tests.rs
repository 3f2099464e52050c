use super::*;

/// A run in which just enough happened.
fn enough() -> Activity {
    Activity {
        producers: 4,
        appends: 20_000,
        messages: 500_020,
        messages_promised: 500_010,
        messages_read_back: 500_010,
        reading_sessions: 4,
        lookups: 100_000,
        lookups_from_tail: 20_000,
        lookups_after_catch_up: 20_000,
        rolls: 20,
        settles: 50,
        sessions_reopened: 10,
        ..Activity::default()
    }
}

fn complaints(activity: &Activity) -> Vec<String> {
    Demand::of_main(activity, &[]).iter().filter_map(Demand::complaint).collect()
}

#[test]
fn enough_is_enough() {
    assert_eq!(complaints(&enough()), [""; 0]);
}

#[test]
fn too_little_of_anything_is_told() {
    let seen = Activity { lookups_from_tail: 1_204, ..enough() };
    assert_eq!(complaints(&seen), ["lookups from the tail: 1,204, and it takes 20,000"]);
    let seen = Activity { messages_read_back: 500_009, ..enough() };
    assert_eq!(complaints(&seen), ["messages read back: 500,009, and it takes 500,010"]);
    let all = complaints(&Activity::default()).len();
    // Where there is no lookup, no share of them is missing.
    assert_eq!(all, Demand::of_main(&enough(), &[]).len() - 2);
}
