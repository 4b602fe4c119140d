//! The result as a table for people and as JSON for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::cases::{Case, Figures, Outcome};
use super::daemons::Kind;

/// All outcomes of a benchmark: one for each run of a case with a router.
pub type Outcomes = BTreeMap<(Case, Kind), Vec<Outcome>>;

/// The machine, in lines.
pub fn machine() -> Vec<(&'static str, String)> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, |count| count.get());
    let model = read("/proc/cpuinfo").lines().find_map(|line| {
        Some(line.strip_prefix("model name")?.trim_start_matches([' ', '\t', ':']).to_owned())
    });
    let memory_kib: f64 = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0.0);
    vec![
        ("cores", cores.to_string()),
        ("processor", model.unwrap_or_else(|| "unknown".into())),
        ("memory", format!("{:.0} GiB", memory_kib / 1024.0 / 1024.0)),
        ("kernel", read("/proc/sys/kernel/osrelease").trim().to_owned()),
        ("date", date(std::time::SystemTime::now())),
    ]
}

/// The day of a moment in UTC, as YYYY-MM-DD (the civil calendar from a count of days).
fn date(moment: std::time::SystemTime) -> String {
    let seconds = moment.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The medians of several runs; the last failure if none succeeded.
pub fn median(outcomes: &[Outcome]) -> Outcome {
    let good: Vec<&Figures> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    let Some(first) = good.first() else {
        return outcomes.last().cloned().unwrap_or_else(|| Err("not run".into()));
    };
    let middle = |name: &&'static str| {
        let mut values: Vec<f64> = good.iter().filter_map(|figures| figures.get(name).copied()).collect();
        values.sort_by(f64::total_cmp);
        let (below, above) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        (*name, (below + above) / 2.0)
    };
    Ok(first.keys().map(middle).collect())
}

/// The title of a case's row.
fn title(case: Case) -> &'static str {
    match case {
        Case::Load1 => "1 sender x 1,000,000 -> 1 receiver: load s / CPU s / RSS MB",
        Case::Load2 => "2 senders x the same 1,000,000 -> 1",
        Case::Load10 => "10 senders x the same 100,000 -> 10",
        Case::Load100 => "100 senders x the same 5,000 -> 100",
        Case::Withdraw => "withdraw of one sender's million: s / CPU s",
        Case::Attributes => "new attributes for 10 %: s / CPU s",
        Case::ChangeIdle => "one route's change, idle: p50 / p99 ms",
        Case::ChangeLoading => "the same while a million loads: p50 / p99 ms / silence s",
        Case::Kernel => {
            "1,000,000 over 10 next hops into the kernel: s / CPU s / RSS MB / meanwhile one route's change, p50 / p99 ms"
        }
    }
}

/// The figures that a case's cell shows.
fn shown(case: Case) -> &'static [&'static str] {
    match case {
        Case::Load1 | Case::Load2 | Case::Load10 | Case::Load100 => &["wall_s", "cpu_s", "rss_mb"],
        Case::Withdraw | Case::Attributes => &["wall_s", "cpu_s"],
        Case::ChangeIdle => &["p50_ms", "p99_ms"],
        Case::ChangeLoading => &["p50_ms", "p99_ms", "silence_s"],
        Case::Kernel => &["wall_s", "cpu_s", "rss_mb", "p50_ms", "p99_ms"],
    }
}

/// Three digits that matter.
fn number(value: f64) -> String {
    match value {
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A cell: figures, or in short why not.
fn cell(case: Case, outcome: &Outcome) -> String {
    match outcome {
        Ok(figures) => {
            let values =
                shown(case).iter().map(|name| number(figures.get(name).copied().unwrap_or(f64::NAN)));
            values.collect::<Vec<_>>().join(" / ")
        }
        Err(why) if why.starts_with("over ") => why.clone(),
        Err(_) => "failed".into(),
    }
}

/// `ours` over `theirs`, figure by figure.
fn ratio(case: Case, ours: &Outcome, theirs: &Outcome) -> String {
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return "-".into() };
    let quotient = |name| Some(number(ours.get(name)? / theirs.get(name)?));
    let quotients: Vec<String> =
        shown(case).iter().map(|name| quotient(name).unwrap_or_else(|| "-".into())).collect();
    quotients.join(" / ")
}

/// The table in Markdown, a column a router, the ratio of this project's to BIRD last; failures in full below.
pub fn table(kinds: &[Kind], outcomes: &Outcomes) -> String {
    let with_ratio = kinds.contains(&Kind::Ftbgpd) && kinds.contains(&Kind::Bird);
    let mut header = vec!["case".to_owned()];
    header.extend(kinds.iter().map(|kind| kind.name().to_owned()));
    if with_ratio {
        header.push("ftbgpd : bird".into());
    }
    let rule = vec!["---".to_owned(); header.len()];
    let mut rows = vec![header, rule];
    let mut failures = String::new();
    for case in Case::ALL {
        let medians: Vec<Option<Outcome>> =
            kinds.iter().map(|&kind| outcomes.get(&(case, kind)).map(|all| median(all))).collect();
        if medians.iter().all(Option::is_none) {
            continue;
        }
        let mut row = vec![title(case).to_owned()];
        for (kind, outcome) in kinds.iter().zip(&medians) {
            row.push(outcome.as_ref().map_or_else(String::new, |outcome| cell(case, outcome)));
            if let Some(Err(why)) = outcome {
                let _ = writeln!(failures, "{case:?} with {}: {why}", kind.name());
            }
        }
        if with_ratio {
            let of = |wanted| {
                let at = kinds.iter().position(|&kind| kind == wanted)?;
                medians[at].as_ref()
            };
            row.push(match (of(Kind::Ftbgpd), of(Kind::Bird)) {
                (Some(ours), Some(theirs)) => ratio(case, ours, theirs),
                _ => "-".into(),
            });
        }
        rows.push(row);
    }
    let mut text = aligned(&rows);
    if !failures.is_empty() {
        let _ = write!(text, "\n{failures}");
    }
    text
}

/// Markdown rows with columns of equal width.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let _ = write!(text, "| {cell:<width$} ", width = width(column));
        }
        text += "|\n";
    }
    text
}

/// Everything: every run and the medians.
pub fn json(
    versions: &BTreeMap<Kind, String>,
    table_digests: &BTreeMap<String, String>,
    scale: f64,
    outcomes: &Outcomes,
) -> Value {
    let outcome = |outcome: &Outcome| match outcome {
        Ok(figures) => json!(figures),
        Err(why) => json!({ "failed": why }),
    };
    let mut cases = serde_json::Map::new();
    for (&(case, kind), runs) in outcomes {
        let of_case = cases.entry(format!("{case:?}")).or_insert_with(|| json!({}));
        of_case[kind.name()] = json!({
            "median": outcome(&median(runs)),
            "runs": runs.iter().map(outcome).collect::<Vec<_>>(),
        });
    }
    let machine: serde_json::Map<String, Value> =
        machine().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let versions: serde_json::Map<String, Value> =
        versions.iter().map(|(kind, version)| (kind.name().to_owned(), json!(version))).collect();
    json!({
        "machine": machine, "versions": versions, "scale": scale, "tableDigests": table_digests, "cases": cases
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn days_become_dates() {
        assert_eq!(date(UNIX_EPOCH), "1970-01-01");
        assert_eq!(date(UNIX_EPOCH + Duration::from_secs(951_782_400)), "2000-02-29");
        assert_eq!(date(UNIX_EPOCH + Duration::from_secs(1_798_675_200)), "2026-12-31");
    }

    #[test]
    fn the_table_shows_medians_ratios_and_failures() {
        let load = |wall: f64| Ok(Figures::from([("wall_s", wall), ("cpu_s", 1.0), ("rss_mb", 150.0)]));
        let mut outcomes = Outcomes::new();
        outcomes.insert((Case::Load1, Kind::Ftbgpd), vec![load(1.0), load(9.0), load(2.0)]);
        outcomes.insert((Case::Load1, Kind::Bird), vec![load(4.0)]);
        outcomes.insert((Case::Load1, Kind::Gobgp), vec![Err("over 300s".into())]);
        let text = table(&[Kind::Ftbgpd, Kind::Bird, Kind::Gobgp], &outcomes);
        let row = text.lines().nth(2).unwrap();
        assert!(row.contains("| 2.00 / 1.00 / 150 "), "{row}");
        assert!(row.contains("| 0.50 / 1.00 / 1.00 "), "{row}");
        assert!(row.contains("| over 300s "), "{row}");
    }
}
