//! The files of pictures: laid before a row names them, swept when none does, and never one that is in use.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use till::domain::actor::Actor;
use till::domain::id::ProductId;
use till::shop::doctor;
use till::shop::images;
use till::shop::images::NewImage;

use crate::app::TestApp;
use crate::images::dot;
use crate::images::fetch;
use crate::images::send;

/// What lies below the folder of pictures.
fn files(app: &TestApp) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(app.dir().join("images")).into_iter().flatten() {
        let folder = folder.unwrap().path();
        found.extend(
            std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path()),
        );
    }
    found.sort();
    found
}

fn found(app: &TestApp) -> Vec<&'static str> {
    let key = app.app().keys().audit;
    let report = doctor::examine(app.app().store(), &Actor::system(), &key, |_| {}).unwrap();
    report.findings.iter().map(|finding| finding.check).collect()
}

/// T9, WEB-05: two files for their owner only, under a name that is their content.
#[test]
fn a_picture_is_two_files_of_the_owner_alone() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let image = send(&app, "owner", mug, &dot(1)).json();
    let files = files(&app);
    assert_eq!(files.len(), 2, "{files:?}");
    for file in &files {
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = file.parent().unwrap();
        assert_eq!(
            (mode(file), mode(folder), mode(folder.parent().unwrap())),
            (0o600, 0o700, 0o700)
        );
    }
    let large = files
        .iter()
        .find(|file| !file.to_string_lossy().contains("-320"))
        .unwrap();
    let bytes = std::fs::read(large).unwrap();
    let digest: String = till::secret::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(large.file_stem().unwrap().to_str().unwrap(), digest);
    assert_eq!(
        large.parent().unwrap().file_name().unwrap().to_str().unwrap(),
        &digest[..2]
    );
    assert_eq!(
        image["url"],
        format!("/images/{}", large.file_name().unwrap().to_str().unwrap())
    );
}

/// T9, K12: what no product shows goes, also what a crash has left; what one shows stays, and what is not ours.
#[test]
fn the_sweep_takes_what_nothing_shows() {
    let app = TestApp::start();
    let (mug, cup) = (app.product("MUG", "4.50", 1), app.product("CUP", "4.50", 1));
    let image = send(&app, "owner", mug, &dot(1)).json();
    send(&app, "owner", cup, &dot(1));
    let kept = files(&app);
    // Laid, and then a crash before the row; and one in the middle of a file.
    NewImage::draw(&dot(2)).unwrap().lay(app.dir()).unwrap();
    let half = kept[0].with_file_name("77-0.new");
    let stray = kept[0].with_file_name("notes.txt");
    std::fs::write(&half, b"half").unwrap();
    std::fs::write(&stray, b"mine").unwrap();
    std::fs::write(app.dir().join("images").join("notes.txt"), b"mine").unwrap();
    assert_eq!(files_but_notes(&app).len(), 5);
    app.sweep();
    assert_eq!(files_but_notes(&app), kept);
    assert!(stray.exists() && !half.exists());
    // Of two that show it one no longer does.
    let path = format!("/api/v1/products/{mug}/images/{}", image["id"]);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    app.sweep();
    assert!(
        fetch(&app, image["url"].as_str().unwrap())
            .0
            .starts_with("http/1.1 200")
    );
    // With the product its pictures go.
    let gone = app.send("DELETE", "owner", &format!("/api/v1/products/{cup}"), &[], None);
    assert_eq!(gone.status, 204);
    app.sweep();
    assert!(
        fetch(&app, image["url"].as_str().unwrap())
            .0
            .starts_with("http/1.1 404")
    );
    assert_eq!(files_but_notes(&app), Vec::<PathBuf>::new());
}

fn files_but_notes(app: &TestApp) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(app.dir().join("images")).unwrap();
    let folders = folders
        .map(|folder| folder.unwrap().path())
        .filter(|path| path.is_dir());
    let mut found: Vec<PathBuf> = folders
        .flat_map(|folder| {
            std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path())
        })
        .filter(|file| !file.ends_with("notes.txt"))
        .collect();
    found.sort();
    found
}

/// T9: hundreds go in one night, some in each short job.
#[test]
fn many_are_swept_bit_by_bit() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1);
    let folder = app.dir().join("images").join("00");
    std::fs::create_dir_all(&folder).unwrap();
    for number in 0..350 {
        std::fs::write(folder.join(format!("{number:064x}.jpg")), b"x").unwrap();
    }
    let mut rounds = 0;
    while app.block_on(till::worker::sweep::step(app.app())).unwrap() == till::worker::Outcome::Worked {
        rounds += 1;
    }
    assert_eq!((rounds, files(&app).len()), (4, 0));
}

/// T9: a sweep that comes between the files and their row takes nothing that stays away.
#[test]
fn a_file_that_was_swept_in_between_is_laid_again() {
    let app = TestApp::start();
    let mug = ProductId(app.product("MUG", "4.50", 1));
    let new = NewImage::draw(&dot(1)).unwrap();
    new.lay(app.dir()).unwrap();
    let laid = files(&app);
    app.sweep();
    assert_eq!((laid.len(), files(&app).len()), (2, 0));
    let adding = new.clone();
    let store = app.app().store();
    let added = store
        .write(move |tx| images::add(tx, &Actor::system(), mug, &adding, ""))
        .unwrap();
    assert!(added.is_new);
    assert_eq!(files(&app), laid);
    // One of the two is as good as none.
    std::fs::remove_file(&laid[1]).unwrap();
    assert_eq!(found(&app), ["image.files"]);
    let cup = ProductId(app.product("CUP", "4.50", 1));
    let adding = new.clone();
    store
        .write(move |tx| images::add(tx, &Actor::system(), cup, &adding, ""))
        .unwrap();
    assert_eq!(files(&app), laid);
    // What was looked at before somebody else's sweep is looked at again within the change.
    let looked = store.read(images::unnamed).unwrap();
    assert!(looked.is_empty());
    NewImage::draw(&dot(2)).unwrap().lay(app.dir()).unwrap();
    let looked = store.read(images::unnamed).unwrap();
    assert_eq!(looked.len(), 2);
    let second = NewImage::draw(&dot(2)).unwrap();
    store
        .write(move |tx| images::add(tx, &Actor::system(), cup, &second, ""))
        .unwrap();
    store.write(move |tx| images::sweep(tx, &looked)).unwrap();
    assert_eq!(files(&app).len(), 4, "it is in use by now");
}

/// N11: a file that is gone, or another, is found.
#[test]
fn the_doctor_finds_what_is_missing() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    send(&app, "owner", mug, &dot(1));
    assert_eq!(found(&app), Vec::<&str>::new());
    app.expect_findings();
    let files = files(&app);
    let whole = std::fs::read(&files[0]).unwrap();
    std::fs::write(&files[0], b"another").unwrap();
    assert_eq!(found(&app), ["image.files"]);
    std::fs::write(&files[0], whole).unwrap();
    assert_eq!(found(&app), Vec::<&str>::new());
    std::fs::remove_file(&files[1]).unwrap();
    assert_eq!(found(&app), ["image.files"]);
    app.execute("UPDATE product_images SET position = 2");
    assert_eq!(found(&app), ["image.position", "image.files"]);
}

/// T9: pictures that come at once, the same among them, stand in a row, each once.
#[test]
fn pictures_that_come_at_once_stand_in_a_row() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    app.token("owner");
    let colours = [1, 2, 3, 1, 2, 3, 4, 4];
    let app = &app;
    let made: Vec<u16> = std::thread::scope(|scope| {
        let sent = colours.map(|colour| scope.spawn(move || send(app, "owner", mug, &dot(colour)).status));
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let count = |status: u16| made.iter().filter(|made| **made == status).count();
    assert_eq!((count(201), count(200)), (4, 4), "{made:?}");
    assert_eq!(app.number("SELECT max(position) FROM product_images"), 4);
    assert_eq!(files(app).len(), 8, "nothing unfinished is left");
}
