use super::{OWN, Workload};

#[test]
fn workloads_that_come_with_the_bench_are_valid() {
    for (name, _) in OWN {
        let workload = Workload::named(name).unwrap();
        let is_of_reports = ["append", "reads"].contains(&name);
        assert!(!is_of_reports || workload.rounds >= 7, "a median of fewer says little");
    }
    let sustained = Workload::named("sustained").unwrap().sustained.unwrap();
    assert!(sustained.messages >= 10_000_000);
    assert!(!Workload::named("append-profile").unwrap().baselines);
}

#[test]
fn the_smoke_run_has_every_measurement() {
    let smoke = Workload::named("smoke").unwrap();
    let toml::Value::Table(table) = toml::Value::try_from(&smoke).unwrap() else { unreachable!() };
    for name in ["append", "visible", "lookup", "next", "opening", "size"] {
        assert!(!table[name].as_array().unwrap().is_empty(), "{name} is empty");
    }
    assert!(
        ["sustained", "busy_lookup", "commit", "catch_up"]
            .iter()
            .all(|name| table.contains_key(*name))
    );
}

#[test]
fn a_workload_of_nothing_or_of_unknown_words_is_refused() {
    let head = "rounds = 1\nid_bytes = 25\npayload_bytes = 0\n";
    assert!(Workload::parse(head).is_ok());
    let none = format!("{head}[[next]]\nmessages = 0\ntake = 1\n");
    assert!(Workload::parse(&none).unwrap_err().to_string().contains("at least 1"));
    assert!(Workload::parse(&format!("{head}round = 1\n")).is_err());
    assert!(Workload::named("unheard-of").unwrap_err().to_string().contains("sustained"));
}
