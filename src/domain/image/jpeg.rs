//! Whether a JPEG has an end: its decoder fills what is missing with grey, and says nothing.

/// Whether the last scan is followed by the mark of the end. A thumbnail among the metadata has one of its own, so the
/// segments are passed over one by one.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        let Some((mark, behind)) = next_mark(rest) else {
            return false;
        };
        match mark {
            0xd9 => return true,
            // Marks that stand alone.
            0x01 | 0xd0..=0xd8 => rest = behind,
            _ => {
                let length = match behind {
                    [high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
                    _ => return false,
                };
                let Some(next) = behind.get(length.max(2)..) else {
                    return false;
                };
                rest = next;
            }
        }
    }
}

/// The next mark and what follows it, whatever stands before: of a scan its data, in which 0xff is followed by 0.
fn next_mark(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|byte| *byte == 0xff)?;
        rest = &rest[at + 1..];
        match rest.first()? {
            0 | 0xff => {}
            mark => return Some((*mark, &rest[1..])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_the_last_of_the_segments() {
        let head = [
            0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd9, 1, 2, 0xff, 0xda, 0, 3, 9,
        ];
        let whole = [&head[..], &[5, 0xff, 0, 7, 0xff, 0xd0, 8, 0xff, 0xd9]].concat();
        assert!(is_whole(&whole));
        for end in 0..whole.len() {
            assert!(!is_whole(&whole[..end]), "{end}");
        }
        assert!(is_whole(&[&whole[..], b"more"].concat()));
    }
}
