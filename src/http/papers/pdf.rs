//! A PDF: pages of text and rules, with the fonts that they are set in.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::Content;
use pdf_writer::Filter;
use pdf_writer::Finish;
use pdf_writer::Name;
use pdf_writer::Pdf;
use pdf_writer::Rect;
use pdf_writer::Ref;
use pdf_writer::Str;
use pdf_writer::TextStr;
use pdf_writer::types::CidFontType;
use pdf_writer::types::FontFlags;
use pdf_writer::types::SystemInfo;
use pdf_writer::types::UnicodeCmap;

use crate::error::Error;
use crate::error::Result;
use crate::http::papers::font::Font;

/// The weights, by their place among the fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular = 0,
    Bold = 1,
}

const NAMES: [&[u8]; 2] = [b"F0", b"F1"];
const BASE: [&[u8]; 2] = [b"TILLAA+Paper-Regular", b"TILLAB+Paper-Bold"];
/// How glyphs are numbered: by their place in the font.
const IDENTITY: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// Pages as they are filled; the origin is the upper left, in points.
pub struct Document<'a> {
    fonts: [Font<'a>; 2],
    width: f32,
    height: f32,
    pages: Vec<Content>,
}

impl<'a> Document<'a> {
    /// A document without pages yet.
    pub const fn new(fonts: [Font<'a>; 2], width: f32, height: f32) -> Self {
        Self {
            fonts,
            width,
            height,
            pages: Vec::new(),
        }
    }

    /// Begins another page.
    pub fn begin_page(&mut self) {
        self.pages.push(Content::new());
    }

    /// How many pages there are.
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// How wide a text is.
    pub fn measure(&self, text: &str, weight: Weight, size: f32) -> f32 {
        self.fonts[weight as usize].width(text, size)
    }

    /// Whether the fonts have every character of a text.
    pub fn has(&self, text: &str) -> bool {
        self.fonts.iter().all(|font| font.has(text))
    }

    /// Sets a text with its base line at `y` of a page; `gray` is 0 for black.
    pub fn text(
        &mut self,
        page: usize,
        (x, y): (f32, f32),
        text: &str,
        (weight, size, gray): (Weight, f32, f32),
    ) {
        let glyphs = self.fonts[weight as usize].set(text);
        let up = self.height - y;
        if let Some(content) = self.pages.get_mut(page) {
            content.begin_text();
            content.set_fill_gray(gray);
            content.set_font(Name(NAMES[weight as usize]), size);
            content.next_line(x, up);
            content.show(Str(&glyphs));
            content.end_text();
        }
    }

    /// Draws a rule across.
    pub fn rule(&mut self, page: usize, (x, y): (f32, f32), width: f32, (thick, gray): (f32, f32)) {
        let up = self.height - y;
        if let Some(content) = self.pages.get_mut(page) {
            content.set_stroke_gray(gray);
            content.set_line_width(thick);
            content.move_to(x, up);
            content.line_to(x + width, up);
            content.stroke();
        }
    }

    /// The file.
    pub fn finish(self, title: &str) -> Result<Vec<u8>> {
        let mut pdf = Pdf::new();
        let mut next = 1;
        let mut fresh = || {
            next += 1;
            Ref::new(next - 1)
        };
        let (catalog, tree, info) = (fresh(), fresh(), fresh());
        let fonts = [fresh(), fresh()];
        let pages: Vec<(Ref, Ref)> = self.pages.iter().map(|_| (fresh(), fresh())).collect();
        pdf.catalog(catalog).pages(tree);
        let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
        pdf.pages(tree)
            .kids(pages.iter().map(|(page, _)| *page))
            .count(count);
        pdf.document_info(info)
            .title(TextStr(title))
            .producer(TextStr("Till"));
        for ((page, content), drawn) in pages.into_iter().zip(self.pages) {
            let mut row = pdf.page(page);
            row.parent(tree)
                .media_box(Rect::new(0.0, 0.0, self.width, self.height))
                .contents(content);
            row.resources()
                .fonts()
                .pair(Name(NAMES[0]), fonts[0])
                .pair(Name(NAMES[1]), fonts[1]);
            row.finish();
            let packed = pack(&drawn.finish())?;
            pdf.stream(content, &packed).filter(Filter::FlateDecode);
        }
        for (at, font) in self.fonts.iter().enumerate() {
            let parts = [fonts[at], fresh(), fresh(), fresh(), fresh()];
            embed(&mut pdf, font, BASE[at], parts)?;
        }
        Ok(pdf.finish())
    }
}

/// Writes a font with those of its glyphs that were set, and what each stands for, so that the text can be read out.
fn embed(pdf: &mut Pdf, font: &Font<'_>, base: &[u8], ids: [Ref; 5]) -> Result<()> {
    let [id, cid, descriptor, file, unicode] = ids;
    let name = Name(base);
    pdf.type0_font(id)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(unicode);
    let mut row = pdf.cid_font(cid);
    row.subtype(CidFontType::Type2)
        .base_font(name)
        .system_info(IDENTITY)
        .font_descriptor(descriptor)
        .default_width(0.0)
        .cid_to_gid_map_predefined(Name(b"Identity"));
    row.widths().consecutive(0, font.widths());
    row.finish();
    let measures = font.measures();
    let [left, low, right, high] = measures.bbox;
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(left, low, right, high))
        .italic_angle(0.0)
        .ascent(measures.ascent)
        .descent(measures.descent)
        .cap_height(measures.cap_height)
        .stem_v(80.0)
        .font_file2(file);
    let packed = pack(&font.cut()?)?;
    pdf.stream(file, &packed).filter(Filter::FlateDecode);
    let mut map = UnicodeCmap::<u16>::new(Name(b"Till"), IDENTITY);
    for (place, c) in font.used() {
        map.pair(place, c);
    }
    let packed = pack(&map.finish())?;
    pdf.cmap(unicode, &packed).filter(Filter::FlateDecode);
    Ok(())
}

fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    let trouble = |cause: std::io::Error| Error::Internal(cause.into());
    let mut packer = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    packer.write_all(bytes).map_err(trouble)?;
    packer.finish().map_err(trouble)
}
