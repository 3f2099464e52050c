use super::{Panel, Summary};

#[test]
fn samples_are_summed_up_by_series_and_step() {
    let mut panel = Panel::new("title", "keys");
    for sample in [5.04, 1.0, 3.0, 2.0, 4.0] {
        panel.note("one", 10, sample);
    }
    panel.note("other", 2, 7.0);
    panel.note("one", 1, 9.0);
    assert_eq!(panel.steps(), [1, 2, 10]);
    let names: Vec<&str> = panel.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["one", "other"]);
    let expected = Summary {
        x: 10,
        samples: 5,
        min_us: 1.0,
        quarter_us: 2.0,
        median_us: 3.0,
        three_quarters_us: 4.0,
        max_us: 5.0,
    };
    assert_eq!(panel.series[0].at(10), Some(expected));
    assert_eq!(panel.series[0].summaries().len(), 2);
    assert_eq!(panel.series[1].at(10), None);
}

#[test]
fn a_chart_as_data_holds_summaries_and_no_samples() {
    let mut panel = Panel::new("title", "keys");
    panel.note("one", 0, 2.0);
    let data = serde_json::to_value(&panel).unwrap();
    assert_eq!(data["series"][0]["points"][0]["median_us"], 2.0);
    assert_eq!(data["series"][0].get("samples"), None);
}
