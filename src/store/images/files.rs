//! The files of pictures: `images/ab/<sha256>.jpg` below the folder of the database, and `<sha256>-320.jpg` beside it. A
//! file is whole as soon as it has its name, and is never changed.

use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::domain::image::ImageName;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;

/// How a file is called until it is whole; no name of a picture ends so.
const UNFINISHED: &str = ".new";

/// A file below the folder of the pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A picture.
    Image(ImageName),
    /// What a crash has left of one, or what is being written.
    Unfinished(PathBuf),
}

const FOLDER: &str = "images";

/// The folder in which a database lies.
pub fn folder(db: &Snapshot) -> PathBuf {
    let file = Path::new(db.db().path().unwrap_or_default());
    file.parent().unwrap_or(Path::new(".")).to_owned()
}

fn root(db: &Snapshot) -> PathBuf {
    folder(db).join(FOLDER)
}

fn path(root: &Path, name: &ImageName) -> PathBuf {
    root.join(name.folder()).join(name.to_string())
}

fn failed(what: &Path, cause: std::io::Error) -> Error {
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::internal(format!("cannot use {}: {cause}", what.display())),
    }
}

/// Whether a picture lies there.
pub fn has(db: &Snapshot, name: &ImageName) -> bool {
    path(&root(db), name).exists()
}

/// How many bytes a picture has, if it lies there.
pub fn size_of(db: &Snapshot, name: &ImageName) -> Option<u64> {
    let about = std::fs::metadata(path(&root(db), name)).ok()?;
    about.is_file().then_some(about.len())
}

/// The bytes of a picture in the folder of a database, if it lies there.
pub fn read(dir: &Path, name: &ImageName) -> Result<Option<Vec<u8>>> {
    let path = path(&dir.join(FOLDER), name);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(failed(&path, cause)),
    }
}

/// Lays a picture there, durably, unless it lies there already.
pub fn put(dir: &Path, name: &ImageName, bytes: &[u8]) -> Result<()> {
    let root = dir.join(FOLDER);
    let target = path(&root, name);
    if target.exists() {
        return Ok(());
    }
    let folder = root.join(name.folder());
    make_folder(dir, &root)?;
    make_folder(&root, &folder)?;
    loop {
        let unfinished = write(&folder, bytes).map_err(|cause| failed(&folder, cause))?;
        match std::fs::rename(&unfinished, &target) {
            // A sweep has taken it for what a crash has left.
            Err(cause) if cause.kind() == ErrorKind::NotFound => continue,
            named => {
                let durable = named.and_then(|()| File::open(&folder)?.sync_all());
                return durable.map_err(|cause| failed(&target, cause));
            }
        }
    }
}

/// A folder for its owner only, whose own name is durable too.
fn make_folder(parent: &Path, folder: &Path) -> Result<()> {
    let made = match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => File::open(parent).and_then(|parent| parent.sync_all()),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(cause),
    };
    made.map_err(|cause| failed(folder, cause))
}

/// Writes bytes under a name that nobody else has.
fn write(folder: &Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}{UNFINISHED}", process::id()));
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = match opened {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => continue,
            Err(cause) => return Err(cause),
        };
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = std::fs::remove_file(&path);
        }
        return written.map(|()| path);
    }
}

/// Shows what lies below the folder until `see` has seen enough. What has no name of ours is not ours, and stays.
pub fn each(db: &Snapshot, mut see: impl FnMut(Found) -> Result<bool>) -> Result<()> {
    let root = root(db);
    let folders = match std::fs::read_dir(&root) {
        Ok(folders) => folders,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(failed(&root, cause)),
    };
    for folder in folders {
        let folder = folder.map_err(|cause| failed(&root, cause))?.path();
        let Ok(files) = std::fs::read_dir(&folder) else {
            continue;
        };
        for file in files {
            let path = file.map_err(|cause| failed(&folder, cause))?.path();
            if let Some(found) = found(path)
                && !see(found)?
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn found(path: PathBuf) -> Option<Found> {
    let name = path.file_name()?.to_str()?;
    match ImageName::parse(name) {
        Some(name) => Some(Found::Image(name)),
        None if name.ends_with(UNFINISHED) => Some(Found::Unfinished(path)),
        None => None,
    }
}

/// Takes a file away, if it is still there.
pub fn remove(db: &Snapshot, found: &Found) -> Result<()> {
    let path = match found {
        Found::Image(name) => path(&root(db), name),
        Found::Unfinished(path) => path.clone(),
    };
    match std::fs::remove_file(&path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(failed(&path, cause)),
        _ => Ok(()),
    }
}
