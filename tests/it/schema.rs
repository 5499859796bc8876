//! The schema: a file that has come all the way, one migration at a time, is the file that a new shop starts with.

use std::path::Path;

use rusqlite::Connection;

use crate::imports::Folder;
use crate::imports::till;

refinery::embed_migrations!("migrations");

/// Every version there is, oldest first.
fn versions() -> Vec<i32> {
    let mut versions: Vec<i32> = migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .collect();
    versions.sort_unstable();
    versions
}

/// A file as it stood at a version: come there in one go, or one at a time with the file closed between.
fn at_version(path: &Path, steps: &[i32]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    for step in steps {
        let mut db = Connection::open(path).unwrap();
        migrations::runner()
            .set_target(refinery::Target::Version(*step))
            .run(&mut db)
            .unwrap();
    }
}

fn up(data: &Path) {
    let done = till(data, &["migrate", "up"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Everything that makes a schema, and the rows it starts with; the file's own random mark left out.
fn whole(data: &Path) -> Vec<String> {
    let db = Connection::open(data.join("till.db")).unwrap();
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = db.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let mut all = rows(
        "SELECT concat_ws(' ', type, name, 'of', tbl_name, ':', sql) FROM sqlite_schema ORDER BY type, name",
    );
    all.extend(rows(
        "SELECT concat_ws(' ', 'V', version, name, checksum) FROM refinery_schema_history ORDER BY version",
    ));
    all.extend(rows(
        "SELECT concat_ws(' ', name, value) FROM settings WHERE name <> 'epoch' ORDER BY name",
    ));
    all.extend(rows(
        "SELECT concat_ws(' ', r.name, r.staff, r.built_in, p.permission) FROM roles r
         LEFT JOIN role_permissions p ON p.role_id = r.id ORDER BY r.id, p.permission",
    ));
    all.extend(rows("SELECT concat_ws(' ', name, upto) FROM marks ORDER BY name"));
    all
}

/// LIF-05: whatever version a file comes from, it ends as a new one begins; and once there it stays.
#[test]
fn a_new_file_is_a_migrated_file() {
    let folder = Folder::new("schema");
    let new = folder.path("new");
    up(&new);
    let wanted = whole(&new);
    assert!(wanted.len() > 60, "{wanted:#?}");
    let versions = versions();
    let stepwise = folder.path("stepwise");
    at_version(&stepwise.join("till.db"), &versions);
    assert_eq!(whole(&stepwise), wanted, "one at a time");
    for version in &versions {
        let data = folder.path(&format!("from-{version}"));
        at_version(&data.join("till.db"), &[*version]);
        up(&data);
        assert_eq!(whole(&data), wanted, "from version {version}");
    }
    up(&new);
    assert_eq!(whole(&new), wanted, "twice");
}
