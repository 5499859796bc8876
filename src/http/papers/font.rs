//! The fonts of PDFs: the built-in ones, or the operator's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::Face;
use ttf_parser::GlyphId;

use crate::error::Error;
use crate::error::Result;

/// Latin, Greek and Cyrillic; its licence and how it was cut down stand beside it.
const REGULAR: &[u8] = include_bytes!("../../../templates/papers/Roboto-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../templates/papers/Roboto-Bold.ttf");

/// The files of a PDF's fonts.
pub struct Files {
    regular: Cow<'static, [u8]>,
    bold: Cow<'static, [u8]>,
}

impl Files {
    /// The built-in ones, or for both weights the file that the operator has named.
    pub fn open(path: &str) -> Result<Self> {
        if path.is_empty() {
            return Ok(Self {
                regular: REGULAR.into(),
                bold: BOLD.into(),
            });
        }
        let trouble = |cause: &dyn std::fmt::Display| Error::Setup(format!("papers.font {path}: {cause}"));
        let bytes = std::fs::read(path).map_err(|cause| trouble(&cause))?;
        let face = Face::parse(&bytes, 0).map_err(|cause| trouble(&cause))?;
        if face.tables().glyf.is_none() {
            return Err(trouble(&"is no TrueType font (.ttf with outlines of its own)"));
        }
        Ok(Self {
            regular: bytes.clone().into(),
            bold: bytes.into(),
        })
    }

    /// Both weights, read.
    pub fn fonts(&self) -> Result<[Font<'_>; 2]> {
        Ok([Font::read(&self.regular)?, Font::read(&self.bold)?])
    }
}

/// A font, and which of its glyphs a document uses.
pub struct Font<'a> {
    bytes: &'a [u8],
    face: Face<'a>,
    remapper: GlyphRemapper,
    /// What was set, by glyph: its place in the document's own font, what it stands for.
    used: BTreeMap<u16, char>,
}

/// What a PDF tells of a font, in thousandths of its size.
pub struct Measures {
    pub bbox: [f32; 4],
    pub ascent: f32,
    pub descent: f32,
    pub cap_height: f32,
}

impl<'a> Font<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        Ok(Self {
            bytes,
            face: Face::parse(bytes, 0).map_err(|cause| Error::Internal(cause.into()))?,
            remapper: GlyphRemapper::new(),
            used: BTreeMap::new(),
        })
    }

    fn thousandths(&self, units: f32) -> f32 {
        units * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// The glyph of a character; of a blank that is none of its own, the blank's.
    fn glyph(&self, c: char) -> GlyphId {
        let of = |c| self.face.glyph_index(c);
        let blank = if c.is_whitespace() { of(' ') } else { None };
        of(c).or(blank).unwrap_or_default()
    }

    /// Whether it has every character of a text.
    pub fn has(&self, text: &str) -> bool {
        text.chars().all(|c| self.glyph(c) != GlyphId(0))
    }

    fn advance(&self, glyph: GlyphId) -> f32 {
        self.thousandths(f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0)))
    }

    /// How wide a text is at a size.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let sum: f32 = text.chars().map(|c| self.advance(self.glyph(c))).sum();
        sum * size / 1000.0
    }

    /// A text as the glyphs of the document's own font, two bytes each.
    pub fn set(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for c in text.chars() {
            let place = self.remapper.remap(self.glyph(c).0);
            if place != 0 {
                self.used.entry(place).or_insert(c);
            }
            bytes.extend(place.to_be_bytes());
        }
        bytes
    }

    /// The characters that were set, by their place in the document's own font.
    pub fn used(&self) -> impl Iterator<Item = (u16, char)> {
        self.used.iter().map(|(place, c)| (*place, *c))
    }

    /// How wide each glyph of the document's own font is, in its order.
    pub fn widths(&self) -> Vec<f32> {
        let glyphs = self.remapper.remapped_gids();
        glyphs.map(|glyph| self.advance(GlyphId(glyph))).collect()
    }

    /// The document's own font: no glyph but those that were set.
    pub fn cut(&self) -> Result<Vec<u8>> {
        subsetter::subset(self.bytes, 0, &self.remapper).map_err(|cause| Error::Internal(cause.into()))
    }

    /// What a PDF tells of it.
    pub fn measures(&self) -> Measures {
        let units = |units: i16| self.thousandths(f32::from(units));
        let bbox = self.face.global_bounding_box();
        Measures {
            bbox: [bbox.x_min, bbox.y_min, bbox.x_max, bbox.y_max].map(units),
            ascent: units(self.face.ascender()),
            descent: units(self.face.descender()),
            cap_height: units(self.face.capital_height().unwrap_or(self.face.ascender())),
        }
    }
}
