//! The table and the JSON that a bench prints.

use serde::Serialize;

use crate::cli::bench::plan::Tally;

/// One line of the table: the median of the rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was asked.
    pub name: String,
    /// On how many connections.
    pub connections: usize,
    /// Replies a second.
    pub per_second: f64,
    /// Half of the replies came within so many milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 did.
    pub p99_ms: f64,
    /// Processor time of the server a reply, in microseconds.
    pub server_us: f64,
    /// Of the load generator.
    pub client_us: f64,
    /// Bytes written a reply.
    pub written: f64,
    /// Processors that others kept busy meanwhile.
    pub others: f64,
    /// Replies a second in each round.
    pub rounds: Vec<f64>,
}

/// A figure that is no rate.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What.
    pub name: String,
    /// How much, or how long.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
}

/// All that came of a bench.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Rates.
    pub rows: Vec<Row>,
    /// Other figures.
    pub figures: Vec<Figure>,
    /// Resident memory of the server when it was measured last, at its most, in bytes.
    #[serde(skip)]
    pub memory_after: u64,
    /// What was found wrong; a bench with any has failed.
    pub failures: Vec<String>,
}

impl Row {
    /// The round with the median rate; its other figures are its own.
    pub fn median(name: &str, connections: usize, mut rounds: Vec<Tally>) -> Option<Self> {
        let rates: Vec<f64> = rounds.iter().map(rate).collect();
        rounds.sort_by(|one, other| rate(one).total_cmp(&rate(other)));
        let middle = rounds.get(rounds.len() / 2)?;
        let each = |total: u64| total as f64 / middle.replies.max(1) as f64;
        Some(Self {
            name: name.to_owned(),
            connections,
            per_second: rate(middle),
            p50_ms: middle.p50 as f64 / 1000.0,
            p99_ms: middle.p99 as f64 / 1000.0,
            server_us: each(middle.used.server),
            client_us: each(middle.used.client),
            written: each(middle.used.written),
            others: middle.used.others as f64 / 1e6 / middle.seconds.max(f64::EPSILON),
            rounds: rates,
        })
    }
}

fn rate(tally: &Tally) -> f64 {
    tally.replies as f64 / tally.seconds.max(f64::EPSILON)
}

impl Report {
    /// The slowest of the starts (milliseconds until ready) and the largest memory right after one, and what is there anyway.
    pub fn starts(&mut self, starts: &[(f64, u64)]) {
        const MIB: f64 = 1024.0 * 1024.0;
        let slowest = starts.iter().map(|(ready, _)| *ready).fold(0.0, f64::max);
        let largest = starts.iter().map(|(_, memory)| *memory).max().unwrap_or(0);
        self.figure("start to ready", slowest, "ms");
        self.figure("resident memory, idle", largest as f64 / MIB, "MiB");
        self.figure("resident memory, after", self.memory_after as f64 / MIB, "MiB");
        let binary = std::env::current_exe().and_then(std::fs::metadata);
        if let Ok(binary) = binary {
            self.figure("binary", binary.len() as f64 / MIB, "MiB");
        }
    }

    /// How close the figures come to their limits.
    pub fn shares(&mut self) {
        for (name, limit) in [
            ("orders", "bare SQLite"),
            ("orders-random-keys", "bare SQLite, random keys"),
            ("detail, cached", "nothing"),
        ] {
            let rate = |name: &str, connections: usize| {
                self.rows
                    .iter()
                    .find(|row| row.name == name && row.connections == connections)
                    .map(|row| row.per_second)
            };
            let limit_rate = rate(limit, 1).or(rate(limit, 64));
            if let (Some(rate), Some(limit_rate)) = (rate(name, 64), limit_rate) {
                self.figure(&format!("{name} / {limit}"), 100.0 * rate / limit_rate, "%");
            }
        }
    }

    /// Tells a figure.
    pub fn figure(&mut self, name: &str, value: f64, unit: &'static str) {
        self.figures.push(Figure {
            name: name.to_owned(),
            value,
            unit,
        });
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:<28} {:>5} {:>10} {:>9} {:>9} {:>10} {:>10} {:>10} {:>7}  rounds",
            "", "conns", "a second", "p50 ms", "p99 ms", "server µs", "client µs", "written", "others"
        )?;
        for row in &self.rows {
            row.fmt(f)?;
        }
        for figure in &self.figures {
            writeln!(f, "{:<44} {:>8.1} {}", figure.name, figure.value, figure.unit)?;
        }
        for failure in &self.failures {
            writeln!(f, "FAILED {failure}")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounds: Vec<String> = self.rounds.iter().map(|rate| format!("{rate:.0}")).collect();
        writeln!(
            f,
            "{:<28} {:>5} {:>10.0} {:>9.2} {:>9.2} {:>10.1} {:>10.1} {:>10.0} {:>7.2}  {}",
            self.name,
            self.connections,
            self.per_second,
            self.p50_ms,
            self.p99_ms,
            self.server_us,
            self.client_us,
            self.written,
            self.others,
            rounds.join(" ")
        )
    }
}
