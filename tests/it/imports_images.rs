//! Pictures that a file of products names by their paths.

use std::path::Path;
use std::path::PathBuf;

use image::ImageFormat;
use serde_json::Value;
use serde_json::json;

use crate::images::dot;
use crate::images::file;
use crate::images::photograph;
use crate::imports::Folder;
use crate::imports::till;
use crate::imports_shopify::rows;

/// A folder with a file of products and pictures beside it.
struct Shelf(Folder);

impl Shelf {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let pictures = folder.path("pictures");
        std::fs::create_dir_all(pictures.join("more")).unwrap();
        std::fs::write(pictures.join("a.png"), dot(1)).unwrap();
        std::fs::write(pictures.join("b.png"), dot(2)).unwrap();
        std::fs::write(
            pictures.join("more/c.jpg"),
            file(photograph(64, 32), ImageFormat::Jpeg),
        )
        .unwrap();
        Self(folder)
    }

    fn pictures(&self) -> PathBuf {
        self.0.path("pictures")
    }

    fn data(&self) -> PathBuf {
        self.0.path("data")
    }

    /// Brings products in from the folder of the pictures.
    fn bring(&self, text: &str, more: &[&str]) -> (i32, Value, String) {
        let file = self.pictures().join("products.csv");
        std::fs::write(&file, text).unwrap();
        self.bring_file(&file, more)
    }

    fn bring_file(&self, file: &Path, more: &[&str]) -> (i32, Value, String) {
        let args = [&["--json", "import", "products", file.to_str().unwrap()], more].concat();
        let output = till(&self.data(), &args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let sums = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), sums, said)
    }

    /// Which pictures a SKU's product shows, by their widths, and what is said of them.
    fn shown(&self, sku: &str) -> Vec<String> {
        rows(
            &self.data(),
            &format!(
                "SELECT i.position || ' ' || i.width || ' ' || i.alt FROM product_images i
                 JOIN variants v ON v.product_id = i.product_id WHERE v.sku = '{sku}' ORDER BY i.position"
            ),
        )
    }

    fn sha(&self, sku: &str) -> Vec<String> {
        rows(
            &self.data(),
            &format!(
                "SELECT hex(i.sha256) FROM product_images i
                 JOIN variants v ON v.product_id = i.product_id WHERE v.sku = '{sku}' ORDER BY i.position"
            ),
        )
    }

    fn files(&self) -> usize {
        let folders = std::fs::read_dir(self.data().join("images"))
            .into_iter()
            .flatten();
        folders
            .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
            .sum()
    }

    fn is_sound(&self) {
        let said = till(&self.data(), &["doctor"]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }
}

/// T9: pictures come by path, in their order; a second time nothing changes, an empty cell changes nothing, and another
/// cell is what it then is.
#[test]
fn pictures_come_by_path() {
    let shelf = Shelf::new("pictures-come");
    let text = "product,sku,name,title,price,images\nm,M1,Mug,S,4.50,a.png; more/c.jpg\nm,M2,,L,5,b.png;a.png\n,C1,Cup,,3,\n";
    let (code, sums, said) = shelf.bring(text, &["--dry-run"]);
    assert_eq!((code, &sums["made"]), (0, &json!(2)), "{said}");
    assert_eq!(shelf.files(), 0, "a dry run lays nothing");
    let (code, sums, said) = shelf.bring(text, &[]);
    assert_eq!((code, &sums["made"]), (0, &json!(2)), "{said}");
    assert_eq!(shelf.shown("M1"), ["1 4 ", "2 64 ", "3 4 "]);
    assert_eq!((shelf.shown("C1").len(), shelf.files()), (0, 6));
    let (first, before) = (
        shelf.sha("M1"),
        rows(&shelf.data(), "SELECT CAST(max(id) AS TEXT) FROM events"),
    );
    let (code, sums, said) = shelf.bring(text, &[]);
    assert_eq!((code, &sums["known"]), (0, &json!(2)), "{said}");
    assert_eq!(
        rows(&shelf.data(), "SELECT CAST(max(id) AS TEXT) FROM events"),
        before
    );
    let (_, sums, said) = shelf.bring("sku,images\nM1,\n", &[]);
    assert_eq!(&sums["known"], &json!(1), "{said}");
    let (_, sums, said) = shelf.bring("sku,images\nM1,b.png;./a.png;a.png\n", &[]);
    assert_eq!(&sums["updated"], &json!(1), "{said}");
    assert_eq!(shelf.sha("M1"), [first[2].clone(), first[0].clone()]);
    shelf.is_sound();
    // By a folder of its own, from a file that lies elsewhere.
    let row = "D1,Dish,c.jpg\n";
    let file = shelf
        .0
        .file("elsewhere.csv", format!("sku,name,images\n{row}{row}"));
    let more = shelf.pictures().join("more");
    let (code, _, said) = shelf.bring_file(&file, &["--images", more.to_str().unwrap()]);
    assert_eq!((code, shelf.shown("D1")), (0, vec!["1 64 ".to_owned()]), "{said}");
}

/// T9, WEB-05: a picture that is no good refuses its whole product, with its line; the good ones go in.
#[test]
fn a_bad_picture_refuses_its_product() {
    let shelf = Shelf::new("pictures-bad");
    let pictures = shelf.pictures();
    std::fs::write(shelf.0.path("secret.png"), dot(9)).unwrap();
    std::os::unix::fs::symlink(shelf.0.path("secret.png"), pictures.join("out.png")).unwrap();
    std::os::unix::fs::symlink(shelf.0.path(""), pictures.join("up")).unwrap();
    std::os::unix::fs::symlink("a.png", pictures.join("in.png")).unwrap();
    std::fs::write(pictures.join("words.png"), "no picture").unwrap();
    std::fs::write(pictures.join("half.png"), &dot(1)[..40]).unwrap();
    std::fs::write(pictures.join("long.png"), vec![0; (10 << 20) + 1]).unwrap();
    let secret = shelf.0.path("secret.png");
    let many: Vec<String> = (0..21).map(|number| format!("{number}.png")).collect();
    let bad = [
        (
            secret.to_str().unwrap().to_owned(),
            "must be a path below the folder of the pictures",
        ),
        (
            "../secret.png".to_owned(),
            "must be a path below the folder of the pictures",
        ),
        (
            "more/../../secret.png".to_owned(),
            "must be a path below the folder of the pictures",
        ),
        ("out.png".to_owned(), "leads out of the folder of the pictures"),
        (
            "up/secret.png".to_owned(),
            "leads out of the folder of the pictures",
        ),
        ("nothing.png".to_owned(), "cannot be read"),
        ("more".to_owned(), "is no file"),
        ("words.png".to_owned(), "A picture is JPEG, PNG or WebP."),
        ("half.png".to_owned(), "This picture cannot be read to its end."),
        ("long.png".to_owned(), "A picture holds at most 10 MiB."),
        (many.join(";"), "has more than 20 pictures"),
    ];
    let mut text = "product,sku,name,images\n,GOOD,Good,in.png\n".to_owned();
    for (at, (path, _)) in bad.iter().enumerate() {
        text += &format!("p{at},P{at},Bad,a.png\np{at},Q{at},,{path}\n");
    }
    for more in [&["--dry-run"][..], &[]] {
        let (code, sums, said) = shelf.bring(&text, more);
        assert_eq!(
            (code, &sums["made"], &sums["refused"]),
            (1, &json!(1), &json!(bad.len())),
            "{said}"
        );
        for (at, (_, why)) in bad.iter().enumerate() {
            let line = 4 + 2 * at;
            let told = format!("line {line} (P{at}): ");
            let found = said.lines().find(|said| said.contains(&told));
            assert!(
                found.is_some_and(|found| found.contains(why)),
                "{told}{why} is not in {said}"
            );
        }
    }
    assert_eq!(rows(&shelf.data(), "SELECT sku FROM variants"), ["GOOD"]);
    assert_eq!(shelf.shown("GOOD"), ["1 4 "]);
    shelf.is_sound();
}

/// T9, T18: what an export names comes back as it is: into the same shop by its names alone, into another by its folder.
#[test]
fn an_export_brings_its_pictures_back() {
    let shelf = Shelf::new("pictures-back");
    shelf.bring("sku,name,price,images\nM1,Mug,4,more/c.jpg;a.png\n", &[]);
    let out = till(&shelf.data(), &["export", "products"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success() && text.contains("images"), "{text}");
    let before = shelf.sha("M1");
    let (code, sums, said) = shelf.bring(&text, &[]);
    assert_eq!((code, &sums["known"]), (0, &json!(1)), "{said}");
    let other = Shelf::new("pictures-there");
    let file = other.0.file("export.csv", &text);
    let folder = shelf.data().join("images");
    let (code, sums, said) = other.bring_file(&file, &["--images", folder.to_str().unwrap()]);
    assert_eq!(
        (code, &sums["made"], other.shown("M1").len()),
        (0, &json!(1), 2),
        "{said}"
    );
    let (_, sums, said) = other.bring_file(&file, &["--images", folder.to_str().unwrap()]);
    assert_eq!(&sums["known"], &json!(1), "{said}");
    assert_eq!(shelf.sha("M1"), before);
    other.is_sound();
}

/// T9: in Shopify's layout pictures come by path where a folder is told, with their places and words; an address is not
/// fetched.
#[test]
fn shopifys_pictures_come_by_path() {
    let shelf = Shelf::new("pictures-shopify");
    let text = "Handle,Title,Variant SKU,Variant Price,Image Src,Image Position,Image Alt Text\n\
        mug,Mug,M1,4.50,b.png,2,Behind\nmug,,,,more/c.jpg,1,In front\nmug,,,,HTTPS://shop.test/3.png,3,Elsewhere\n\
        cup,Cup,C1,3,https://shop.test/1.png,1,\n";
    let (code, _, said) = shelf.bring(text, &[]);
    assert_eq!((code, shelf.shown("M1").len()), (0, 0), "{said}");
    assert!(said.contains("no picture is fetched"), "{said}");
    assert!(said.contains("image src"), "columns that are not read: {said}");
    let folder = shelf.pictures();
    let more = ["--images", folder.to_str().unwrap()];
    let (code, sums, said) = shelf.bring(text, &more);
    assert_eq!(
        (code, &sums["updated"], &sums["known"]),
        (0, &json!(1), &json!(1)),
        "{said}"
    );
    assert_eq!(shelf.shown("M1"), ["1 64 In front", "2 4 Behind"]);
    assert!(
        said.contains("no picture is fetched") && !said.contains("image src"),
        "{said}"
    );
    let (_, sums, said) = shelf.bring(text, &more);
    assert_eq!(&sums["known"], &json!(2), "{said}");
    let (code, _, said) = shelf.bring(&text.replace("more/c.jpg", "../x.png"), &more);
    assert_eq!(code, 1);
    assert!(
        said.contains("line 3 (M1): picture ../x.png: must be a path below"),
        "{said}"
    );
    let orders = shelf.0.file("orders.csv", "number\n");
    let refused = till(
        &shelf.data(),
        &["import", "orders", orders.to_str().unwrap(), more[0], more[1]],
    );
    assert_eq!(refused.status.code(), Some(78));
    shelf.is_sound();
}
