//! One connection of the load generator: HTTP/1.1 with keep-alive, the least that tells a reply from the next.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::error::Error;
use crate::error::Result;

/// A connection that asks one thing at a time.
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

/// The head of a reply.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes of head and body together.
    whole: usize,
}

impl Wire {
    /// Connects.
    pub async fn open(at: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(at).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(128 * 1024),
        })
    }

    /// Sends a request and reads its whole reply; the status.
    pub async fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await.map_err(broken)?;
        self.read.clear();
        loop {
            if let Some(head) = head(&self.read)? {
                return self.rest(head).await;
            }
            self.more().await?;
        }
    }

    /// The body of the last reply.
    pub fn body(&self) -> &[u8] {
        &self.read[end_of_head(&self.read).unwrap_or(0)..]
    }

    async fn rest(&mut self, head: Head) -> Result<u16> {
        while self.read.len() < head.whole {
            self.more().await?;
        }
        Ok(head.status)
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.read).await.map_err(broken)? {
            0 => Err(Error::internal("the server closed a connection under a request")),
            _ => Ok(()),
        }
    }
}

fn broken(cause: std::io::Error) -> Error {
    Error::internal(format!("a connection broke: {cause}"))
}

fn end_of_head(read: &[u8]) -> Option<usize> {
    read.windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map(|at| at + 4)
}

/// The head, once it is all there. A reply must tell its length: nothing here asks for a stream.
fn head(read: &[u8]) -> Result<Option<Head>> {
    let Some(end) = end_of_head(read) else {
        return Ok(None);
    };
    let unreadable = || Error::internal("a reply has no status or no length");
    let head = std::str::from_utf8(&read[..end]).map_err(|_| unreadable())?;
    let status = head
        .get(9..12)
        .and_then(|status| status.parse().ok())
        .ok_or_else(unreadable)?;
    let length = match status {
        204 | 304 => 0,
        _ => length(head).ok_or_else(unreadable)?,
    };
    Ok(Some(Head {
        status,
        whole: end + length,
    }))
}

fn length(head: &str) -> Option<usize> {
    const NAME: &str = "content-length:";
    head.split("\r\n")
        .find(|line| {
            line.get(..NAME.len())
                .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
        })
        .and_then(|line| line[NAME.len()..].trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FEATURES N13: what is counted is what came, byte by byte as it may come.
    #[test]
    fn a_reply_is_whole_when_its_length_has_come() {
        let reply = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\netag: \"1\"\r\n\r\n{}";
        let head_ends = reply.len() - 2;
        for cut in 0..head_ends {
            assert_eq!(head(&reply[..cut]).unwrap(), None);
        }
        let whole = Head {
            status: 201,
            whole: reply.len(),
        };
        assert_eq!(head(reply).unwrap(), Some(whole));
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
