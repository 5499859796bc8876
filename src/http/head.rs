//! Looks at the bytes of HTTP/1 on their way in. A head that says the length of its body twice is what request smuggling
//! lives on; hyper repairs some of these silently, so they are spoiled here and answered with 400 (NET-04).

/// Of each line only the start is kept.
const KEPT: usize = 64;

/// Follows one connection from head to head.
#[derive(Debug, Default)]
pub struct HeadGuard {
    state: State,
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
    /// How long that line is so far.
    length: usize,
}

#[derive(Debug)]
enum State {
    Head(Head),
    /// So many bytes of a body are still to come.
    Body(u64),
    /// The rest is no HTTP/1, or the connection ends with this request.
    Blind,
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

#[derive(Debug, Default)]
struct Head {
    has_first_line: bool,
    content_length: Option<u64>,
    is_encoded: bool,
    is_upgrade: bool,
}

/// What a line means for the connection.
enum Verdict {
    Fine,
    Spoil,
    Next(State),
}

impl HeadGuard {
    /// Takes the bytes that have just come. In a head with two lengths one byte becomes NUL, which no parser accepts.
    pub fn look(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.state {
                State::Blind => return,
                State::Body(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    *left -= skipped as u64;
                    at += skipped;
                    if *left == 0 {
                        self.state = State::default();
                    }
                }
                State::Head(_) => at += self.line(&mut bytes[at..]),
            }
        }
    }

    /// Takes a line, or the start of one; how many bytes that were.
    fn line(&mut self, bytes: &mut [u8]) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        let State::Head(head) = &mut self.state else {
            return bytes.len();
        };
        let keep = |line: &mut Vec<u8>| {
            let room = KEPT.saturating_sub(line.len()).min(piece.len());
            line.extend_from_slice(&piece[..room]);
        };
        let Some(end) = end else {
            keep(&mut self.line);
            self.length += piece.len();
            return bytes.len();
        };
        let verdict = match self.length {
            0 => head.line(&piece[..piece.len().min(KEPT)], piece.len()),
            _ => {
                keep(&mut self.line);
                head.line(&self.line, self.length + piece.len())
            }
        };
        self.line.clear();
        self.length = 0;
        match verdict {
            Verdict::Fine => {}
            Verdict::Spoil => {
                // The last byte of the line, not its end: hyper looks for two ends in a row before it parses, and would
                // wait for them. An end that comes by itself is all there is, and then it does wait.
                bytes[end.saturating_sub(1)] = 0;
                self.state = State::Blind;
            }
            Verdict::Next(state) => self.state = state,
        }
        end + 1
    }
}

impl Head {
    fn line(&mut self, kept: &[u8], length: usize) -> Verdict {
        let line = kept.strip_suffix(b"\r").unwrap_or(kept);
        match (line.first(), self.has_first_line) {
            (None, true) => return Verdict::Next(self.body()),
            (None, false) => return Verdict::Fine,
            (Some(_), false) => {
                self.has_first_line = true;
                return match line.starts_with(b"PRI * HTTP/2") {
                    true => Verdict::Next(State::Blind),
                    false => Verdict::Fine,
                };
            }
            (Some(b'c' | b'C' | b't' | b'T' | b'u' | b'U'), true) => {}
            (Some(_), true) => return Verdict::Fine,
        }
        if let Some(value) = value(line, b"content-length") {
            let number = std::str::from_utf8(value)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            if self.content_length.is_some() || self.is_encoded || number.is_none() || length > KEPT {
                return Verdict::Spoil;
            }
            self.content_length = number;
        } else if value(line, b"transfer-encoding").is_some() {
            if self.content_length.is_some() || self.is_encoded {
                return Verdict::Spoil;
            }
            self.is_encoded = true;
        } else if value(line, b"upgrade").is_some() {
            self.is_upgrade = true;
        }
        Verdict::Fine
    }

    /// What follows the head. After a body in chunks the shell closes the connection.
    fn body(&self) -> State {
        match (self.is_encoded || self.is_upgrade, self.content_length) {
            (true, _) => State::Blind,
            (false, None | Some(0)) => State::default(),
            (false, Some(length)) => State::Body(length),
        }
    }
}

/// The value of a header line, if it has this name.
fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(name.len())?;
    match found.eq_ignore_ascii_case(name) {
        true => rest.strip_prefix(b":"),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the guard spoils these bytes, whole and cut into pieces of every length.
    fn spoils(text: &str) -> bool {
        let whole = fed(text, text.len());
        for size in 1..text.len() {
            assert_eq!(fed(text, size), whole, "in pieces of {size}: {text:?}");
        }
        whole
    }

    fn fed(text: &str, size: usize) -> bool {
        let mut guard = HeadGuard::default();
        let mut bytes = text.as_bytes().to_vec();
        for piece in bytes.chunks_mut(size) {
            guard.look(piece);
        }
        bytes.contains(&0)
    }

    /// NET-04
    #[test]
    fn a_body_has_one_length() {
        for text in [
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            "POST / HTTP/1.1\r\ncontent-length: 1\r\nCONTENT-LENGTH: 2\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\nTransfer-Encoding: chunked\nTransfer-Encoding: identity\n\n",
            "POST / HTTP/1.1\r\nContent-Length: +1\r\nContent-Length: 1, 1\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\r\nGET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        ] {
            assert!(spoils(text), "{text:?}");
        }
    }

    /// NET-04
    #[test]
    fn honest_requests_pass_as_they_are() {
        for text in [
            "GET / HTTP/1.1\r\nHost: x\r\nCookie: content-length: 1; content-length: 2\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 40\r\n\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n..",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "GET /1 HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            "GET / HTTP/1.1\r\nX-Content-Length: 1\r\nX-Content-Length: 1\r\nContent-Lengthy: 1\r\n\r\n",
        ] {
            assert!(!spoils(text), "{text:?}");
        }
    }
}
