//! The curves of `growth.rs` as a picture: one panel for each curve and unit, a line for each thing measured,
//! both axes beginning where the figures do; the one across is logarithmic.

use plotters::prelude::*;

use crate::{Result, report::Point};

const PANEL: (u32, u32) = (620, 340);
const ACROSS: usize = 2;

pub fn svg(points: &[Point]) -> Result<String> {
    let mut panels: Vec<(&str, &str)> = points
        .iter()
        .map(|point| (point.curve, point.unit))
        .collect();
    panels.sort_unstable();
    panels.dedup();
    let rows = panels.len().div_ceil(ACROSS);
    let size = (
        PANEL.0 * u32::try_from(ACROSS)?,
        PANEL.1 * u32::try_from(rows.max(1))?,
    );
    let mut out = String::new();
    {
        let root = SVGBackend::with_string(&mut out, size).into_drawing_area();
        root.fill(&WHITE)?;
        for (area, (curve, unit)) in root.split_evenly((rows.max(1), ACROSS)).iter().zip(&panels) {
            let shown: Vec<&Point> = points
                .iter()
                .filter(|point| point.curve == *curve && point.unit == *unit)
                .collect();
            panel(area, curve, unit, &shown)?;
        }
        root.present()?;
    }
    Ok(out)
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    curve: &str,
    unit: &str,
    points: &[&Point],
) -> Result<()> {
    let most = points.iter().map(|point| point.figure).fold(0.0, f64::max) * 1.3;
    let last = points.iter().map(|point| point.at).fold(1.0, f64::max) * 1.2;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{unit}, by {curve}"), ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(64)
        .build_cartesian_2d((0.9..last).log_scale(), 0.0..most.max(0.001))?;
    chart.configure_mesh().light_line_style(WHITE).draw()?;
    let mut names: Vec<(&str, &str)> = points
        .iter()
        .map(|point| (point.database, &*point.what))
        .collect();
    names.sort_unstable();
    names.dedup();
    for (nth, (database, what)) in names.into_iter().enumerate() {
        let line: Vec<(f64, f64)> = points
            .iter()
            .filter(|point| (point.database, &*point.what) == (database, what))
            .map(|point| (point.at, point.figure))
            .collect();
        let color = Palette99::pick(nth).to_rgba();
        chart
            .draw_series(LineSeries::new(line.clone(), color.stroke_width(2)))?
            .label(format!("{database}: {what}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
        chart.draw_series(
            line.into_iter()
                .map(|at| Circle::new(at, 3, color.filled())),
        )?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}
