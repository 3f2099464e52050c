//! Draws a chart as SVG, both axes logarithmic.

use plotters::coord::Shift;
use plotters::coord::combinators::{BindKeyPoints, IntoLogRange};
use plotters::prelude::*;

use crate::Outcome;
use crate::chart::{Chart, Panel, Summary};

const PANEL_SIZE: (u32, u32) = (760, 460);
const TITLE_FONT: (&str, u32) = ("sans-serif", 18);
const FONT: (&str, u32) = ("sans-serif", 14);
/// Title and legend, above the curves so that they hide none.
const HEAD_HEIGHT: i32 = 80;
const HEAD_LEFT: i32 = 88;
const LEGEND_COLUMNS: i32 = 2;
const LEGEND_CELL: (i32, i32) = (300, 20);
const LEGEND_LINE: i32 = 22;
/// Told apart by people who see few colours (Okabe and Ito).
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(150, 80, 140)];
/// Where nothing is drawn: a logarithmic axis has no zero.
const ZERO_AT: f64 = 0.3;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The picture of a chart: its panels below each other.
///
/// # Errors
/// Where a panel has no curve.
pub(crate) fn draw(chart: &Chart) -> Outcome<String> {
    let (width, height) = PANEL_SIZE;
    let count = chart.panels.len();
    let mut svg = String::new();
    {
        let size = (width, height * u32::try_from(count)?);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        for (panel, part) in chart.panels.iter().zip(area.split_evenly((count, 1))) {
            draw_panel(panel, &part)?;
        }
        area.present()?;
    }
    Ok(svg)
}

fn draw_panel(panel: &Panel, area: &Area<'_>) -> Outcome<()> {
    let steps: Vec<f64> = panel.steps().into_iter().map(place).collect();
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        return Err(format!("nothing was measured: {}, by {}", panel.title, panel.x).into());
    };
    let summaries = || panel.series.iter().flat_map(|series| series.summaries());
    let least = summaries().map(|it| it.quarter_us).fold(f64::MAX, f64::min).max(0.1);
    let most = summaries().map(|it| it.three_quarters_us).fold(least, f64::max);
    let (bottom, top) = (10f64.powf(least.log10().floor()), 10f64.powf(most.log10().ceil()));
    let decades = |exponent: i32| 10f64.powi(exponent);
    let ticks = (bottom.log10().round() as i32..=top.log10().round() as i32).map(decades).collect();
    let (head, body) = area.split_vertically(HEAD_HEIGHT);
    draw_head(panel, &head)?;
    let mut chart = ChartBuilder::on(&body)
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(76)
        .build_cartesian_2d(
            (first / 1.25..last * 1.25).log_scale().with_key_points(steps.clone()),
            (bottom..top).log_scale().with_key_points(ticks),
        )?;
    chart
        .configure_mesh()
        .label_style(FONT)
        .axis_desc_style(FONT)
        .x_desc(panel.x)
        .y_desc("time")
        .x_label_formatter(&|x| step(*x))
        .y_label_formatter(&|us| tick(*us))
        .draw()?;
    for (series, colour) in panel.series.iter().zip(COLOURS.iter().cycle()) {
        let points = series.summaries();
        let line = points.iter().map(|it| (place(it.x), it.median_us));
        chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|it| bar(it, colour)))?;
        chart.draw_series(
            points.iter().map(|it| Circle::new((place(it.x), it.median_us), 3, colour.filled())),
        )?;
    }
    Ok(())
}

fn draw_head(panel: &Panel, area: &Area<'_>) -> Outcome<()> {
    area.draw(&Text::new(panel.title, (HEAD_LEFT, 12), TITLE_FONT))?;
    for ((number, series), colour) in (0..).zip(&panel.series).zip(COLOURS.iter().cycle()) {
        let (width, height) = LEGEND_CELL;
        let x = HEAD_LEFT + number % LEGEND_COLUMNS * width;
        let y = HEAD_HEIGHT / 2 + number / LEGEND_COLUMNS * height;
        let line = [(x, y + height / 2), (x + LEGEND_LINE, y + height / 2)];
        area.draw(&PathElement::new(line, colour.stroke_width(2)))?;
        area.draw(&Text::new(series.name.as_str(), (x + LEGEND_LINE + 6, y + 3), FONT))?;
    }
    Ok(())
}

/// From the first to the third quarter of the samples.
fn bar(summary: &Summary, colour: &RGBColor) -> PathElement<(f64, f64)> {
    let x = place(summary.x);
    let ends = [(x, summary.quarter_us), (x, summary.three_quarters_us)];
    PathElement::new(ends, colour.mix(0.6).stroke_width(1))
}

fn place(x: u64) -> f64 {
    if x == 0 { ZERO_AT } else { x as f64 }
}

fn step(x: f64) -> String {
    let mut digits = format!("{:.0}", if x == ZERO_AT { 0.0 } else { x });
    if digits.len() > 3 {
        digits.insert(digits.len() - 3, ',');
    }
    digits
}

fn tick(us: f64) -> String {
    let (value, unit) = match us {
        us if us >= 1e6 => (us / 1e6, "s"),
        us if us >= 1e3 => (us / 1e3, "ms"),
        us => (us, "us"),
    };
    format!("{value} {unit}")
}

#[cfg(test)]
mod tests;
