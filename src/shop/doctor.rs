//! The doctor: every claim that must hold of the whole file, one after the other, and what breaks it.

use crate::domain::actor::Actor;
use crate::domain::check::Checked;
use crate::domain::check::Finding;
use crate::domain::check::Report;
use crate::domain::image::ImageSize;
use crate::domain::image::Kept;
use crate::domain::permission::Permission;
use crate::domain::settings as known;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Store;
use crate::shop::audit;
use crate::shop::sums;
use crate::store::images;
use crate::store::invariants;
use crate::store::settings;

/// Findings of one check that are told; the rest is counted.
const MOST_TOLD: u64 = 20;

/// Makes every check. Each looks at one picture of the file, so that a shop that goes on is judged fairly; `progress`
/// hears the name of each before it is made.
pub fn examine(
    store: &Store,
    by: &Actor,
    key: &[u8; 32],
    mut progress: impl FnMut(&'static str),
) -> Result<Report> {
    by.require(Permission::SystemRead)?;
    let mut report = Report::default();
    for check in invariants::FILE.iter().chain(invariants::all()) {
        progress(check.name);
        let mut found = Found::new(check.name);
        store.read(|db| {
            invariants::run(db, check, |finding| {
                found.add(finding);
                true
            })
        })?;
        found.into_report(&mut report);
    }
    progress("ledgers");
    store.read(|db| ledgers(db, &mut report))?;
    progress("audit.chain");
    store.read(|db| chain(db, by, key, &mut report))?;
    store.read(|db| zone(db, &mut report))?;
    store.read(|db| decided(db, &mut report))?;
    progress("image.files");
    image_files(store, &mut report)?;
    progress("day.sums");
    store.read(|db| day_sums(db, &mut report))?;
    Ok(report)
}

/// What was found by one check.
struct Found {
    check: &'static str,
    count: u64,
    told: Vec<Finding>,
}

impl Found {
    fn new(check: &'static str) -> Self {
        Self {
            check,
            count: 0,
            told: Vec::new(),
        }
    }

    fn add(&mut self, finding: Finding) {
        self.count += 1;
        if self.count <= MOST_TOLD {
            self.told.push(finding);
        }
    }

    fn into_report(self, report: &mut Report) {
        report.checks.push(Checked {
            check: self.check,
            findings: self.count,
        });
        report.findings.extend(self.told);
    }
}

fn ledgers(db: &Snapshot, report: &mut Report) -> Result<()> {
    let mut found: Vec<Found> = invariants::LEDGERS.iter().copied().map(Found::new).collect();
    invariants::walk(db, &mut |finding| {
        if let Some(of) = found.iter_mut().find(|of| of.check == finding.check) {
            of.add(finding);
        }
    })?;
    for of in found {
        of.into_report(report);
    }
    Ok(())
}

fn chain(db: &Snapshot, by: &Actor, key: &[u8; 32], report: &mut Report) -> Result<()> {
    let mut found = Found::new("audit.chain");
    let verdict = audit::verify(db, by, key, None, |_| true)?;
    if let Some(broken) = verdict.broken {
        found.add(Finding {
            check: "audit.chain",
            row: format!("audit {}", broken.id),
            expected: String::from("as it was noted"),
            found: broken.what.to_owned(),
        });
    }
    found.into_report(report);
    Ok(())
}

/// What the shop has decided can be read: anything else would be passed over in silence.
fn decided(db: &Snapshot, report: &mut Report) -> Result<()> {
    let mut found = Found::new("settings.decided");
    for setting in known::all().filter(|setting| ![&known::ZONE, &known::NAME].contains(setting)) {
        if let Some(row) = settings::value(db, setting.row)?.filter(|row| !setting.kind.holds(row)) {
            found.add(Finding {
                check: "settings.decided",
                row: format!("setting {}", setting.row),
                expected: String::from("what the setting may hold"),
                found: row,
            });
        }
    }
    found.into_report(report);
    Ok(())
}

/// What is kept of what each day has sold is what its rows come to.
fn day_sums(db: &Snapshot, report: &mut Report) -> Result<()> {
    let mut found = Found::new("day.sums");
    for (from, rows, kept) in sums::wrong(db)? {
        found.add(Finding {
            check: "day.sums",
            row: format!("the day from {from}"),
            expected: format!("{rows:?}"),
            found: format!("{kept:?}"),
        });
    }
    found.into_report(report);
    Ok(())
}

/// Both files of each picture lie there, as long as they were. One that is missing may have been taken off since it was
/// read, and swept: it is looked at again.
fn image_files(store: &Store, report: &mut Report) -> Result<()> {
    let mut suspects = Vec::new();
    store.read(|db| {
        images::all(db, |image| {
            if wrong_file(db, &image.kept).is_some() {
                suspects.push(image);
            }
        })
    })?;
    let mut found = Found::new("image.files");
    store.read(|db| {
        for image in suspects {
            if let Some((expected, is)) = wrong_file(db, &image.kept)
                && images::is_shown(db, &image.kept.sha256)?
            {
                found.add(Finding {
                    check: "image.files",
                    row: format!("image {}", image.id),
                    expected,
                    found: is,
                });
            }
        }
        Ok(())
    })?;
    found.into_report(report);
    Ok(())
}

/// The first of both files that is not as it was: what was expected, and what is there.
fn wrong_file(db: &Snapshot, kept: &Kept) -> Option<(String, String)> {
    let lengths = [
        (ImageSize::Large, kept.bytes),
        (ImageSize::Small, kept.small_bytes),
    ];
    lengths.into_iter().find_map(|(size, bytes)| {
        let name = kept.name(size);
        let is = images::size_of(db, &name);
        if is.and_then(|is| i64::try_from(is).ok()) == Some(bytes) {
            return None;
        }
        let found = is.map_or_else(|| String::from("no file"), |is| format!("{is} bytes"));
        Some((format!("{bytes} bytes in {name}"), found))
    })
}

/// The one setting that is never left out, and that only our own rules can read.
fn zone(db: &Snapshot, report: &mut Report) -> Result<()> {
    let mut found = Found::new("settings.time_zone");
    let name = settings::value(db, "time_zone")?.unwrap_or_default();
    if Zone::parse(&name).is_err() {
        found.add(Finding {
            check: "settings.time_zone",
            row: String::from("setting time_zone"),
            expected: String::from("a time zone such as Europe/London"),
            found: name,
        });
    }
    found.into_report(report);
    Ok(())
}
