//! Latencies in microseconds, kept in buckets that are 1.6 % wide at most, so that a million of them cost 15 KiB.

/// Values below this have a bucket each.
const EXACT: u64 = 64;
const SHIFT: u32 = EXACT.trailing_zeros();

/// How often each latency was seen.
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; bucket(u64::from(u32::MAX)) + 1],
            count: 0,
        }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&mut self, microseconds: u64) {
        let last = self.buckets.len() - 1;
        self.buckets[bucket(microseconds).min(last)] += 1;
        self.count += 1;
    }

    /// The latency that so many of a thousand stay below or reach.
    pub fn per_mille(&self, share: u64) -> u64 {
        let wanted = (self.count * share).div_ceil(1000).max(1);
        let mut seen = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return top(at);
            }
        }
        0
    }
}

fn bucket(value: u64) -> usize {
    let octave = value.max(EXACT).ilog2() - SHIFT;
    (u64::from(octave) * EXACT + (value >> octave)) as usize
}

/// The largest value of a bucket.
fn top(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * EXACT {
        return bucket;
    }
    let octave = bucket / EXACT - 1;
    ((bucket - octave * EXACT + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FEATURES N13: a latency told is at most 1.6 % above the one that was seen.
    #[test]
    fn what_is_told_is_close_to_what_was_seen() {
        for seen in [0, 1, 63, 64, 127, 128, 129, 1000, 13_600, 46_001, 5_000_000] {
            let mut histogram = Histogram::default();
            histogram.record(seen);
            let told = histogram.per_mille(500);
            assert!(
                (seen..=seen + seen / 60).contains(&told),
                "{seen} is told as {told}"
            );
        }
    }

    /// FEATURES N13
    #[test]
    fn one_in_a_hundred_is_the_99th_percentile() {
        let mut histogram = Histogram::default();
        (0..99).for_each(|_| histogram.record(10));
        histogram.record(50);
        assert_eq!(
            (
                histogram.per_mille(500),
                histogram.per_mille(990),
                histogram.per_mille(999)
            ),
            (10, 10, 50)
        );
    }
}
