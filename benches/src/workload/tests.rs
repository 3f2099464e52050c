use super::Workload;

#[test]
fn workloads_that_come_with_the_bench_are_valid() {
    assert!(Workload::first().unwrap().rounds >= 7, "a median of fewer says little");
    assert!(Workload::smoke().unwrap().lookup.is_some());
    let profile = include_str!("../../workloads/append-profile.toml");
    assert!(!Workload::parse(profile).unwrap().baselines);
}

#[test]
fn a_workload_of_nothing_or_of_unknown_words_is_refused() {
    let head = "rounds = 1\nid_bytes = 25\npayload_bytes = 100\n";
    assert!(Workload::parse(head).is_ok());
    let none = format!("{head}[next]\nmessages = 0\ntake = 1\n");
    assert!(Workload::parse(&none).unwrap_err().to_string().contains("at least 1"));
    assert!(Workload::parse(&format!("{head}round = 1\n")).is_err());
}
