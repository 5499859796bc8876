//! The limit beside the figures: the statements of an order on bare SQLite.

use std::path::Path;

use crate::cli::bench::machine::Reading;
use crate::cli::bench::plan::Keys;
use crate::cli::bench::plan::Tally;
use crate::cli::bench::prepare;
use crate::cli::bench::requests::Dice;
use crate::clock::Stopwatch;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::error::Result;
use crate::store::bench::Bare;
use crate::store::bench::Draw;

/// Writes orders on one connection, in batches of 32.
pub fn bare(dir: &Path, seconds: f64, keys: Keys, users: &[UserId], seed: u64) -> Result<Tally> {
    let bare = Bare::open(dir)?;
    let mut dice = Dice::new(1_000 + seed);
    let mut draw = || Draw {
        user: users[dice.upto(users.len() as i64) as usize - 1],
        lines: std::array::from_fn(|_| (VariantId(dice.upto(prepare::PRODUCTS)), dice.upto(3))),
        key: match keys {
            Keys::InTime => uuid::Uuid::now_v7().into_bytes(),
            Keys::Random => uuid::Uuid::new_v4().into_bytes(),
        },
    };
    bare.run(1.0, &mut draw)?;
    let before = Reading::alone();
    let watch = Stopwatch::start();
    let replies = bare.run(seconds, &mut draw)?;
    Ok(Tally {
        replies,
        seconds: watch.seconds(),
        used: Reading::alone().since(before),
        ..Tally::default()
    })
}
