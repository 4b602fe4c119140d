//! The figures as a table, each beside the issue's.

use std::fmt::Write;

use super::costs::Costs;
use super::hits::{Delays, Kind};
use crate::bench::daemons::Standby;
use crate::bench::probe::percentile;

/// What one start of a router gave.
#[derive(Debug)]
pub struct Row {
    /// How it stood by.
    pub standby: Standby,
    /// The table's size.
    pub prefixes: usize,
    /// What was done.
    pub kind: Kind,
    /// What it gave.
    pub outcome: Result<Delays, String>,
}

/// The hits' table, in Markdown.
pub fn hits(rows: &[Row]) -> String {
    let mut text = String::from(
        "| standby | routes | hit | hits | p50 ms | p99 ms | max ms | target p50 / p99 | the stream went on, p50 / p99 ms | \
         protected again, max s | longest pause, ms | sessions lost |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for Row { standby, prefixes, kind, outcome } in rows {
        let (name, title) = (standby.name(), kind.title());
        let _ = match outcome {
            Ok(delays) => {
                writeln!(text, "| {name} | {prefixes} | {title} | {} |", cells(*standby, *kind, delays))
            }
            Err(why) => writeln!(text, "| {name} | {prefixes} | {title} | {why} |"),
        };
    }
    text
}

fn cells(standby: Standby, kind: Kind, delays: &Delays) -> String {
    let change = sorted(&delays.change_ms);
    let (p50, p99) = (percentile(&change, 0.5), percentile(&change, 0.99));
    let target = kind.target_ms();
    let mark = |value: f64, limit: f64| {
        let bold = standby == Standby::Hot && value > limit;
        if bold { format!("**{value:.2}**") } else { format!("{value:.2}") }
    };
    let target_text = match standby {
        Standby::Hot => format!("{} / {}", target.0, target.1),
        Standby::Warm | Standby::Cold | Standby::None => "none".into(),
    };
    let stream = sorted(&delays.stream_ms);
    let stream_text = match stream.len() {
        0 => "".into(),
        _ => format!("{:.2} / {:.2}", percentile(&stream, 0.5), percentile(&stream, 0.99)),
    };
    format!(
        "{} | {} | {} | {:.2} | {target_text} | {stream_text} | {:.2} | {:.1} | {}",
        change.len(),
        mark(p50, target.0),
        mark(p99, target.1),
        percentile(&change, 1.0),
        percentile(&sorted(&delays.protected_s), 1.0),
        percentile(&sorted(&delays.pause_ms), 1.0),
        delays.lost
    )
}

/// A figure to reach.
struct Figure {
    title: &'static str,
    unit: &'static str,
    value: f64,
    /// The value must not be above it.
    target: f64,
}

/// The figures to reach, each beside what was measured with a hot twin and the full table; what was not measured is
/// left out. `costs` are hot and none.
pub fn figures(prefixes: usize, rows: &[Row], costs: (&[Costs], &[Costs])) -> String {
    let mut text = format!("| hot, {prefixes} routes | measured | target | |\n|---|---|---|---|\n");
    for Figure { title, unit, value, target } in of_hits(prefixes, rows).into_iter().chain(of_costs(costs)) {
        let verdict = if value <= target { "reached" } else { "**missed**" };
        let _ = writeln!(text, "| {title} | {value:.2} {unit} | <= {target} {unit} | {verdict} |");
    }
    text
}

fn of_hits(prefixes: usize, rows: &[Row]) -> Vec<Figure> {
    let full = rows.iter().filter(|row| row.standby == Standby::Hot && row.prefixes == prefixes);
    let full: Vec<(Kind, &Delays)> =
        full.filter_map(|row| row.outcome.as_ref().ok().map(|delays| (row.kind, delays))).collect();
    let mut figures = Vec::new();
    let titles = [
        (Kind::Idle, "kill(2) to the first new octet, idle, p50", "the same, p99"),
        (Kind::Loading, "kill(2) to the first new octet, during a load, p50", "the same, p99"),
        (Kind::InsideAnEntry, "crash inside an entry, p50", "the same, p99"),
        (Kind::Hang, "hang, p50", "the same, p99"),
    ];
    for (kind, p50, p99) in titles {
        let Some((_, delays)) = full.iter().find(|(of, _)| *of == kind) else { continue };
        let change = sorted(&delays.change_ms);
        let (half, most) = kind.target_ms();
        figures.push(Figure { title: p50, unit: "ms", value: percentile(&change, 0.5), target: half });
        figures.push(Figure { title: p99, unit: "ms", value: percentile(&change, 0.99), target: most });
    }
    // A hang's own time and a load's are no part of these two.
    let calm = || full.iter().filter(|(kind, _)| matches!(kind, Kind::Idle | Kind::InsideAnEntry));
    let worst =
        |of: fn(&Delays) -> &[f64]| calm().flat_map(|(_, delays)| of(delays)).copied().reduce(f64::max);
    let twin = worst(|delays| &delays.protected_s);
    figures.extend(twin.map(|value| Figure { title: "a new twin in step", unit: "s", value, target: 5.0 }));
    let pause = worst(|delays| &delays.pause_ms);
    let title = "the primary's longest pause";
    figures.extend(pause.map(|value| Figure { title, unit: "ms", value, target: 20.0 }));
    if !full.is_empty() {
        let value = full.iter().map(|(_, delays)| delays.lost as f64).sum();
        figures.push(Figure { title: "sessions lost", unit: "", value, target: 0.0 });
    }
    figures
}

fn of_costs((hot, alone): (&[Costs], &[Costs])) -> Vec<Figure> {
    if hot.is_empty() || alone.is_empty() {
        return Vec::new();
    }
    let cpu = |costs: &[Costs]| median(costs, |one| one.primary_cpu_s);
    let pair = median(hot, |one| one.primary_mb + one.twin_mb) / median(alone, |one| one.primary_mb);
    let cpu = cpu(hot) / cpu(alone);
    let title = "the primary's CPU over a load, hot against none";
    vec![
        Figure { title, unit: "", value: cpu, target: 1.05 },
        Figure { title: "memory of the pair against one", unit: "", value: pair, target: 2.1 },
    ]
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The middle value of a figure.
fn median(costs: &[Costs], figure: impl Fn(&Costs) -> f64) -> f64 {
    percentile(&sorted(&costs.iter().map(figure).collect::<Vec<_>>()), 0.5)
}

/// The costs' table, in Markdown: medians of alternated runs.
pub fn costs(prefixes: usize, hot: &[Costs], alone: &[Costs]) -> String {
    let mut text = format!("| a load of {prefixes} | hot | none | ratio | target |\n|---|---|---|---|---|\n");
    let mut row = |title: &str, of_hot: f64, of_alone: f64, target: &str| {
        let ratio = of_hot / of_alone;
        let _ = writeln!(text, "| {title} | {of_hot:.3} | {of_alone:.3} | {ratio:.3} | {target} |");
    };
    let primary = |costs: &[Costs]| median(costs, |one| one.primary_cpu_s);
    let wall = |costs: &[Costs]| median(costs, |one| one.wall_s);
    row("the primary's CPU, s", primary(hot), primary(alone), "<= 1.05");
    row("wall, s", wall(hot), wall(alone), "");
    let pair = median(hot, |one| one.primary_mb + one.twin_mb);
    row("memory of the pair without the ring, MB", pair, median(alone, |one| one.primary_mb), "<= 2.1");
    let twin = median(hot, |one| one.twin_cpu_s);
    let _ = writeln!(text, "| the twin's CPU, s | {twin:.3} | | | |");
    text
}
