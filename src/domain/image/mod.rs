//! Pictures of products: what one may be, what is kept of it, and what its files are called.

mod draw;
mod jpeg;
mod pixels;

pub use draw::Drawn;
pub use draw::draw;

use std::fmt;
use std::str::FromStr;

use crate::domain::id::ImageId;
use crate::domain::id::ProductId;
use crate::domain::named::named;
use crate::domain::time::Timestamp;

/// A picture that comes in has so many bytes at most (I14).
pub const MOST_BYTES: usize = 10 << 20;
/// And so many pixels (WEB-05).
pub const MOST_PIXELS: u64 = 40_000_000;
/// A product has so many at most.
pub const MOST_OF_A_PRODUCT: usize = 20;
/// What is said of one in words.
pub const MOST_ALT: usize = 300;

named! {
    /// How a picture is kept: its own first bytes say so, and so does the ending of its name.
    ImageForm {
        Jpeg = 0 "jpg",
        WebP = 1 "webp",
    }
}

impl ImageForm {
    /// The media type.
    pub const fn media(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }
}

/// Why bytes are not taken as a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// More than [`MOST_BYTES`].
    TooLong,
    /// More than [`MOST_PIXELS`], or more than as many of them take unpacked.
    TooLarge,
    /// No JPEG, PNG or WebP.
    NoPicture,
    /// It cannot be read to its end.
    Broken,
}

impl Unfit {
    /// What is told, in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TooLong => "A picture holds at most 10 MiB.",
            Self::TooLarge => "A picture has at most 40 megapixels, and takes at most 160 MB unpacked.",
            Self::NoPicture => "A picture is JPEG, PNG or WebP.",
            Self::Broken => "This picture cannot be read to its end.",
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// What is known of a picture that is kept as two files: a large one, whose content names both, and a small one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the columns")]
pub struct Kept {
    pub sha256: [u8; 32],
    pub form: ImageForm,
    pub width: i64,
    pub height: i64,
    pub bytes: i64,
    pub small_bytes: i64,
}

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Image {
    pub id: ImageId,
    pub product: ProductId,
    pub position: i64,
    pub kept: Kept,
    pub alt: String,
    pub created_at: Timestamp,
}

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageSize {
    /// At most 1,600 pixels on its long side.
    Large,
    /// At most 320.
    Small,
}

impl Kept {
    /// What one of its files is called.
    pub const fn name(&self, size: ImageSize) -> ImageName {
        ImageName {
            sha256: self.sha256,
            size,
            form: self.form,
        }
    }
}

/// The name of a file of a picture. There is no other way to one: whatever does not read as such a name names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageName {
    /// The hash of the large one's bytes.
    pub sha256: [u8; 32],
    /// Which of the two.
    pub size: ImageSize,
    /// Its form.
    pub form: ImageForm,
}

impl ImageName {
    /// Reads a name as it is written and no other way: 64 small hexadecimal digits, `-320` or nothing, `.jpg` or `.webp`.
    pub fn parse(text: &str) -> Option<Self> {
        let (stem, ending) = text.split_once('.')?;
        let form = ImageForm::ALL
            .iter()
            .copied()
            .find(|form| form.name() == ending)?;
        let (digits, size) = match stem.strip_suffix("-320") {
            Some(digits) => (digits, ImageSize::Small),
            None => (stem, ImageSize::Large),
        };
        let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
            return None;
        };
        let mut sha256 = [0; 32];
        if pairs.len() != sha256.len() {
            return None;
        }
        for (byte, [high, low]) in sha256.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self { sha256, size, form })
    }

    /// The folder that holds it: the first two digits.
    pub fn folder(&self) -> String {
        format!("{:02x}", self.sha256[0])
    }
}

const fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

/// What is no name of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoImageName;

impl FromStr for ImageName {
    type Err = NoImageName;

    fn from_str(text: &str) -> Result<Self, NoImageName> {
        Self::parse(text).ok_or(NoImageName)
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.sha256 {
            write!(f, "{byte:02x}")?;
        }
        let size = match self.size {
            ImageSize::Large => "",
            ImageSize::Small => "-320",
        };
        write!(f, "{size}.{}", self.form.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WEB-05
    #[test]
    fn a_name_is_read_one_way_only() {
        let digits = "0123456789abcdef".repeat(4);
        for ending in [".jpg", ".webp", "-320.jpg", "-320.webp"] {
            let text = format!("{digits}{ending}");
            let name = ImageName::parse(&text).unwrap();
            assert_eq!(name.to_string(), text);
            assert_eq!(name.folder(), "01");
        }
        let odd = [
            String::new(),
            ".jpg".to_owned(),
            digits.clone(),
            format!("{digits}.JPG"),
            format!("{digits}.png"),
            format!("{digits}.jpg.jpg"),
            format!("{digits}-321.jpg"),
            format!("{digits}-320-320.jpg"),
            format!("{}.jpg", digits.to_uppercase()),
            format!("{}.jpg", &digits[1..]),
            format!("{digits}0.jpg"),
            format!("{digits}00.jpg"),
            format!("../{}.jpg", &digits[3..]),
            format!("{}é.jpg", &digits[2..]),
            format!(" {digits}.jpg"),
            format!("{digits}.jpg\0"),
        ];
        for text in odd {
            assert_eq!(ImageName::parse(&text), None, "{text:?}");
        }
    }
}
