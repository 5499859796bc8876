//! A picture that somebody sends, drawn anew: what is kept is made of its pixels alone, so that nothing that was wound
//! around them comes along, neither a place nor a script.

use std::io::Cursor;
use std::panic::catch_unwind;

use image::ColorType;
use image::ExtendedColorType;
use image::ImageDecoder;
use image::ImageError;
use image::ImageResult;
use image::Limits;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::codecs::webp::WebPEncoder;

use crate::domain::image::ImageForm;
use crate::domain::image::MOST_BYTES;
use crate::domain::image::MOST_PIXELS;
use crate::domain::image::Unfit;
use crate::domain::image::jpeg;
use crate::domain::image::pixels::Pixels;
use crate::domain::image::pixels::Raw;

/// The long side of the large one, and of the small one.
const LARGE: usize = 1600;
const SMALL: usize = 320;
/// Of 100.
const QUALITY: u8 = 85;
/// The most that [`MOST_PIXELS`] take at a byte a colour.
const MOST_UNPACKED: u64 = 4 * MOST_PIXELS;
const MOST_BESIDE: u64 = 32 << 20;

/// Both files of a picture. The small one is made of the large one alone, so that the same name always holds the same.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each says what it is")]
pub struct Drawn {
    pub form: ImageForm,
    pub width: i64,
    pub height: i64,
    pub large: Vec<u8>,
    pub small: Vec<u8>,
}

/// Draws a picture. Of an animation it takes what a program that knows none would show.
pub fn draw(bytes: &[u8]) -> Result<Drawn, Unfit> {
    if bytes.len() > MOST_BYTES {
        return Err(Unfit::TooLong);
    }
    // Whatever a decoder falls over is no picture for us, and falls over nothing else.
    catch_unwind(|| draw_anew(bytes)).unwrap_or(Err(Unfit::Broken))
}

fn draw_anew(bytes: &[u8]) -> Result<Drawn, Unfit> {
    let (raw, hold) = decode(bytes)?;
    let pixels = raw.scaled(LARGE).turned(hold);
    drop(raw);
    let (form, large) = encode(&pixels, None)?;
    let (kept, _) = decode(&large)?;
    let (_, small) = encode(&kept.scaled(SMALL), Some(form))?;
    Ok(Drawn {
        form,
        width: pixels.width as i64,
        height: pixels.height as i64,
        large,
        small,
    })
}

/// What a picture is, by its own first bytes.
fn decoder(bytes: &[u8]) -> Result<Box<dyn ImageDecoder + '_>, Unfit> {
    let source = Cursor::new(bytes);
    let opened: ImageResult<Box<dyn ImageDecoder + '_>> = match bytes {
        [0xff, 0xd8, 0xff, ..] => {
            if !jpeg::is_whole(bytes) {
                return Err(Unfit::Broken);
            }
            JpegDecoder::new(source).map(|decoder| Box::new(decoder) as _)
        }
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            PngDecoder::with_limits(source, limits()).map(|decoder| Box::new(decoder) as _)
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            WebPDecoder::new(source).map(|decoder| Box::new(decoder) as _)
        }
        _ => return Err(Unfit::NoPicture),
    };
    opened.map_err(|error| unfit(&error))
}

fn unfit(error: &ImageError) -> Unfit {
    match error {
        ImageError::Limits(_) => Unfit::TooLarge,
        _ => Unfit::Broken,
    }
}

/// Of what a decoder may unpack beside the pixels: a profile of colours, for one.
fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_BESIDE);
    limits
}

/// The pixels, and how the camera was held. How many there are is looked up before anything is unpacked.
fn decode(bytes: &[u8]) -> Result<(Raw, u8), Unfit> {
    let mut decoder = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let unpacked = decoder.total_bytes();
    if pixels > MOST_PIXELS || unpacked > MOST_UNPACKED {
        return Err(Unfit::TooLarge);
    }
    if pixels == 0 {
        return Err(Unfit::Broken);
    }
    let (channels, is_wide) = match decoder.color_type() {
        ColorType::L8 => (1, false),
        ColorType::La8 => (2, false),
        ColorType::Rgb8 => (3, false),
        ColorType::Rgba8 => (4, false),
        ColorType::L16 => (1, true),
        ColorType::La16 => (2, true),
        ColorType::Rgb16 => (3, true),
        ColorType::Rgba16 => (4, true),
        _ => return Err(Unfit::Broken),
    };
    decoder.set_limits(limits()).map_err(|_| Unfit::TooLarge)?;
    let hold = decoder
        .orientation()
        .map_or(1, |orientation| orientation.to_exif());
    let mut raw = Raw {
        bytes: vec![0; usize::try_from(unpacked).map_err(|_| Unfit::TooLarge)?],
        width: width as usize,
        height: height as usize,
        channels,
        is_wide,
    };
    decoder
        .read_image_boxed(&mut raw.bytes)
        .map_err(|error| unfit(&error))?;
    Ok((raw, hold))
}

/// The bytes of a file: what shines through without loss, anything else in the form that takes fewer of them, so that a
/// drawing stays sharp and a photograph small.
fn encode(pixels: &Pixels, form: Option<ImageForm>) -> Result<(ImageForm, Vec<u8>), Unfit> {
    let is_transparent = pixels.is_transparent();
    let lossless = |pixels: &Pixels| match is_transparent {
        true => webp(pixels, &pixels.rgba, ExtendedColorType::Rgba8),
        false => webp(pixels, &pixels.rgb(), ExtendedColorType::Rgb8),
    };
    match form {
        Some(ImageForm::Jpeg) => Ok((ImageForm::Jpeg, jpg(pixels)?)),
        Some(ImageForm::WebP) => Ok((ImageForm::WebP, lossless(pixels)?)),
        None if is_transparent => Ok((ImageForm::WebP, lossless(pixels)?)),
        None => {
            let (sharp, small) = (lossless(pixels)?, jpg(pixels)?);
            Ok(match sharp.len() <= small.len() {
                true => (ImageForm::WebP, sharp),
                false => (ImageForm::Jpeg, small),
            })
        }
    }
}

fn webp(pixels: &Pixels, values: &[u8], kind: ExtendedColorType) -> Result<Vec<u8>, Unfit> {
    let mut file = Vec::new();
    let (width, height) = sides(pixels);
    let written = WebPEncoder::new_lossless(&mut file).encode(values, width, height, kind);
    written.map(|()| file).map_err(|_| Unfit::Broken)
}

fn jpg(pixels: &Pixels) -> Result<Vec<u8>, Unfit> {
    let mut file = Vec::new();
    let (width, height) = sides(pixels);
    let mut encoder = JpegEncoder::new_with_quality(&mut file, QUALITY);
    let written = encoder.encode(&pixels.rgb(), width, height, ExtendedColorType::Rgb8);
    written.map(|()| file).map_err(|_| Unfit::Broken)
}

/// No side is longer than [`LARGE`].
fn sides(pixels: &Pixels) -> (u32, u32) {
    (pixels.width as u32, pixels.height as u32)
}
