//! Pixels: scaled down and turned, in whole numbers.

/// As a decoder leaves them: grey or colour, with transparency or without, in one byte or two each.
pub(super) struct Raw {
    pub(super) bytes: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    /// Each value is two bytes, in the machine's order.
    pub(super) is_wide: bool,
}

/// Red, green, blue and opacity, row by row.
pub(super) struct Pixels {
    pub(super) rgba: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Raw {
    fn row(&self, y: usize) -> &[u8] {
        let length = self.width * self.step();
        &self.bytes[y * length..(y + 1) * length]
    }

    const fn step(&self) -> usize {
        match self.is_wide {
            true => self.channels * 2,
            false => self.channels,
        }
    }

    /// The eight highest bits of a value.
    fn value(&self, pixel: &[u8], channel: usize) -> u8 {
        match self.is_wide {
            true => {
                let [high, _] =
                    u16::from_ne_bytes([pixel[2 * channel], pixel[2 * channel + 1]]).to_be_bytes();
                high
            }
            false => pixel[channel],
        }
    }

    fn rgba(&self, pixel: &[u8]) -> [u64; 4] {
        let value = |channel| u64::from(self.value(pixel, channel));
        match self.channels {
            1 => [value(0), value(0), value(0), 255],
            2 => [value(0), value(0), value(0), value(1)],
            3 => [value(0), value(1), value(2), 255],
            _ => [value(0), value(1), value(2), value(3)],
        }
    }

    /// The same so small that no side is longer than `most`, each pixel the mean of what it covers. What cannot be seen
    /// has no colour to share.
    pub(super) fn scaled(&self, most: usize) -> Pixels {
        let long = self.width.max(self.height);
        let side = |side: usize| match long > most {
            true => ((side * most + long / 2) / long).max(1),
            false => side,
        };
        let (width, height) = (side(self.width), side(self.height));
        let mut rgba = Vec::with_capacity(width * height * 4);
        let mut sums = vec![[0; 4]; width];
        let mut line = vec![[0; 4]; width];
        let area = (self.width * self.height) as u64;
        for y in 0..self.height {
            self.add_across(y, &mut line);
            // A row of the source is `height` high, one of the result `self.height`: it falls into two at most.
            let (top, bottom) = (y * height, (y + 1) * height);
            let edge = (top / self.height + 1) * self.height;
            add(&mut sums, &line, (bottom.min(edge) - top) as u64);
            if bottom >= edge {
                rgba.extend(sums.iter().flat_map(|sum| mean(*sum, area)));
                sums.fill([0; 4]);
                add(&mut sums, &line, (bottom - edge) as u64);
            }
            line.fill([0; 4]);
        }
        Pixels { rgba, width, height }
    }

    /// Adds a row to sums that are fewer: each value times its opacity, times how much of the pixel is covered.
    fn add_across(&self, y: usize, line: &mut [[u64; 4]]) {
        let width = line.len();
        for (x, pixel) in self.row(y).chunks_exact(self.step()).enumerate() {
            let [red, green, blue, opacity] = self.rgba(pixel);
            let value = [red * opacity, green * opacity, blue * opacity, opacity];
            let (left, right) = (x * width, (x + 1) * width);
            let at = left / self.width;
            let edge = (at + 1) * self.width;
            weigh(&mut line[at], value, (right.min(edge) - left) as u64);
            if right > edge {
                weigh(&mut line[at + 1], value, (right - edge) as u64);
            }
        }
    }
}

fn weigh(sum: &mut [u64; 4], value: [u64; 4], weight: u64) {
    for (sum, value) in sum.iter_mut().zip(value) {
        *sum += value * weight;
    }
}

fn add(sums: &mut [[u64; 4]], line: &[[u64; 4]], weight: u64) {
    for (sum, value) in sums.iter_mut().zip(line) {
        weigh(sum, *value, weight);
    }
}

fn mean([red, green, blue, opacity]: [u64; 4], area: u64) -> [u8; 4] {
    let of =
        |sum: u64, whole: u64| u8::try_from((sum + whole / 2).checked_div(whole).unwrap_or(0)).unwrap_or(255);
    [
        of(red, opacity),
        of(green, opacity),
        of(blue, opacity),
        of(opacity, area),
    ]
}

impl Pixels {
    /// Whether something shines through.
    pub(super) fn is_transparent(&self) -> bool {
        self.rgba
            .as_chunks::<4>()
            .0
            .iter()
            .any(|[.., opacity]| *opacity < 255)
    }

    /// Without the opacity.
    pub(super) fn rgb(&self) -> Vec<u8> {
        let pixels = self.rgba.as_chunks::<4>().0.iter();
        pixels
            .flat_map(|[red, green, blue, _]| [*red, *green, *blue])
            .collect()
    }

    /// As it is to be seen, by the number that EXIF gives the camera's hold: 6 is a quarter turn to the right.
    pub(super) fn turned(self, hold: u8) -> Self {
        if !(2..=8).contains(&hold) {
            return self;
        }
        let (width, height) = (self.width, self.height);
        let (across, down) = match hold {
            5.. => (height, width),
            _ => (width, height),
        };
        let source = |x: usize, y: usize| match hold {
            2 => (width - 1 - x, y),
            3 => (width - 1 - x, height - 1 - y),
            4 => (x, height - 1 - y),
            5 => (y, x),
            6 => (y, height - 1 - x),
            7 => (width - 1 - y, height - 1 - x),
            8 => (width - 1 - y, x),
            _ => (x, y),
        };
        let mut rgba = Vec::with_capacity(self.rgba.len());
        for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
            let (x, y) = source(x, y);
            let at = (y * width + x) * 4;
            rgba.extend_from_slice(&self.rgba[at..at + 4]);
        }
        Self {
            rgba,
            width: across,
            height: down,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(width: usize, height: usize, channels: usize, bytes: &[u8]) -> Raw {
        Raw {
            bytes: bytes.to_vec(),
            width,
            height,
            channels,
            is_wide: false,
        }
    }

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        let grey = raw(4, 2, 1, &[0, 100, 10, 20, 100, 200, 30, 40]);
        let small = grey.scaled(2);
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.rgba, [100, 100, 100, 255, 25, 25, 25, 255]);
        // Two thirds: each covers one pixel and a half.
        let third = raw(3, 1, 1, &[30, 60, 90]).scaled(2);
        assert_eq!(third.rgba, [40, 40, 40, 255, 80, 80, 80, 255]);
        let same = raw(2, 1, 3, &[1, 2, 3, 4, 5, 6]).scaled(2);
        assert_eq!(same.rgb(), [1, 2, 3, 4, 5, 6]);
        let wide = Raw {
            is_wide: true,
            ..raw(1, 1, 1, &0x1234_u16.to_ne_bytes())
        };
        assert_eq!(wide.scaled(1).rgba, [0x12, 0x12, 0x12, 255]);
        assert_eq!(
            (raw(9, 1, 1, &[7; 9]).scaled(3).height, grey.scaled(9).width),
            (1, 4)
        );
    }

    #[test]
    fn what_cannot_be_seen_lends_no_colour() {
        let half = raw(2, 1, 4, &[200, 0, 0, 255, 0, 255, 0, 0]).scaled(1);
        assert_eq!(half.rgba, [200, 0, 0, 128]);
        assert!(half.is_transparent());
        assert!(!raw(1, 1, 3, &[1, 2, 3]).scaled(1).is_transparent());
    }

    /// Each hold of EXIF, on a picture of two by three: what its first row becomes.
    #[test]
    fn a_picture_is_turned_as_it_was_held() {
        let turned = |hold| {
            let pixels = raw(2, 3, 1, &[1, 2, 3, 4, 5, 6]).scaled(9).turned(hold);
            let grey: Vec<u8> = pixels
                .rgba
                .as_chunks::<4>()
                .0
                .iter()
                .map(|pixel| pixel[0])
                .collect();
            (pixels.width, grey)
        };
        assert_eq!(turned(0), turned(1));
        assert_eq!(turned(1), (2, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(turned(2), (2, vec![2, 1, 4, 3, 6, 5]));
        assert_eq!(turned(3), (2, vec![6, 5, 4, 3, 2, 1]));
        assert_eq!(turned(4), (2, vec![5, 6, 3, 4, 1, 2]));
        assert_eq!(turned(5), (3, vec![1, 3, 5, 2, 4, 6]));
        assert_eq!(turned(6), (3, vec![5, 3, 1, 6, 4, 2]));
        assert_eq!(turned(7), (3, vec![6, 4, 2, 5, 3, 1]));
        assert_eq!(turned(8), (3, vec![2, 4, 6, 1, 3, 5]));
    }
}
