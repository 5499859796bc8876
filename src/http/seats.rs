//! Places for connections: so many at once, and so many of them for one address, so that nobody keeps the others out. This
//! machine and trusted proxies, behind which many people are, are not counted (NET-01).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::config::Network;
use crate::config::Server;
use crate::http::address;

/// Connections by address.
type Counts = Arc<Mutex<HashMap<IpAddr, u64>>>;

/// All places.
pub struct Seats {
    free: Arc<Semaphore>,
    size: u32,
    most_for_one: u64,
    proxies: Vec<Network>,
    by_address: Counts,
}

/// A connection's place; it is free again when the socket closes.
#[derive(Debug)]
pub struct Seat {
    _permit: OwnedSemaphorePermit,
    counted: Option<(IpAddr, Counts)>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some((ip, counts)) = &self.counted {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = counts.get_mut(ip) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(ip);
                }
            }
        }
    }
}

impl Seats {
    /// As many as the settings say.
    pub fn new(settings: &Server) -> Self {
        let size = u32::try_from(settings.connections).unwrap_or(u32::MAX);
        Self {
            free: Arc::new(Semaphore::new(size as usize)),
            size,
            most_for_one: settings.connections_per_ip,
            proxies: settings.trusted_proxies.clone(),
            by_address: Arc::default(),
        }
    }

    /// A place for whoever comes next, once there is one.
    pub async fn free(&self) -> std::io::Result<OwnedSemaphorePermit> {
        Arc::clone(&self.free)
            .acquire_owned()
            .await
            .map_err(std::io::Error::other)
    }

    /// Whether every place is taken, so that whoever comes next waits.
    pub fn are_taken(&self) -> bool {
        self.free.available_permits() == 0
    }

    /// Is done when nobody is left.
    pub async fn empty(&self) {
        let _ = self.free.acquire_many(self.size).await;
    }

    /// Gives the place to an address; nothing if it has too many.
    pub fn give(&self, permit: OwnedSemaphorePermit, ip: IpAddr) -> Option<Seat> {
        let is_free = ip.to_canonical().is_loopback() || self.proxies.iter().any(|net| net.contains(ip));
        if is_free {
            return Some(Seat {
                _permit: permit,
                counted: None,
            });
        }
        let ip = address::household(ip);
        let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(ip).or_default();
        if *count >= self.most_for_one {
            return None;
        }
        *count += 1;
        Some(Seat {
            _permit: permit,
            counted: Some((ip, Arc::clone(&self.by_address))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(seats: &Seats, ip: &str) -> Option<Seat> {
        let permit = Arc::clone(&seats.free).try_acquire_owned().unwrap();
        seats.give(permit, ip.parse().unwrap())
    }

    /// NET-01
    #[test]
    fn an_address_has_64_seats_and_one_more_for_each_it_gives_back() {
        let seats = Seats::new(&Server::default());
        let mut taken: Vec<Seat> = (0..64).map(|_| take(&seats, "203.0.113.5").unwrap()).collect();
        assert!(take(&seats, "203.0.113.5").is_none());
        assert!(
            take(&seats, "::ffff:203.0.113.5").is_none(),
            "the same, written otherwise"
        );
        assert!(take(&seats, "203.0.113.6").is_some());
        taken.pop();
        taken.push(take(&seats, "203.0.113.5").unwrap());
        assert!(take(&seats, "203.0.113.5").is_none());
        drop(taken);
        assert!(seats.by_address.lock().unwrap().is_empty());
        assert_eq!(seats.free.available_permits(), 2048);
    }

    /// NET-01: whoever has a net of its own of IPv6 has no more than others.
    #[test]
    fn a_household_counts_as_one_and_this_machine_not_at_all() {
        let seats = Seats::new(&Server {
            connections_per_ip: 2,
            trusted_proxies: vec![Network::of(IpAddr::from([198, 51, 100, 0]), 24)],
            ..Server::default()
        });
        let one = take(&seats, "2001:db8:7:7::1");
        let two = take(&seats, "2001:db8:7:7:ffff::2");
        assert!(one.is_some() && two.is_some());
        assert!(take(&seats, "2001:db8:7:7::3").is_none());
        for free in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "198.51.100.7",
        ] {
            let taken: Vec<_> = (0..10).map(|_| take(&seats, free)).collect();
            assert!(taken.iter().all(Option::is_some), "{free}");
        }
    }
}
