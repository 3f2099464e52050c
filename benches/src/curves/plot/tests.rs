use super::{draw, step, tick};
use crate::chart::{Chart, Panel};

fn panel(title: &'static str) -> Panel {
    let mut panel = Panel::new(title, "new keys");
    for (x, sample) in [(0, 30.0), (10, 40.0), (1_000, 2_000.0)] {
        panel.note("one", x, sample);
        panel.note("other", x, sample * 2.0);
    }
    panel
}

#[test]
fn a_plot_has_its_titles_labels_curves_and_a_mark_for_each_point() {
    let svg = draw(&Chart::new("chart", vec![panel("above"), panel("below")])).unwrap();
    for text in ["above", "below", "new keys", "time", "one", "other", "1,000", "10 ms", "10 us"] {
        assert!(svg.lines().any(|line| line.trim() == text), "no text `{text}` in\n{svg}");
    }
    assert_eq!(svg.matches("<circle").count(), 12);
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn a_chart_without_a_curve_is_refused() {
    let error = draw(&Chart::new("chart", vec![Panel::new("above", "new keys")])).unwrap_err();
    assert_eq!(error.to_string(), "nothing was measured: above, by new keys");
}

#[test]
fn labels_have_units_and_zero_has_a_place() {
    assert_eq!([0.1, 100.0, 1e3, 1e6].map(tick), ["0.1 us", "100 us", "1 ms", "1 s"]);
    assert_eq!([super::place(0), 50.0, 100_000.0].map(step), ["0", "50", "100,000"]);
}
