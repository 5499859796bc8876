//! Going along the whole chain: every row is what was noted, or has lost a part by the shop's own hand; and forgetting what
//! is over, up to an anchor.

use crate::domain::actor::Actor;
use crate::domain::audit::Broken;
use crate::domain::audit::Head;
use crate::domain::audit::Redacted;
use crate::domain::audit::Verdict;
use crate::domain::id::AuditId;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit::digest;
use crate::shop::audit::redact;
use crate::store;
use crate::store::audit::Chained;

/// One job sweeps so many rows at most.
const MOST_SWEPT: i64 = 500;

/// Goes along the whole chain and stops at the first row that is wrong. `noted` is an end of it that was written down
/// elsewhere, because a tail that was cut off leaves a good chain; `progress` hears of every row, and says whether to go
/// on: fails with `Timeout` where it does not.
pub fn verify(
    db: &Snapshot,
    by: &Actor,
    key: &[u8; 32],
    noted: Option<Head>,
    progress: impl FnMut(u64) -> bool,
) -> Result<Verdict> {
    by.require(Permission::AuditRead)?;
    let first = store::audit::first(db)?;
    let (start, cut) = beginning(db, key, first)?;
    let mut walk = Walk {
        key,
        noted,
        verdict: Verdict {
            rows: 0,
            head: start,
            broken: cut,
            redacted: Vec::new(),
        },
    };
    if walk.verdict.broken.is_none() {
        walk.through(db, progress)?;
        walk.hold_against_noted();
    }
    for redacted in &mut walk.verdict.redacted {
        redact::explain(db, redacted)?;
    }
    Ok(walk.verdict)
}

/// How many rows the chain has.
pub fn length(db: &Snapshot, by: &Actor) -> Result<i64> {
    by.require(Permission::AuditRead)?;
    let first = store::audit::first(db)?;
    let head = store::audit::head(db)?.0;
    Ok(match first.0 {
        0 => 0,
        first => head.0 - first + 1,
    })
}

/// Where the chain begins: before row 1, or at the anchor that a sweep left.
fn beginning(db: &Snapshot, key: &[u8; 32], first: AuditId) -> Result<(Head, Option<Broken>)> {
    let nothing = Head {
        id: AuditId(0),
        mac: [0; 32],
    };
    if matches!(first.0, 0 | 1) {
        return Ok((nothing, None));
    }
    let upto = AuditId(first.0 - 1);
    let mac = store::audit::anchor(db, upto)?.and_then(|anchor| read_anchor(key, upto, &anchor));
    Ok(match mac {
        Some(mac) => (Head { id: upto, mac }, None),
        None => (nothing, Some(broken(1, "it is missing"))),
    })
}

/// The last row that one job may sweep of what was written before a moment: never the newest, and nothing that does not
/// prove itself, because that would be swept with its traces.
pub(in crate::shop) fn over(db: &Snapshot, key: &[u8; 32], before: Timestamp) -> Result<Option<AuditId>> {
    let first = store::audit::first(db)?;
    let last = (store::audit::first_at(db, before)?.0 - 1).min(store::audit::head(db)?.0.0 - 1);
    let upto = AuditId(last.min(first.0 + MOST_SWEPT - 1));
    if first.0 == 0 || upto < first {
        return Ok(None);
    }
    let (start, cut) = beginning(db, key, first)?;
    let mut walk = Walk {
        key,
        noted: None,
        verdict: Verdict {
            rows: 0,
            head: start,
            broken: cut,
            redacted: Vec::new(),
        },
    };
    let most = usize::try_from(upto.0 - start.id.0).unwrap_or(0);
    store::audit::walk(db, start.id, most, |row| {
        walk.see(row);
        walk.verdict.broken.is_none()
    })?;
    Ok(walk.verdict.broken.is_none().then_some(upto))
}

/// Forgets some of what was written before a moment. An anchor, made with the chain's key, keeps the end of what goes, so
/// that what stays is chained to it.
pub(in crate::shop) fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    let Some(upto) = over(tx, tx.chain_key(), before)? else {
        return Ok(());
    };
    let mac = store::audit::mac(tx, upto)?;
    store::audit::sweep(tx, upto, &[mac, proof(tx.chain_key(), upto, &mac)].concat())
}

/// What shows that an anchor is ours.
fn proof(key: &[u8; 32], upto: AuditId, mac: &[u8]) -> [u8; 32] {
    secret::mac(key, &[b"anchor", &upto.0.to_be_bytes(), mac])
}

/// The MAC that an anchor keeps of the last row before it, if the anchor is ours.
fn read_anchor(key: &[u8; 32], upto: AuditId, anchor: &[u8]) -> Option<[u8; 32]> {
    let (mac, shown) = anchor.split_at_checked(32)?;
    match secret::same(shown, &proof(key, upto, mac)) {
        true => mac.try_into().ok(),
        false => None,
    }
}

const fn broken(id: i64, what: &'static str) -> Broken {
    Broken {
        id: AuditId(id),
        what,
    }
}

struct Walk<'a> {
    key: &'a [u8; 32],
    noted: Option<Head>,
    verdict: Verdict,
}

impl Walk<'_> {
    fn through(&mut self, db: &Snapshot, mut progress: impl FnMut(u64) -> bool) -> Result<()> {
        let mut goes_on = true;
        store::audit::walk(db, AuditId(i64::MIN), usize::MAX >> 1, |row| {
            self.see(row);
            goes_on = progress(self.verdict.rows);
            goes_on && self.verdict.broken.is_none()
        })?;
        match goes_on {
            true => Ok(()),
            false => Err(Error::Timeout),
        }
    }

    fn see(&mut self, row: &Chained<'_>) {
        let columns = &row.columns;
        let due = self.verdict.head.id.0 + 1;
        let found = digest(columns);
        // What the shop itself has taken away is not there to be hashed: the chain goes on from what was noted.
        let is_ours = redact::is_ours(self.key, row, &found);
        let mac = secret::mac(self.key, &[&self.verdict.head.mac, row.digest]);
        let what = if columns.id != due {
            "it is missing"
        } else if columns.event.is_some() != columns.told.is_some() {
            "its event is missing"
        } else if row.digest != found && !is_ours {
            "it, or its event, is not what was noted"
        } else if row.mac != mac {
            "it was not chained by this shop to the row before it"
        } else if self
            .noted
            .is_some_and(|noted| noted.id.0 == due && noted.mac != mac)
        {
            "it is not the row whose head was noted elsewhere"
        } else {
            self.verdict.rows += 1;
            self.verdict.head = Head {
                id: AuditId(due),
                mac,
            };
            if let Some((told_by, _)) = row.redaction.filter(|_| is_ours) {
                self.count_redacted(AuditId(told_by), AuditId(due));
            }
            return;
        };
        self.verdict.broken = Some(broken(due, what));
    }

    fn count_redacted(&mut self, told_by: AuditId, id: AuditId) {
        let mut known = self.verdict.redacted.iter_mut();
        match known.find(|redacted| redacted.told_by == told_by) {
            Some(redacted) => {
                redacted.rows += 1;
                redacted.last = id;
            }
            None => self.verdict.redacted.push(Redacted {
                told_by,
                rows: 1,
                first: id,
                last: id,
                at: None,
                by: None,
                why: None,
            }),
        }
    }

    /// What was noted elsewhere must still be there.
    fn hold_against_noted(&mut self) {
        let last = self.verdict.head.id;
        if self.verdict.broken.is_none() && self.noted.is_some_and(|noted| noted.id > last) {
            self.verdict.broken = Some(broken(last.0 + 1, "it is missing: the tail was cut off"));
        }
    }
}
