//! Files in our own layout: products whose rows belong together, and orders whose taxes must add up.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::imports::Folder;
use crate::imports::import;
use crate::imports::till;
use crate::imports_shopify::rows;

/// What an import said on standard error, beside its exit code and sums.
fn bring(folder: &Folder, what: &str, text: impl AsRef<[u8]>) -> (i32, Value, String) {
    let file = folder.file("own", text);
    let output = till(
        &folder.path("data"),
        &["--json", "import", what, file.to_str().unwrap()],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let sums = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), sums, said)
}

/// T9, T18: one bad row refuses its whole product, with its line; the good ones go in, and the end is 1.
#[test]
fn a_bad_row_refuses_its_whole_product() {
    let folder = Folder::new("own-bad");
    let long = "x".repeat(1 << 20);
    let mut text = b"product,sku,name,title,price,description\n".to_vec();
    text.extend(b"a,A1,A,S,1.00,\na,A2,,M,1e3,\na,A3,,L,1.00,\n,B1,B,,1,\n");
    text.extend(b"c,C1,C,S,1,\nc,C2,,caf\xe9,1,\nd,D1,D,S,1,\nd,D2,D,M,1,\n");
    text.extend(format!("e,E1,E,S,1,\ne,E2,,M,1,{long}\nf,F1,F,S,1,\nf,F2,,M\n").as_bytes());
    text.extend(b"g,G1,G,S,1,\ng,G1,,M,1,\nh,H1,H,S,1,\nh\n,I1,I,,1,\nj,D1,J,S,1,\nj,J2,,M,1,\n");
    text.extend(b"k,K1,K,S,1,\nk,K2,,M,\"1,\n");
    let (code, sums, said) = bring(&folder, "products", &text);
    assert_eq!(code, 1, "{said}");
    let data = folder.path("data");
    assert_eq!(
        rows(&data, "SELECT sku FROM variants ORDER BY sku"),
        ["B1", "D1", "D2", "I1"],
        "{said}"
    );
    assert_eq!(
        (&sums["made"], &sums["refused"]),
        (&json!(3), &json!(8)),
        "{said}"
    );
    for told in [
        "line 3 (A2): price is not an amount",
        "line 7: is not UTF-8",
        "line 11 (E2): description must have at most 20000 characters",
        "line 13: has 4 cells where the header has 6",
        "line 14 (G1): SKU G1 stands in it twice",
        "line 17: has 1 cells where the header has 6",
        "line 19 (D1): stands on line 8 already with other content",
        "line 22: has 5 cells where the header has 6",
    ] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    assert!(till(&data, &["doctor"]).status.success());
}

/// T9: where what ties rows together stands last, half a row refuses the product that it stands in.
#[test]
fn half_a_row_refuses_the_product_it_stands_in() {
    let folder = Folder::new("own-half");
    let text = "sku,name,price,product\nA1,A,1,a\nA2,A\nA3,A,1,a\nB1,B,1,\nB2\nC1,C,1,c\nC2,C,1,c\n";
    let (code, sums, said) = bring(&folder, "products", text);
    assert_eq!((code, &sums["refused"]), (1, &json!(2)), "{said}");
    let data = folder.path("data");
    assert_eq!(
        rows(&data, "SELECT sku FROM variants ORDER BY sku"),
        ["B1", "C1", "C2"]
    );
}

/// T9: a file without the column that nothing goes without is refused whole.
#[test]
fn a_missing_column_refuses_the_file() {
    let folder = Folder::new("own-column");
    for what in ["products", "orders"] {
        let (code, _, said) = bring(&folder, what, "name,price\nMug,4.50\n");
        assert_eq!(code, 1, "{what}");
        assert!(
            said.contains("the file is refused: it has no column sku"),
            "{said}"
        );
    }
}

/// T9: nor is one read in which two columns claim to be the same; where nobody reads them, they are in nobody's way.
#[test]
fn a_column_that_stands_twice_refuses_the_file() {
    let folder = Folder::new("own-twice");
    for what in ["products", "orders", "customers"] {
        let (code, _, said) = bring(&folder, what, "sku,name,Name\nA,Mug,Cup\n");
        assert_eq!(code, 1, "{what}");
        assert!(
            said.contains("the file is refused: two of its columns are called name"),
            "{said}"
        );
        assert!(!folder.path("data").join("till.db").exists());
    }
    let (code, sums, _) = bring(&folder, "products", "sku,name,price,x,x,,\nA,Mug,4.50,1,2,3,4\n");
    assert_eq!((code, &sums["made"]), (0, &serde_json::json!(1)));
}

fn order(number: &str, more: &str, lines: &[&str]) -> String {
    let lines = lines.join(",");
    format!(r#"{{"number":"{number}","placed_at":"2026-01-05T10:00:00.000Z"{more},"lines":[{lines}]}}"#)
}

/// N11, T18: a tax that the lines do not tell is spread over them and the shipping; one that is told must add up.
#[test]
fn the_taxes_of_an_order_add_up() {
    let folder = Folder::new("own-taxes");
    let data = folder.path("data");
    let (code, ..) = bring(&folder, "products", "sku,name,price\nMUG,Mug,4.50\nCUP,Cup,3\n");
    assert_eq!(code, 0);
    let mug = r#"{"sku":"MUG","qty":1,"unit_price":"10.00"}"#;
    let cup = r#"{"sku":"CUP","qty":2,"unit_price":"10.00"}"#;
    let taxed = r#"{"sku":"MUG","qty":1,"unit_price":"10.00","tax":"1.60"}"#;
    let free = r#"{"sku":"CUP","qty":1,"unit_price":"0.00"}"#;
    let text = [
        order("spread", r#","tax":"1.00""#, &[mug, cup]),
        order("sent", r#","tax":"1.00","shipping":"10.00""#, &[mug, cup]),
        order("told", r#","tax":"2.40","shipping":"5.00""#, &[taxed]),
        order("lines", "", &[taxed, cup]),
        order("beside", r#","tax":"2.00","tax_included":false"#, &[mug]),
        order("free", r#","tax":"0.03""#, &[free, free]),
        order("less", r#","tax":"1.50""#, &[taxed]),
        order("more", r#","tax":"1.70""#, &[taxed]),
        order("much", r#","tax":"1.50","shipping":"5.00""#, &[taxed]),
        order("odd", r#","tax":"2.00","tax_included":"no""#, &[mug]),
    ];
    let (code, sums, said) = bring(&folder, "orders", text.join("\n"));
    assert_eq!(
        (code, &sums["made"], &sums["refused"]),
        (1, &json!(6), &json!(4)),
        "{said}"
    );
    for number in ["(less)", "(more)", "(much)"] {
        let told = format!("{number}: tax is not what the lines and the shipping have");
        assert!(said.contains(&told), "{said}");
    }
    assert_eq!(
        rows(
            &data,
            "SELECT number || ' ' || o.tax || ' of ' || total || ': ' || (
               SELECT group_concat(l.tax, ' ') FROM order_lines l WHERE l.id >> 12 = o.id)
             FROM orders o ORDER BY o.id"
        ),
        [
            "spread 100 of 3000: 33 67",
            "sent 100 of 4000: 25 50",
            "told 240 of 1500: 160",
            "lines 160 of 3000: 160 0",
            "beside 200 of 1200: 200",
            "free 3 of 0: 2 1",
        ]
    );
    let doctor = till(&data, &["doctor"]);
    assert!(
        doctor.status.success(),
        "{}",
        String::from_utf8_lossy(&doctor.stdout)
    );
}

/// T18: CSV says it in words, and what is no such word refuses its row.
#[test]
fn csv_says_whether_taxes_are_within() {
    let folder = Folder::new("own-within");
    let data = folder.path("data");
    let (code, ..) = bring(&folder, "products", "sku,name,price\nMUG,Mug,4.50\n");
    assert_eq!(code, 0);
    let csv = "number,placed_at,sku,qty,unit_price,tax,tax_included\n\
        c1,2026-01-05T10:00:00.000Z,MUG,1,10.00,2.00,false\nc2,2026-01-05T10:00:00.000Z,MUG,1,10.00,2.00,perhaps\n";
    let (code, sums, said) = bring(&folder, "orders", csv);
    assert_eq!((code, &sums["made"]), (1, &json!(1)), "{said}");
    assert!(
        said.contains("line 3: tax_included must be true or false"),
        "{said}"
    );
    assert_eq!(
        rows(&data, "SELECT total || '' FROM orders WHERE number = 'c1'"),
        ["1200"]
    );
}

/// T18: taxes beside the prices, and lines that bear none, come out as they stand and go into a shop of the other kind.
#[test]
fn taxes_come_out_as_they_stand() {
    let app = TestApp::start();
    app.product("MUG", "10.00", 9);
    let book = app.product("BOOK", "10.00", 9);
    let untaxed = json!({ "tax_category": "none", "version": 1 });
    let answer = app.patch("owner", &format!("/api/v1/products/{book}"), untaxed);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let rate = json!({ "name": "VAT", "country": "DE", "rate": "19" });
    assert_eq!(app.post("owner", "/api/v1/tax-rates", rate).status, 201);
    let post = json!({ "name": "Post", "price": "5.00" });
    let post = app.post("owner", "/api/v1/shipping-methods", post).json()["id"].clone();
    app.change("UPDATE settings SET value = '0' WHERE name = 'tax_included'");
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }, { "sku": "BOOK", "quantity": 1 }],
        "shipping_method": post,
        "shipping_address": { "name": "Ann", "line1": "1 Way", "city": "Berlin", "postcode": "10115", "country": "DE" } });
    for items in [json!([{ "sku": "BOOK", "quantity": 1 }]), body["items"].clone()] {
        let body =
            json!({ "items": items, "shipping_method": post, "shipping_address": body["shipping_address"] });
        let answer = app.post("ann", "/api/v1/orders", body);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    for format in ["csv", "jsonl"] {
        let folder = Folder::new(format);
        for what in ["products", "orders"] {
            let out = till(app.dir(), &["export", what, "--format", format]);
            let file = folder.file(what, &out.stdout);
            let (code, sums) = import(&folder.path("data"), what, &file, &[]);
            assert_eq!((code, &sums["made"]), (0, &json!(2)), "{what}");
        }
        let data = folder.path("data");
        let heads = "SELECT tax || ' ' || tax_included || ' ' || total FROM orders ORDER BY id";
        let lines = "SELECT tax || '' FROM order_lines ORDER BY id";
        assert_eq!(rows(&data, heads), ["95 0 1595", "285 0 2785"], "{format}");
        assert_eq!(rows(&data, lines), ["0", "190", "0"], "{format}");
        let again = till(&data, &["export", "orders", "--format", format]);
        let first = std::fs::read_to_string(folder.path("orders")).unwrap();
        assert_eq!(String::from_utf8(again.stdout).unwrap(), first);
        assert!(till(&data, &["doctor"]).status.success());
    }
}
