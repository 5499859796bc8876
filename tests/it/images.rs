//! Pictures of products: what comes of one that is sent, who may, and where it shows.

use std::io::Cursor;
use std::io::Read;
use std::io::Write;

use image::DynamicImage;
use image::GenericImageView;
use image::ImageFormat;
use image::RgbImage;
use image::Rgba;
use image::RgbaImage;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

/// A picture as a file.
pub fn file(picture: impl Into<DynamicImage>, form: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, form).unwrap();
    bytes.into_inner()
}

/// A PNG of one colour.
pub fn dot(colour: u8) -> Vec<u8> {
    let picture = RgbImage::from_pixel(4, 4, image::Rgb([colour, 7, 9]));
    file(picture, ImageFormat::Png)
}

/// What no lossless form makes short: red on the left, blue on the right, and a grain on both.
pub fn photograph(width: u32, height: u32) -> RgbImage {
    let mut grain = 1_u32;
    RgbImage::from_fn(width, height, |x, _| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [grey, ..] = (grain / 4).to_be_bytes();
        match x < width / 2 {
            true => image::Rgb([200 + grey / 2, 20, grey]),
            false => image::Rgb([20, grey, 200 + grey / 2]),
        }
    })
}

/// Sends a picture to a product.
pub fn send(app: &TestApp, who: &str, product: i64, bytes: &[u8]) -> Answer {
    send_to(app, who, &format!("/api/v1/products/{product}/images"), bytes)
}

pub fn send_to(app: &TestApp, who: &str, path: &str, bytes: &[u8]) -> Answer {
    let bearer = app.token(who).map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer
        .iter()
        .map(|bearer| ("authorization", bearer.as_str()))
        .collect();
    app.client().send_bytes("POST", path, &headers, bytes)
}

fn sent(app: &TestApp, product: i64, bytes: &[u8]) -> Value {
    let answer = send(app, "owner", product, bytes);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// A file as everybody gets it: its head in small letters, and its bytes.
pub fn fetch(app: &TestApp, path: &str) -> (String, Vec<u8>) {
    let mut stream = std::net::TcpStream::connect(app.client().at()).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        app.client().at()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).unwrap();
    let end = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&whole[..end]).to_lowercase();
    (head, whole.split_off(end + 4))
}

/// Both files of a picture, decoded.
fn both(app: &TestApp, image: &Value) -> (DynamicImage, DynamicImage) {
    let fetched = |name: &str| {
        let url = image[name].as_str().unwrap();
        let (head, bytes) = fetch(app, url);
        assert!(head.starts_with("http/1.1 200"), "{head}");
        for line in [
            "cache-control: public, max-age=31536000, immutable",
            "x-content-type-options: nosniff",
            "cross-origin-resource-policy: cross-origin",
        ] {
            assert!(head.contains(line), "{line}: {head}");
        }
        let form = image::guess_format(&bytes).unwrap();
        assert!(
            head.contains(&format!("content-type: {}", form.to_mime_type())),
            "{head}"
        );
        assert!(url.ends_with(form.extensions_str()[0]), "{url} is {form:?}");
        image::load_from_memory(&bytes).unwrap()
    };
    (fetched("url"), fetched("small_url"))
}

/// The segment that a camera puts before a picture: held a quarter turn to the left, with the place where it stood.
pub fn exif(words: &[u8]) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x03\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let [tag, kind] = [tag, kind].map(u16::to_le_bytes);
        [&tag[..], &kind, &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    tiff.extend(entry(0x010e, 2, words.len() as u32, 100));
    tiff.extend(entry(0x0112, 3, 1, 6));
    tiff.extend(entry(0x8825, 4, 1, 50));
    tiff.extend([0; 4]);
    // Latitude: N.
    tiff.extend(b"\x01\0");
    tiff.extend(entry(1, 2, 2, u32::from(b'N')));
    tiff.resize(100, 0);
    tiff.extend(words);
    let body = [b"Exif\0\0", tiff.as_slice()].concat();
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&[0xff, 0xe1], &length[..], &body].concat()
}

/// Puts something behind the first two bytes of a JPEG.
pub fn behind_the_start(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    [&jpeg[..2], segment, &jpeg[2..]].concat()
}

pub fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

/// T9, WEB-05: a photograph is turned as the camera was held, and where that stood is nobody's.
#[test]
fn a_photograph_keeps_its_pixels_and_nothing_else() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let place = b"51.5074N 0.1278W\0";
    let taken = behind_the_start(&file(photograph(400, 200), ImageFormat::Jpeg), &exif(place));
    let image = sent(&app, mug, &taken);
    assert_eq!(
        (&image["width"], &image["height"]),
        (&json!(200), &json!(400)),
        "{image}"
    );
    assert!(image["url"].as_str().unwrap().ends_with(".jpg"), "{image}");
    let (large, small) = both(&app, &image);
    assert_eq!((large.dimensions(), small.dimensions()), ((200, 400), (160, 320)));
    let Rgba([red, _, blue, _]) = large.get_pixel(100, 100);
    assert!(
        red > 150 && blue < 190 && red > blue,
        "the left is on top: {red} {blue}"
    );
    let Rgba([red, _, blue, _]) = large.get_pixel(100, 300);
    assert!(blue > 150 && blue > red, "the right is below: {red} {blue}");
    for name in ["url", "small_url"] {
        let (_, bytes) = fetch(&app, image[name].as_str().unwrap());
        for words in [&place[..], b"Exif", b"II*\0"] {
            assert!(!holds(&bytes, words), "{words:?}");
        }
    }
}

/// T9: what shines through is kept without loss, scaled down to 1,600 and 320; and what WebP brings is taken, too.
#[test]
fn a_drawing_stays_sharp() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let clear = RgbaImage::from_fn(40, 20, |x, y| {
        Rgba([x as u8 * 6, y as u8 * 12, 77, 255 - x as u8])
    });
    for form in [ImageFormat::Png, ImageFormat::WebP] {
        let answer = send(&app, "owner", mug, &file(clear.clone(), form));
        assert!([201, 200].contains(&answer.status), "{}", answer.body);
        let (large, small) = both(&app, &answer.json());
        assert_eq!(large.to_rgba8(), clear, "{form:?}");
        assert_eq!(small.to_rgba8(), clear, "{form:?}");
    }
    assert_eq!(
        app.number("SELECT count(*) FROM product_images"),
        1,
        "the same pixels"
    );
    let wide = RgbaImage::from_fn(2000, 1000, |x, _| match x < 1000 {
        true => Rgba([255, 0, 0, 255]),
        false => Rgba([0, 0, 255, 0]),
    });
    let image = sent(&app, mug, &file(wide, ImageFormat::Png));
    let (large, small) = both(&app, &image);
    assert_eq!(
        (large.dimensions(), small.dimensions()),
        ((1600, 800), (320, 160))
    );
    assert_eq!(image["position"], 2);
    assert_eq!(large.get_pixel(799, 9), Rgba([255, 0, 0, 255]));
    assert_eq!(large.get_pixel(800, 9)[3], 0);
    // Sixteen bits a colour, and grey.
    let deep = image::ImageBuffer::from_pixel(3, 5, image::Luma([0x1234_u16]));
    let (large, _) = both(&app, &sent(&app, mug, &file(deep, ImageFormat::Png)));
    assert_eq!(large.to_rgb8().get_pixel(2, 4), &image::Rgb([0x12; 3]));
}

fn images(product: &Value) -> Vec<(i64, String, i64)> {
    let each = product["images"].as_array().unwrap().iter();
    each.map(|image| {
        (
            image["id"].as_i64().unwrap(),
            image["alt"].as_str().unwrap().to_owned(),
            image["position"].as_i64().unwrap(),
        )
    })
    .collect()
}

fn names(product: &Value) -> Vec<String> {
    let mut last = 0;
    images(product)
        .into_iter()
        .map(|(_, alt, position)| {
            assert_eq!(position, last + 1, "{product}");
            last = position;
            alt
        })
        .collect()
}

/// Three pictures of one product, by what is said of them.
fn three(app: &TestApp, product: i64) -> Vec<i64> {
    let each = ["front", "back", "box"].iter().zip(1..);
    each.map(|(alt, colour)| {
        let path = format!("/api/v1/products/{product}/images?alt={alt}");
        let answer = send_to(app, "owner", &path, &dot(colour));
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_i64().unwrap()
    })
    .collect()
}

/// T9: pictures stand in a row, and each list, event and note shows them so.
#[test]
fn pictures_stand_in_their_order_wherever_a_product_is_told_of() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let cup = app.product("CUP", "4.50", 1);
    sent(&app, cup, &dot(50));
    let ids = three(&app, mug);
    let path = format!("/api/v1/products/{mug}");
    let version = || app.get("owner", &path).json()["version"].clone();
    assert_eq!(version(), 4, "each raises it");
    let change = |id: i64, body: Value| app.patch("owner", &format!("{path}/images/{id}"), body);
    assert_eq!(change(ids[2], json!({ "position": 1 })).status, 428);
    let stale = change(ids[2], json!({ "position": 1, "version": 3 }));
    assert_eq!(
        (
            stale.status,
            &stale.json()["error"]["details"]["current"]["version"]
        ),
        (412, &json!(4))
    );
    let moved = change(ids[2], json!({ "position": 1, "version": 4 }));
    assert_eq!(
        (moved.status, moved.json()["position"].as_i64()),
        (200, Some(1)),
        "{}",
        moved.body
    );
    assert!(
        moved.header("etag").unwrap().starts_with("\"5-"),
        "{:?}",
        moved.headers
    );
    assert_eq!(names(&app.get("owner", &path).json()), ["box", "front", "back"]);
    let last = change(ids[2], json!({ "position": 20, "alt": "the box", "version": 5 }));
    assert_eq!((last.status, last.json()["position"].as_i64()), (200, Some(3)));
    let gone = app.send(
        "DELETE",
        "owner",
        &format!("{path}/images/{}", ids[0]),
        &[],
        Some(&json!({ "version": 6 })),
    );
    assert_eq!(gone.status, 204, "{}", gone.body);
    stand_everywhere(&app, mug);
    told(&app, mug);
}

/// The pictures of the mug, and of the cup, wherever they are shown.
fn stand_everywhere(app: &TestApp, mug: i64) {
    let path = format!("/api/v1/products/{mug}");
    let expected = ["back", "the box"];
    for path in [
        path.as_str(),
        &format!("/api/v1/products/public/{mug}"),
        "/api/v1/products/public/sku/MUG",
    ] {
        assert_eq!(names(&app.get("owner", path).json()), expected, "{path}");
    }
    for path in [
        "/api/v1/products",
        "/api/v1/products/public",
        "/api/v1/products/public?q=mug",
    ] {
        app.derive();
        let list = app.get("owner", path).json();
        let found = list["data"].as_array().unwrap().iter();
        for product in found {
            match product["id"].as_i64() == Some(mug) {
                true => assert_eq!(names(product), expected, "{path}"),
                false => assert_eq!(images(product).len(), 1, "{path}"),
            }
        }
    }
}

/// The events and the audit of what was done to the mug: three came, two moves, one went.
fn told(app: &TestApp, mug: i64) {
    let events = app.get("owner", "/api/v1/events?limit=200").json();
    let events: Vec<&Value> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "product.updated" && event["data"]["id"] == mug)
        .collect();
    let shown: Vec<Vec<String>> = events.iter().map(|event| names(&event["data"])).collect();
    assert_eq!(
        shown,
        [
            vec!["front"],
            vec!["front", "back"],
            vec!["front", "back", "box"],
            vec!["box", "front", "back"],
            vec!["front", "back", "the box"],
            vec!["back", "the box"],
        ]
    );
    let audit = app
        .get("owner", &format!("/api/v1/audit-logs?target=product:{mug}"))
        .json();
    let newest = &audit["data"][0];
    assert_eq!(newest["action"], "product.updated", "{audit}");
    assert!(
        newest.to_string().contains("front"),
        "what was there before: {newest}"
    );
}

/// T9: a place beyond the row, and words that are none, are refused at their field.
#[test]
fn a_change_that_makes_no_sense_is_refused() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let ids = three(&app, mug);
    let path = format!("/api/v1/products/{mug}/images/{}", ids[0]);
    let change = |body: Value| app.patch("owner", &path, body);
    for (body, code) in [
        (json!({ "position": 0, "version": 4 }), 2001),
        (json!({ "position": 21, "version": 4 }), 2001),
        (json!({ "alt": "x".repeat(301), "version": 4 }), 2001),
        (json!({ "alt": "a\nb", "version": 4 }), 2001),
        (json!({ "url": "/x", "version": 4 }), 2001),
    ] {
        let refused = change(body);
        assert_eq!((refused.status, refused.code()), (400, code), "{}", refused.body);
    }
    assert_eq!(
        names(&app.get("owner", &format!("/api/v1/products/{mug}")).json()),
        ["front", "back", "box"]
    );
}

/// T9: the same picture again is the one that is there; the twenty-first is refused.
#[test]
fn a_product_has_twenty_pictures_and_none_twice() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let first = sent(&app, mug, &dot(1));
    for colour in 2..=20 {
        sent(&app, mug, &dot(colour));
    }
    let version = || app.number(&format!("SELECT version FROM products WHERE id = {mug}"));
    let before = version();
    let again = send(&app, "owner", mug, &dot(1));
    assert_eq!((again.status, again.json()), (200, first));
    let more = send(&app, "owner", mug, &dot(21));
    assert_eq!((more.status, more.code()), (422, 6001), "{}", more.body);
    assert_eq!(version(), before);
    assert_eq!(app.number("SELECT count(*) FROM product_images"), 20);
    // Of another product it is another picture, of the same files.
    let cup = app.product("CUP", "4.50", 1);
    sent(&app, cup, &dot(1));
}

/// T9, B13, AZ-02: only who may change a product gives it pictures; a seller's wait for approval.
#[test]
fn a_sellers_pictures_wait_for_approval() {
    let app = TestApp::start();
    let body = json!({ "name": "Vase", "price": "9.00" });
    let vase = app.post("seller", "/api/v1/products", body).json()["id"]
        .as_i64()
        .unwrap();
    let status = || app.get("seller", &format!("/api/v1/products/{vase}")).json()["status"].clone();
    let approve = || {
        let approved = app.post("owner", &format!("/api/v1/products/{vase}/approve"), json!({}));
        assert_eq!(approved.status, 200, "{}", approved.body);
    };
    approve();
    let image = send(&app, "seller", vase, &dot(1));
    assert_eq!((image.status, status()), (201, json!("pending")));
    let path = format!("/api/v1/products/{vase}/images/{}", image.json()["id"]);
    approve();
    let version = app.get("seller", &format!("/api/v1/products/{vase}")).json()["version"].clone();
    let said = app.patch("seller", &path, json!({ "alt": "A vase", "version": version }));
    assert_eq!((said.status, status()), (200, json!("pending")), "{}", said.body);
    approve();
    assert_eq!(app.send("DELETE", "seller", &path, &[], None).status, 204);
    assert_eq!(status(), "pending");
    approve();
    assert_eq!(send(&app, "owner", vase, &dot(2)).status, 201);
    assert_eq!(status(), "approved", "staff's do not wait");
    // Whoever may not is told so before a byte is looked at.
    let mug = app.product("MUG", "4.50", 1);
    for (who, product, status) in [
        ("seller", mug, 404),
        ("ann", mug, 403),
        ("nobody", mug, 401),
        ("owner", 999, 404),
    ] {
        for bytes in [&dot(3)[..], b"no picture"] {
            assert_eq!(send(&app, who, product, bytes).status, status, "{who}");
        }
    }
    let theirs = send(&app, "owner", mug, &dot(4)).json()["id"].clone();
    let path = format!("/api/v1/products/{vase}/images/{theirs}");
    assert_eq!(
        app.send("DELETE", "seller", &path, &[], None).status,
        404,
        "it is another product's"
    );
}

/// T9, OWH-10: however much is said of twenty pictures, an event of them is no longer than another.
#[test]
fn an_event_of_twenty_pictures_fits() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    let words = "%F0%9F%98%80".repeat(300);
    for colour in 0..20 {
        let path = format!("/api/v1/products/{mug}/images?alt={words}");
        assert_eq!(send_to(&app, "owner", &path, &dot(colour)).status, 201);
    }
    let event = app.get("owner", "/api/v1/events?limit=200").json();
    let newest = event["data"].as_array().unwrap().last().unwrap()["data"].clone();
    assert!(newest.to_string().len() < 19_900, "{}", newest.to_string().len());
    let shown = newest["images"].as_array().unwrap().len() as i64;
    assert_eq!(
        (
            newest["images_truncated"].as_bool(),
            newest["images_left"].as_i64()
        ),
        (Some(true), Some(20 - shown))
    );
}
