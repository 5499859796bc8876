//! Names are no way inside: what a name stands for is held to the rules at each attempt, and so is who answers there.

use std::collections::HashMap;
use std::io::Read;
use std::io::Write;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::ServerConnection;
use tokio_rustls::rustls::StreamOwned;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::app::TestApp;
use crate::names;
use crate::sink::Say;
use crate::sink::Sink;
use crate::webhooks::DELIVERIES;
use crate::webhooks::deliveries;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks_guard::INSIDE_V4;
use crate::webhooks_guard::INSIDE_V6;

/// In these tests it is as good as public; 127.0.0.1 is not.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const INSIDE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A receiver outside, and one inside on the same port.
fn sinks() -> (Sink, Sink) {
    loop {
        let outside = Sink::start_at(&format!("{OUTSIDE}:0"));
        let there = format!("{INSIDE}:{}", outside.at().port());
        if let Some(inside) = Sink::try_start_at(&there) {
            return (outside, inside);
        }
    }
}

/// A shop that asks this resolver.
fn shop(answers: impl FnMut(&str) -> Vec<IpAddr> + Send + 'static) -> TestApp {
    let resolver = names::start(answers);
    let app = TestApp::start_with(|config| {
        config.webhooks.allow_http = true;
        config.webhooks.allow_networks = vec![format!("{OUTSIDE}/32").parse().unwrap()];
        config.webhooks.resolver = Some(resolver);
    });
    app.product("MUG", "4.50", 1_000);
    app
}

/// How many deliveries have arrived, and how many will be tried again.
fn came(app: &TestApp) -> (i64, i64) {
    let of = |status: i64| {
        app.number(&format!(
            "SELECT count(*) FROM deliveries WHERE status = {status}"
        ))
    };
    (of(3), of(1))
}

/// SSR-01: a thousand names that change their mind, before and after each attempt.
#[test]
fn a_name_that_changes_its_mind_leads_nowhere_inside() {
    let (outside, inside) = sinks();
    // Each lookup on a connection of its own.
    outside.say(|_| Say::With(200, "connection", "close".to_owned()));
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, mut turns) = (Arc::clone(&asked), HashMap::<String, usize>::new());
    let app = shop(move |name| {
        count.fetch_add(1, Ordering::SeqCst);
        let turn = turns.entry(name.to_owned()).or_default();
        *turn += 1;
        // A good one first: however late it is answered, never are seven of ten that have ended bad, and no breaker opens.
        match *turn % 4 {
            1 => vec![INSIDE.into(), OUTSIDE.into()],
            3 => vec![OUTSIDE.into()],
            2 => vec![INSIDE.into()],
            _ => vec![INSIDE.to_ipv6_mapped().into(), INSIDE.into()],
        }
    });
    for number in 0..10 {
        let url = format!("http://flip{number}.test:{}/", outside.at().port());
        endpoint(&app, &url, &["order.*"]);
    }
    for _ in 0..100 {
        order(&app);
    }
    app.deliver();
    assert_eq!(came(&app), (500, 500));
    assert_eq!((outside.heard().len(), inside.connections()), (500, 0));
    assert_eq!(asked.load(Ordering::SeqCst), 1000);
}

/// SSR-02: names that stand for each address inside, and one for one outside.
#[test]
fn no_name_leads_inside() {
    let (outside, inside) = sinks();
    let v4 = INSIDE_V4.iter().map(|ip| ip.parse::<Ipv4Addr>().unwrap());
    let mut all: Vec<IpAddr> = v4
        .flat_map(|ip| {
            [
                ip.into(),
                ip.to_ipv6_mapped().into(),
                ip.to_ipv6_compatible().into(),
            ]
        })
        .collect();
    all.extend(INSIDE_V6.iter().filter_map(|ip| ip.parse::<IpAddr>().ok()));
    assert!(all.len() > 100);
    all.push(OUTSIDE.into());
    let (count, answers) = (all.len(), all);
    let app = shop(move |name| {
        let number: usize = name.trim_end_matches(".test").parse().unwrap();
        vec![answers[number]]
    });
    for number in 0..count {
        let url = format!("http://{number}.test:{}/", outside.at().port());
        endpoint(&app, &url, &["order.*"]);
    }
    order(&app);
    app.deliver();
    assert_eq!(came(&app), (1, count as i64 - 1));
    assert_eq!((outside.heard().len(), inside.connections()), (1, 0));
    for one in deliveries(&app, "status=failed") {
        let tries = app.get("owner", &format!("{DELIVERIES}/{}", one["id"])).json()["tries"].clone();
        assert_eq!(tries[0]["failure"], "unreachable", "{tries}");
    }
}

/// SSR-02: whoever is outside may not lead inside.
#[test]
fn no_redirect_leads_inside() {
    let (outside, inside) = sinks();
    let app = shop(|_| vec![INSIDE.into()]);
    let port = inside.at().port();
    let places = [
        format!("http://{INSIDE}:{port}/"),
        format!("http://[::ffff:{INSIDE}]:{port}/"),
        format!("http://inside.test:{port}/"),
        format!("//{INSIDE}:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "/elsewhere".to_owned(),
    ];
    let statuses = [300, 301, 302, 303, 307, 308];
    let (said, count) = (places.clone(), places.len());
    outside.say(move |heard| {
        let number: usize = heard.path.rsplit('/').next().unwrap().parse().unwrap();
        Say::With(statuses[number / count], "location", said[number % count].clone())
    });
    let all = statuses.len() * count;
    for number in 0..all {
        endpoint(&app, &format!("http://{}/{number}", outside.at()), &["order.*"]);
    }
    order(&app);
    app.deliver();
    assert_eq!(came(&app), (0, all as i64));
    assert_eq!((outside.heard().len(), inside.connections()), (all, 0));
}

const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/certificates");

/// A receiver by TLS with a certificate of its own: its port, and how many requests it could read.
fn secured(certificate: &str) -> (u16, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_file(format!("{CERTIFICATES}/{certificate}.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{CERTIFICATES}/key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind(format!("{OUTSIDE}:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut bytes = [0; 4096];
            if stream.read(&mut bytes).is_ok_and(|length| length > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 204 So\r\nconnection: close\r\n\r\n");
                let _ = stream.flush();
            }
        }
    });
    (port, read)
}

/// SSR-03: who shows a bad certificate is told nothing; one of an authority of the operator's own is good, if it is named.
#[test]
fn a_bad_certificate_is_never_believed() {
    for is_named in [true, false] {
        let resolver = names::start(|_| vec![OUTSIDE.into()]);
        let app = TestApp::start_with(|config| {
            config.webhooks.allow_networks = vec![format!("{OUTSIDE}/32").parse().unwrap()];
            config.webhooks.resolver = Some(resolver);
            if is_named {
                config.webhooks.ca_file = format!("{CERTIFICATES}/authority.pem");
            }
        });
        app.product("MUG", "4.50", 10);
        let bad = ["expired", "early", "elsewhere", "itself", "stranger", "good"];
        let receivers = bad.map(|certificate| {
            let (port, read) = secured(certificate);
            endpoint(&app, &format!("https://hooks.test:{port}/"), &["order.*"]);
            read
        });
        let plain = Sink::start_at(&format!("{OUTSIDE}:0"));
        endpoint(
            &app,
            &format!("https://hooks.test:{}/", plain.at().port()),
            &["order.*"],
        );
        order(&app);
        app.deliver();
        let read = receivers.map(|read| read.load(Ordering::SeqCst));
        assert_eq!(read, [0, 0, 0, 0, 0, usize::from(is_named)], "{bad:?}");
        assert_eq!(came(&app).0, i64::from(is_named));
        assert!(plain.heard().is_empty());
    }
}
