//! Whether a run was honest: everything that was acknowledged stands in the file, whole, and nothing else does.

use crate::cli::bench::plan::Tally;
use crate::store::bench::Counts;

/// What is wrong with a run, in sentences; nothing if each of N orders has its event, its audit row, its key, its
/// contacts, its lines and its movements of stock.
pub fn faults(told: &Tally, found: &Counts) -> Vec<String> {
    let mut faults: Vec<String> = told
        .refused
        .iter()
        .map(|(status, count)| format!("{count} replies with status {status}"))
        .collect();
    for (what, found, wanted) in [
        ("orders", found.orders, told.orders),
        ("contacts", found.contacts, told.orders),
        ("lines", found.lines, told.lines),
        ("orders with lines", found.lines_of, told.orders),
        ("pieces on the lines", found.pieces, told.pieces),
        ("pieces told by the orders", found.pieces_told, told.pieces),
        ("events", found.events, told.orders),
        ("orders with an event", found.events_of, told.orders),
        ("audit rows", found.audit, told.orders),
        ("orders with an audit row", found.audit_of, told.orders),
        ("keys", found.keys, told.orders),
        ("orders with a key", found.keys_of, told.orders),
        ("orders with movements", found.movements_of, told.orders),
        ("pieces moved", found.pieces_moved, told.pieces),
    ] {
        if found != wanted {
            faults.push(format!("{found} {what} in the file instead of {wanted}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> (Tally, Counts) {
        let told = Tally {
            orders: 2,
            lines: 6,
            pieces: 11,
            ..Tally::default()
        };
        let found = Counts {
            orders: 2,
            pieces_told: 11,
            contacts: 2,
            lines: 6,
            lines_of: 2,
            pieces: 11,
            events: 2,
            events_of: 2,
            audit: 2,
            audit_of: 2,
            keys: 2,
            keys_of: 2,
            movements_of: 2,
            pieces_moved: 11,
        };
        (told, found)
    }

    /// FEATURES N13
    #[test]
    fn a_whole_run_has_no_faults() {
        let (told, found) = whole();
        assert_eq!(faults(&told, &found), Vec::<String>::new());
    }

    /// FEATURES N13: each planted fault is found, and named.
    #[test]
    fn every_planted_fault_is_found() {
        type Plant = fn(&mut Tally, &mut Counts);
        let plants: [(&str, Plant); 8] = [
            ("orders", |_, found| found.orders = 1),
            ("events", |_, found| found.events = 1),
            ("an event", |_, found| found.events_of = 1),
            ("audit rows", |_, found| found.audit = 3),
            ("keys", |_, found| found.keys = 1),
            ("lines", |_, found| found.lines = 5),
            ("pieces moved", |_, found| found.pieces_moved = 10),
            ("status 503", |told, _| {
                told.refused.insert(503, 1);
            }),
        ];
        for (named, plant) in plants {
            let (mut told, mut found) = whole();
            plant(&mut told, &mut found);
            let said = faults(&told, &found).join("; ");
            assert!(said.contains(named), "{named}: {said}");
        }
    }
}
