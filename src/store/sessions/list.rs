//! The list of who is signed in: of everybody along the moments of last use, of the few who are staff by their roles.

use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::time::Timestamp;
use crate::domain::user::OpenSession;
use crate::domain::user::Session;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::sessions::login;

const COLUMNS: &str = "s.id, s.kind, s.created_at, s.seen_at, s.expires_at, s.ip, s.user_agent, s.proved_at,
  u.id AS user_id, u.username, u.name, u.role_id, r.name AS role_name,
  EXISTS (SELECT 1 FROM factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS has_factor";
/// A few roles, their users, their sessions; sorted.
const STAFF: &str =
    "roles r CROSS JOIN users u ON u.role_id = r.id CROSS JOIN sessions s ON s.user_id = u.id";
/// The sessions one after the other; no sort.
const OTHERS: &str = "sessions s INDEXED BY sessions_open CROSS JOIN users u ON u.id = s.user_id CROSS JOIN roles r ON r.id = u.role_id";

fn sql(is_staff: bool, is_backwards: bool) -> String {
    let from = if is_staff { STAFF } else { OTHERS };
    let (side, order) = match is_backwards {
        true => (">", "ASC"),
        false => ("<", "DESC"),
    };
    format!(
        "SELECT {COLUMNS} FROM {from}
         WHERE s.ended_at IS NULL AND r.staff = :staff AND s.seen_at {side}= :seen AND (s.seen_at, s.id) {side} (:seen, :id)
           AND s.expires_at > :now AND (s.kind = 0 OR s.seen_at > :idle)
           AND s.token_epoch = u.token_epoch AND +u.status = 0
         ORDER BY s.seen_at {order}, s.id {order}
         LIMIT :wanted OFFSET :skipped"
    )
}

/// One page of the open sessions of the shop's people, or of the others; the latest used first.
pub fn page(db: &Snapshot, is_staff: bool, now: Timestamp, paging: &Paging) -> Result<Page<OpenSession>> {
    let start = if paging.is_backwards() { -1 } else { i64::MAX };
    let (seen, id) = paging.keys().unwrap_or((start, start));
    let rows: Result<Vec<OpenSession>> = db
        .db()
        .prepare_cached(&sql(is_staff, paging.is_backwards()))?
        .query_and_then(
            named_params! {
                ":staff": is_staff,
                ":seen": seen,
                ":id": id,
                ":now": now,
                ":idle": now.minus_ms(Session::idle_limit(is_staff)),
                ":wanted": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| Ok(from_row(row)?),
        )?
        .collect();
    Ok(paging.cut(rows?, |session| (session.login.seen_at.ms(), session.login.id.0)))
}

fn from_row(row: &Row) -> rusqlite::Result<OpenSession> {
    Ok(OpenSession {
        login: login(row)?,
        user: row.get("user_id")?,
        username: row.get("username")?,
        name: row.get("name")?,
        role: row.get("role_id")?,
        role_name: row.get("role_name")?,
        has_factor: row.get("has_factor")?,
        proved_at: row.get("proved_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plan;

    /// D4: neither list walks all sessions, and only that of the few is sorted.
    #[test]
    fn who_is_signed_in_is_found_along_an_index() {
        let db = plan::empty();
        for is_backwards in [false, true] {
            let staff = plan::of(&db, &sql(true, is_backwards));
            assert!(staff.contains("INDEX users_role (role_id=?"), "{staff}");
            assert!(staff.contains("INDEX sessions_user (user_id=?"), "{staff}");
            let others = plan::of(&db, &sql(false, is_backwards));
            assert!(others.contains("INDEX sessions_open (seen_at"), "{others}");
            assert!(!others.contains("TEMP B-TREE"), "{others}");
        }
    }
}
