//! Pictures of products: their files are laid beside the database first, their rows name them after, and what no row
//! names is swept. A file is never changed, so a name is good for ever.

use std::path::Path;
use std::sync::Arc;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::id::ImageId;
use crate::domain::id::ProductId;
use crate::domain::image;
use crate::domain::image::Drawn;
use crate::domain::image::Image;
use crate::domain::image::ImageName;
use crate::domain::image::ImageSize;
use crate::domain::image::Kept;
use crate::domain::image::MOST_OF_A_PRODUCT;
use crate::domain::image::Unfit;
use crate::domain::import::ImportedImage;
use crate::domain::import::Looked;
use crate::domain::permission::Permission;
use crate::domain::product::Hand;
use crate::domain::product::Product;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::catalogue;
use crate::shop::catalogue::Change;
use crate::shop::catalogue::ProductView;
use crate::shop::version;
use crate::store;
use crate::store::images::Found;

/// One job sweeps so many files at most.
const MOST_SWEPT: usize = 100;

/// A picture that was drawn anew.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// What is known of it.
    pub kept: Kept,
    /// Its files.
    pub drawn: Arc<Drawn>,
}

impl NewImage {
    /// Draws a picture. It takes processor time and no transaction.
    pub fn draw(bytes: &[u8]) -> std::result::Result<Self, Unfit> {
        let drawn = image::draw(bytes)?;
        let kept = Kept {
            sha256: secret::digest(&drawn.large),
            form: drawn.form,
            width: drawn.width,
            height: drawn.height,
            bytes: drawn.large.len() as i64,
            small_bytes: drawn.small.len() as i64,
        };
        Ok(Self {
            kept,
            drawn: Arc::new(drawn),
        })
    }

    /// Lays its files into the folder of the shop, durably, before anything names them.
    pub fn lay(&self, dir: &Path) -> Result<()> {
        let Drawn { large, small, .. } = self.drawn.as_ref();
        store::images::put(dir, &self.kept.name(ImageSize::Large), large)?;
        store::images::put(dir, &self.kept.name(ImageSize::Small), small)
    }
}

/// What a product came to.
#[derive(Debug)]
pub struct Added {
    /// The product as it is now.
    pub product: Product,
    /// Its picture.
    pub image: Image,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// What is to change of a picture; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct ImageChange {
    /// What is said of it in words.
    pub alt: Option<String>,
    /// Its place, from 1; the others move along.
    pub position: Option<usize>,
}

/// Whether somebody may change the pictures of a product, before any is looked at.
pub fn may_change(db: &Snapshot, by: &Actor, id: ProductId) -> Result<()> {
    catalogue::to_change(db, by, id, Permission::ProductsUpdate).map(|_| ())
}

/// Puts a picture behind the others of a product. One that it has already stays as it is.
///
/// Refused with `BusinessRule` beyond twenty.
pub fn add(tx: &Tx, by: &Actor, id: ProductId, new: &NewImage, alt: &str) -> Result<Added> {
    let (before, hand) = catalogue::to_change(tx, by, id, Permission::ProductsUpdate)?;
    let same = before
        .images
        .iter()
        .find(|image| image.kept.sha256 == new.kept.sha256);
    if let Some(image) = same.cloned() {
        return Ok(Added {
            product: before,
            image,
            is_new: false,
        });
    }
    let position = before.images.len() + 1;
    if position > MOST_OF_A_PRODUCT {
        let words = format!("A product has at most {MOST_OF_A_PRODUCT} pictures.");
        return Err(Refusal::Rule(words.into()).into());
    }
    require_files(tx, &new.kept, || Ok(new.clone()))?;
    let added = store::images::insert(tx, id, position as i64, &new.kept, alt)?;
    let product = changed(tx, by, &before, hand)?;
    let image = find(&product, added)?.clone();
    Ok(Added {
        product,
        image,
        is_new: true,
    })
}

/// Lays down what a sweep has taken since it was laid: here nobody sweeps.
pub(super) fn require_files(tx: &Tx, kept: &Kept, again: impl FnOnce() -> Result<NewImage>) -> Result<()> {
    let lies_there = |size| store::images::has(tx, &kept.name(size));
    match lies_there(ImageSize::Large) && lies_there(ImageSize::Small) {
        true => Ok(()),
        false => match again()? {
            new if new.kept == *kept => new.lay(&store::images::folder(tx)),
            _ => Err(Error::internal(
                "a picture has changed since it was looked at: try again",
            )),
        },
    }
}

/// Changes the words or the place of a picture.
///
/// Refused with `VersionMissing` or `Stale` by the version of its product.
pub fn update(
    tx: &Tx,
    by: &Actor,
    (product, id): (ProductId, ImageId),
    seen: Option<i64>,
    change: &ImageChange,
) -> Result<Product> {
    let (before, hand) = catalogue::to_change(tx, by, product, Permission::ProductsUpdate)?;
    let currency = store::settings::terms(tx)?.currency;
    version::require(seen, before.version, || ProductView::new(&before, currency))?;
    let mut images = before.images.clone();
    let at = images.iter().position(|image| image.id == id);
    let mut image = images.remove(at.ok_or(Error::NotFound("picture"))?);
    if let Some(alt) = &change.alt {
        image.alt.clone_from(alt);
    }
    let place = change.position.map(|position| position.saturating_sub(1));
    images.insert(place.or(at).unwrap_or(0).min(images.len()), image);
    write(tx, &before.images, &images)?;
    changed(tx, by, &before, hand)
}

/// Takes a picture off its product; the others move up.
///
/// Refused with `Stale` if the product is no longer at the version that was seen.
pub fn remove(tx: &Tx, by: &Actor, (product, id): (ProductId, ImageId), seen: Option<i64>) -> Result<()> {
    let (before, hand) = catalogue::to_change(tx, by, product, Permission::ProductsUpdate)?;
    let currency = store::settings::terms(tx)?.currency;
    version::allow(seen, before.version, || ProductView::new(&before, currency))?;
    find(&before, id)?;
    store::images::delete(tx, id)?;
    let left: Vec<Image> = before
        .images
        .iter()
        .filter(|image| image.id != id)
        .cloned()
        .collect();
    write(tx, &before.images, &left)?;
    changed(tx, by, &before, hand).map(|_| ())
}

/// The picture of a product.
pub fn find(product: &Product, id: ImageId) -> Result<&Image> {
    let found = product.images.iter().find(|image| image.id == id);
    found.ok_or(Error::NotFound("picture"))
}

/// Brings the rows to this order and these words, where they are not so.
pub(super) fn write(tx: &Tx, before: &[Image], after: &[Image]) -> Result<()> {
    for (position, image) in (1..).zip(after) {
        let is = before.iter().find(|is| is.id == image.id);
        if is.is_none_or(|is| is.position != position || is.alt != image.alt) {
            store::images::update(tx, image.id, position, &image.alt)?;
        }
    }
    Ok(())
}

/// Raises the product's version and tells of it. A seller's pictures wait for approval as a seller's words do.
fn changed(tx: &Tx, by: &Actor, before: &Product, hand: Hand) -> Result<Product> {
    let status = catalogue::reworded(tx, before, hand)?;
    store::products::set_status(tx, before.id, status)?;
    let after = store::products::get(tx, before.id)?;
    let told = Change {
        event: EventType::ProductUpdated,
        action: Action::ProductUpdated,
        reason: None,
    };
    catalogue::tell(tx, by, &told, before, &after)?;
    Ok(after)
}

/// Makes the pictures of a product these and no others, in this order. What is said of them stays unless it is told.
pub(super) fn import(tx: &Tx, product: ProductId, before: &[Image], wanted: &[ImportedImage]) -> Result<()> {
    let looked: Vec<(&ImportedImage, &Looked)> = looked(wanted).collect();
    for image in before {
        if looked
            .iter()
            .all(|(_, looked)| looked.kept.sha256 != image.kept.sha256)
        {
            store::images::delete(tx, image.id)?;
        }
    }
    for (position, (wanted, looked)) in (1..).zip(looked) {
        let is = before.iter().find(|is| is.kept.sha256 == looked.kept.sha256);
        match is {
            Some(is) => {
                let alt = wanted.alt.as_ref().unwrap_or(&is.alt);
                store::images::update(tx, is.id, position, alt)?;
            }
            None => {
                require_files(tx, &looked.kept, || {
                    let bytes = std::fs::read(&looked.file).map_err(|cause| Error::Internal(cause.into()))?;
                    Ok(NewImage::draw(&bytes)?)
                })?;
                let alt = wanted.alt.as_deref().unwrap_or_default();
                store::images::insert(tx, product, position, &looked.kept, alt)?;
            }
        }
    }
    Ok(())
}

/// Whether a file tells of other pictures than these, of another order, or says something else of them.
pub(super) fn differ(images: &[Image], wanted: &[ImportedImage]) -> bool {
    let says_else = |(image, (wanted, looked)): (&Image, (&ImportedImage, &Looked))| {
        image.kept.sha256 != looked.kept.sha256 || wanted.alt.as_ref().is_some_and(|alt| *alt != image.alt)
    };
    !wanted.is_empty()
        && (images.len() != looked(wanted).count() || images.iter().zip(looked(wanted)).any(says_else))
}

fn looked(wanted: &[ImportedImage]) -> impl Iterator<Item = (&ImportedImage, &Looked)> {
    let each = wanted.iter();
    each.filter_map(|image| image.looked.as_ref().map(|looked| (image, looked)))
}

/// What is kept of the picture of that name, if a product shows it.
pub fn named(db: &Snapshot, name: &ImageName) -> Result<Option<Kept>> {
    let kept = store::images::kept(db, &name.sha256)?;
    Ok(kept.filter(|kept| kept.name(ImageSize::Large) == *name))
}

/// What is kept of a picture that the shop has drawn, if these are its bytes.
pub fn known(db: &Snapshot, bytes: &[u8]) -> Result<Option<Kept>> {
    store::images::kept(db, &secret::digest(bytes))
}

/// The bytes of a picture, out of the folder of the shop.
///
/// Refused with `NotFound` if there is none of that name.
pub fn read(dir: &Path, name: &ImageName) -> Result<Vec<u8>> {
    store::images::read(dir, name)?.ok_or(Error::NotFound("picture"))
}

/// Some files that no row names, at this moment.
pub fn unnamed(db: &Snapshot) -> Result<Vec<Found>> {
    let mut unnamed = Vec::new();
    store::images::each(db, |found| {
        if !is_named(db, &found)? {
            unnamed.push(found);
        }
        Ok(unnamed.len() < MOST_SWEPT)
    })?;
    Ok(unnamed)
}

fn is_named(db: &Snapshot, found: &Found) -> Result<bool> {
    match found {
        Found::Image(name) => store::images::is_shown(db, &name.sha256),
        Found::Unfinished(_) => Ok(false),
    }
}

/// Takes those of them away that still have no row. Whoever names a file looks in a change whether it lies there, and
/// lays it down again; and changes are made one after the other.
pub fn sweep(tx: &Tx, unnamed: &[Found]) -> Result<()> {
    for found in unnamed {
        if !is_named(tx, found)? {
            store::images::remove(tx, found)?;
        }
    }
    Ok(())
}
