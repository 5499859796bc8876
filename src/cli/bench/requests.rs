//! The bytes of requests: made outside the time of anybody but the load generator, with as little of that as can be.

use std::io::Write;

use crate::cli::bench::plan::Keys;
use crate::cli::bench::plan::Load;
use crate::error::Error;
use crate::error::Result;

/// A small generator of numbers that look random (SplitMix64); a run may be repeated with the same ones.
pub struct Dice(u64);

impl Dice {
    /// Dice of their own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// The next number of 1 to `most`.
    pub fn upto(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed % most.max(1).unsigned_abs()) as i64 + 1
    }
}

/// What a request asks for, for the count afterwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// The status of a good reply.
    pub hoped: u16,
    /// Lines of an order; 0 if it is none.
    pub lines: i64,
    /// Pieces on them.
    pub pieces: i64,
}

/// Makes the requests of one connection.
pub struct Maker {
    load: Load,
    dice: Dice,
    body: Vec<u8>,
}

impl Maker {
    /// For connection number `seed` of a run.
    pub fn new(load: &Load, seed: u64) -> Self {
        Self {
            load: load.clone(),
            dice: Dice::new(seed),
            body: Vec::with_capacity(1024),
        }
    }

    /// Writes the next request of the bearer of `token` to `request`; nothing when there are no more.
    pub fn next(&mut self, token: &str, request: &mut Vec<u8>) -> Result<Option<Asked>> {
        request.clear();
        match self.load {
            Load::Orders { variants, keys } => self.order(token, variants, keys, request).map(Some),
        }
        .map_err(|cause| Error::Internal(cause.into()))
    }

    fn order(
        &mut self,
        token: &str,
        variants: i64,
        keys: Keys,
        request: &mut Vec<u8>,
    ) -> std::io::Result<Asked> {
        const LINES: i64 = 3;
        let mut pieces = 0;
        self.body.clear();
        self.body.extend_from_slice(b"{\"items\":[");
        for line in 0..LINES {
            let quantity = self.dice.upto(3);
            pieces += quantity;
            if line > 0 {
                self.body.push(b',');
            }
            let variant = self.dice.upto(variants);
            write!(self.body, "{{\"variant_id\":{variant},\"quantity\":{quantity}}}")?;
        }
        self.body.extend_from_slice(
            b"],\"shipping_address\":{\"name\":\"Ada Lovelace\",\"line1\":\"12 St James's Square\",\
              \"city\":\"London\",\"postcode\":\"SW1Y 4JH\",\"country\":\"GB\",\"phone\":\"+442071234567\"},\
              \"note\":\"Leave it at the door, please.\"}",
        );
        let key = match keys {
            Keys::InTime => uuid::Uuid::now_v7(),
            Keys::Random => uuid::Uuid::new_v4(),
        };
        write!(
            request,
            "POST /api/v1/orders HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {}\r\n\r\n",
            self.body.len()
        )?;
        request.extend_from_slice(&self.body);
        Ok(Asked {
            hoped: 201,
            lines: LINES,
            pieces,
        })
    }
}
