//! The executable: receivers that drip, are never done, or send bombs cost it no memory.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use crate::sink::Sink;
use crate::webhooks::ENDPOINTS;
use crate::webhooks_kill::prepared;
use crate::webhooks_receivers::odd_answers;

const ORDERS: usize = 5;
/// In KiB.
const MOST: i64 = 2048;

/// OWH-05: 2 MiB at most, once it has all that it needs for them.
#[test]
fn odd_receivers_take_no_memory() {
    let mut shop = prepared();
    shop.start();
    let mug = json!({ "name": "Mug", "sku": "MUG", "price": "4.50", "quantity": 1000 });
    shop.send("POST", "/api/v1/products", &mug);
    let (say, heard) = mpsc::channel();
    let sinks: Vec<Sink> = odd_answers()
        .into_iter()
        .map(|odd| {
            let (sink, say) = (Sink::start(), say.clone());
            sink.say(move |_| {
                let _ = say.send(());
                odd.clone()
            });
            let body = json!({ "url": sink.url(), "events": ["order.*"] });
            shop.send("POST", ENDPOINTS, &body);
            sink
        })
        .collect();
    let round = || {
        for _ in 0..ORDERS {
            let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
            shop.send("POST", "/api/v1/orders", &body);
        }
        for _ in 0..2 * ORDERS * sinks.len() {
            heard.recv_timeout(Duration::from_secs(120)).unwrap();
        }
    };
    round();
    let server = shop.server.as_ref().unwrap();
    server.forget_peak();
    let before = server.memory("VmRSS");
    round();
    let grown = server.memory("VmHWM") - before;
    assert!(grown <= MOST, "{grown} KiB");
    shop.server.take().unwrap().kill();
    std::fs::remove_dir_all(&shop.dir).unwrap();
}
