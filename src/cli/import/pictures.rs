//! Pictures that a file of products names: found below one folder and nowhere else, looked at one by one, and laid beside
//! the database before a row names them.

use std::io::Read as _;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::import::feed::Read;
use crate::cli::import::rows::refused;
use crate::domain::image::ImageName;
use crate::domain::image::Kept;
use crate::domain::image::MOST_BYTES;
use crate::domain::image::MOST_OF_A_PRODUCT;
use crate::domain::image::Unfit;
use crate::domain::import::ImportedImage;
use crate::domain::import::ImportedProduct;
use crate::domain::import::Line;
use crate::domain::import::Looked;
use crate::domain::import::Row;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Store;
use crate::shop::images;
use crate::shop::images::NewImage;

/// Where pictures come from, and where they go.
pub struct Pictures<'a> {
    store: &'a Store,
    /// The folder that holds them; none: there are none.
    folder: Option<PathBuf>,
    /// The folder of the shop; none in a dry run.
    dir: Option<PathBuf>,
}

impl<'a> Pictures<'a> {
    pub fn new(store: &'a Store, folder: Option<PathBuf>, dir: Option<PathBuf>) -> Self {
        Self { store, folder, dir }
    }

    /// Looks at the pictures of a product; one that is no good refuses it whole.
    pub fn of(&self, read: Read<ImportedProduct>) -> Result<Read<ImportedProduct>> {
        let mut product = match read {
            Ok(product) if !product.row.images.is_empty() => product,
            read => return Ok(read),
        };
        let images = std::mem::take(&mut product.row.images);
        let Some(folder) = &self.folder else {
            return Ok(Ok(product));
        };
        let found = match images.get(MOST_OF_A_PRODUCT) {
            Some(image) => Err((image.line, format!("has more than {MOST_OF_A_PRODUCT} pictures"))),
            None => self.all(folder, images)?,
        };
        Ok(match found {
            Ok(images) => {
                product.row.images = images;
                Ok(product)
            }
            Err((line, reasons)) => Err(refused(line.0, &product.row.key(), reasons)),
        })
    }

    /// Each picture, looked at; or all that is wrong with some of them, and the line of the first.
    fn all(
        &self,
        folder: &Path,
        images: Vec<ImportedImage>,
    ) -> Result<std::result::Result<Vec<ImportedImage>, (Line, String)>> {
        let mut good = Vec::new();
        let mut wrong: Option<(Line, Vec<String>)> = None;
        for mut image in images {
            match self.look(folder, &image.path)? {
                Ok(looked) => {
                    image.looked = Some(looked);
                    take(&mut good, image);
                }
                Err(why) => {
                    let (_, reasons) = wrong.get_or_insert((image.line, Vec::new()));
                    reasons.push(format!("picture {}: {why}", image.path));
                }
            }
        }
        Ok(match wrong {
            None => Ok(good),
            Some((line, reasons)) => Err((line, reasons.join("; "))),
        })
    }

    /// Draws a picture, and lays it down unless it is a dry run.
    fn look(&self, folder: &Path, path: &str) -> Result<std::result::Result<Looked, String>> {
        // An export's own path: what the shop shows under that name is the same, wherever the export lies.
        if let Some(name) = path.split_once('/').and_then(|(_, name)| ImageName::parse(name))
            && let Some(kept) = self.store.read(|db| images::named(db, &name))?
        {
            let file = folder.join(path);
            return Ok(Ok(Looked { kept, file }));
        }
        let (file, bytes) = match find(folder, path) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        Ok(match self.kept(&bytes)? {
            Ok(kept) => Ok(Looked { kept, file }),
            Err(unfit) => Err(unfit.to_string()),
        })
    }

    fn kept(&self, bytes: &[u8]) -> Result<std::result::Result<Kept, Unfit>> {
        // What the shop has drawn itself, and now comes back, is not drawn from its own copy.
        if let Some(kept) = self.store.read(|db| images::known(db, bytes))? {
            return Ok(Ok(kept));
        }
        let new = match NewImage::draw(bytes) {
            Ok(new) => new,
            Err(unfit) => return Ok(Err(unfit)),
        };
        if let Some(dir) = &self.dir {
            new.lay(dir)?;
        }
        Ok(Ok(new.kept))
    }
}

/// Adds a picture unless another path has led to the same.
fn take(images: &mut Vec<ImportedImage>, image: ImportedImage) {
    let kept = |image: &ImportedImage| image.looked.as_ref().map(|looked| looked.kept.clone());
    if images.iter().all(|other| kept(other) != kept(&image)) {
        images.push(image);
    }
}

/// The bytes of a file below the folder, by a path that stays within it, links followed.
fn find(folder: &Path, path: &str) -> std::result::Result<(PathBuf, Vec<u8>), String> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(path).components().all(is_plain) {
        return Err("must be a path below the folder of the pictures".into());
    }
    let unreadable = |cause: std::io::Error| format!("cannot be read: {cause}");
    let folder = folder.canonicalize().map_err(unreadable)?;
    let file = folder.join(path).canonicalize().map_err(unreadable)?;
    if !file.starts_with(&folder) {
        return Err("leads out of the folder of the pictures".into());
    }
    let about = std::fs::metadata(&file).map_err(unreadable)?;
    if !about.is_file() {
        return Err("is no file".into());
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(&file).map_err(unreadable)?;
    let mut opened = opened.take(MOST_BYTES as u64 + 1);
    opened.read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() > MOST_BYTES {
        true => Err(Unfit::TooLong.to_string()),
        false => Ok((file, bytes)),
    }
}

/// The folder that must be there if it is named.
pub fn require_folder(folder: &Path) -> Result<()> {
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Error::Setup(format!(
            "--images: {} is no folder",
            folder.display()
        ))),
    }
}
