//! Choices that are the same at each seeding (SplitMix64 from one seed).

/// A row of numbers that looks like chance.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new() -> Self {
        Self(0x004D_6172_6C70_6974)
    }

    /// A number from 0 up to, not including, `sides`.
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let sides = u64::try_from(sides.max(1)).unwrap_or(1);
        usize::try_from((x ^ (x >> 31)) % sides).unwrap_or(0)
    }

    /// Milliseconds from `least` to `most`.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = usize::try_from(most - least).unwrap_or(1);
        least + i64::try_from(self.roll(span)).unwrap_or(0)
    }
}
