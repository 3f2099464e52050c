use super::*;

#[test]
fn a_partition_is_told_as_an_object_with_all_that_words_say() {
    let report = PartitionReport {
        topic: "orders".to_owned(),
        partition: 3,
        log_start: 4,
        log_end: 1 << 60,
        settled: 9,
        compared_count: 5,
        problems: vec!["broken".to_owned()],
        problem_count: 2,
        ..PartitionReport::default()
    };
    let object = object("data", &report);
    assert_eq!(object["type"], "partition");
    assert_eq!((&object["topic"], &object["partition"]), (&json!("orders"), &json!(3)));
    assert_eq!((&object["log_start"], &object["settled"]), (&json!("4"), &json!("9")));
    assert_eq!(object["log_end"], "1152921504606846976");
    assert_eq!((&object["compared_count"], &object["problem_count"]), (&json!(5), &json!(2)));
    assert_eq!((&object["problems"], &object["torn"]), (&json!(["broken"]), &json!([])));
    let words = words(&report);
    assert!(words.contains("PROBLEM: broken") && words.contains("and 1 more"), "{words}");
}
