//! A paper as a PDF: the same words in the same order as on its page, on as many sheets as it takes.

use crate::error::Result;
use crate::http::papers::font::Files;
use crate::http::papers::pdf::Document;
use crate::http::papers::pdf::Weight;
use crate::http::papers::pdf::Weight::Bold;
use crate::http::papers::pdf::Weight::Regular;
use crate::http::papers::sheet::Row;
use crate::http::papers::sheet::Sheet;

/// Points a millimetre.
const MM: f32 = 72.0 / 25.4;
const A4: (f32, f32) = (210.0 * MM, 297.0 * MM);
const LETTER: (f32, f32) = (612.0, 792.0);
/// Where people print on Letter.
const LETTER_COUNTRIES: [&str; 9] = ["US", "CA", "MX", "PH", "CL", "CO", "CR", "PA", "PR"];
const MARGIN: f32 = 16.0 * MM;
const BODY: f32 = 9.5;
const SMALL: f32 = 8.0;
const LINE: f32 = 13.0;
const GAP: f32 = 8.0;
/// How much room a column of amounts takes, with the space before it.
const COLUMN: f32 = 66.0;
const QUANTITY: f32 = 40.0;
const BLACK: f32 = 0.0;
const GRAY: f32 = 0.42;
const FAINT: f32 = 0.8;

/// A look: weight, size and how gray.
type Ink = (Weight, f32, f32);
const PLAIN: Ink = (Regular, BODY, BLACK);
const STRONG: Ink = (Bold, BODY, BLACK);
const QUIET: Ink = (Regular, SMALL, GRAY);

/// Draws a paper.
pub fn draw(sheet: &Sheet, files: &Files) -> Result<Vec<u8>> {
    let (width, height) = match LETTER_COUNTRIES.contains(&sheet.country.as_str()) {
        true => LETTER,
        false => A4,
    };
    let mut pen = Pen {
        doc: Document::new(files.fonts()?, width, height),
        y: MARGIN,
        right: width - MARGIN,
        bottom: height - MARGIN - LINE,
    };
    pen.doc.begin_page();
    pen.letter_head(sheet);
    pen.parties(sheet);
    pen.rows(sheet);
    pen.tail(sheet);
    pen.number_pages(sheet);
    pen.doc.finish(&sheet.title)
}

/// Where the next thing goes.
struct Pen<'a> {
    doc: Document<'a>,
    y: f32,
    right: f32,
    bottom: f32,
}

impl Pen<'_> {
    fn page(&self) -> usize {
        self.doc.count().saturating_sub(1)
    }

    fn put(&mut self, x: f32, text: &str, ink: Ink) {
        let (page, y) = (self.page(), self.y);
        self.doc.text(page, (x, y), text, ink);
    }

    fn put_right(&mut self, right: f32, text: &str, ink: Ink) {
        let text = &self.readable(text);
        let width = self.doc.measure(text, ink.0, ink.1);
        self.put(right - width, text, ink);
    }

    /// An amount whose sign the font lacks goes without it: the currency's code stands in the facts.
    fn readable(&self, text: &str) -> String {
        match self.doc.has(text) {
            true => text.to_owned(),
            false => text.chars().filter(|c| c.is_ascii() || *c == '−').collect(),
        }
    }

    fn rule(&mut self, thick: f32, gray: f32) {
        let (page, y, width) = (self.page(), self.y, self.right - MARGIN);
        self.doc.rule(page, (MARGIN, y), width, (thick, gray));
    }

    /// Whether so much more fits on this sheet.
    fn fits(&self, height: f32) -> bool {
        self.y + height <= self.bottom
    }

    fn turn(&mut self) {
        self.doc.begin_page();
        self.y = MARGIN + LINE;
    }

    /// A text in lines that are no wider than this.
    fn wrap(&self, text: &str, ink: Ink, width: f32) -> Vec<String> {
        let fits = |text: &str| self.doc.measure(text, ink.0, ink.1) <= width;
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            // A word that is too long for a line is broken where it must be.
            for c in word.chars() {
                line.push(c);
                if !fits(&line) && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Lines one below the other, from where the pen is; where they end.
    fn block(&mut self, x: f32, width: f32, title: &str, lines: &[String]) -> f32 {
        let top = self.y;
        if !title.is_empty() {
            self.put(x, title, QUIET);
            self.y += LINE;
        }
        for line in lines {
            for part in self.wrap(line, PLAIN, width) {
                self.put(x, &part, PLAIN);
                self.y += LINE;
            }
        }
        std::mem::replace(&mut self.y, top)
    }

    fn letter_head(&mut self, sheet: &Sheet) {
        self.y += LINE;
        self.put(MARGIN, &sheet.shop, (Bold, 15.0, BLACK));
        for line in &sheet.from {
            self.put_right(self.right, line, QUIET);
            self.y += LINE - 2.0;
        }
        self.y = self.y.max(MARGIN + 3.0 * LINE) + 2.0 * LINE;
        self.put(MARGIN, &sheet.title, (Bold, 17.0, BLACK));
        self.y += LINE;
        let notice = sheet.notice.clone().unwrap_or_default();
        for line in self.wrap(&notice, PLAIN, self.right - MARGIN) {
            self.y += 4.0;
            self.put(MARGIN, &line, PLAIN);
            self.y += LINE - 4.0;
        }
        self.y += LINE;
    }

    /// Whom it is for, where it went, and the facts, side by side.
    fn parties(&mut self, sheet: &Sheet) {
        let third = (self.right - MARGIN) / 3.0;
        let width = third - 12.0;
        let bill = self.block(MARGIN, width, "Bill to", &sheet.bill_to);
        let ship = match sheet.ship_to.is_empty() {
            true => self.y,
            false => self.block(MARGIN + third, width, "Sent to", &sheet.ship_to),
        };
        let top = self.y;
        let x = MARGIN + 2.0 * third;
        for (name, value) in &sheet.facts {
            self.put(x, name, QUIET);
            self.put_right(self.right, value, PLAIN);
            self.y += LINE;
        }
        self.y = self.y.max(bill).max(ship).max(top) + LINE;
    }

    /// Where the columns end on the right, from the last: total, tax, discount, price, quantity.
    fn columns(&self, sheet: &Sheet) -> Columns {
        let total = self.right;
        let tax = total - COLUMN;
        let discount = if sheet.has_tax { tax - COLUMN } else { tax };
        let price = if sheet.has_discount {
            discount - COLUMN
        } else {
            discount
        };
        Columns {
            total,
            tax,
            discount,
            price,
            quantity: price - COLUMN,
        }
    }

    fn heads(&mut self, sheet: &Sheet, columns: &Columns) {
        self.put(MARGIN, "Description", QUIET);
        self.put_right(columns.quantity, "Qty", QUIET);
        self.put_right(columns.price, "Price", QUIET);
        if sheet.has_discount {
            self.put_right(columns.discount, "Discount", QUIET);
        }
        if sheet.has_tax {
            self.put_right(columns.tax, "Tax", QUIET);
        }
        self.put_right(columns.total, "Total", QUIET);
        self.y += 5.0;
        self.rule(0.8, BLACK);
        self.y += LINE;
    }

    fn rows(&mut self, sheet: &Sheet) {
        if sheet.rows.is_empty() {
            return;
        }
        let columns = self.columns(sheet);
        self.heads(sheet, &columns);
        let width = columns.quantity - QUANTITY - MARGIN;
        for row in &sheet.rows {
            let name = self.wrap(&row.name, PLAIN, width);
            let height = name.len() as f32 * LINE + LINE;
            if !self.fits(height) {
                self.turn();
                self.heads(sheet, &columns);
            }
            self.row(row, &name, &columns);
        }
    }

    fn row(&mut self, row: &Row, name: &[String], columns: &Columns) {
        self.put_right(columns.quantity, &row.quantity, PLAIN);
        self.put_right(columns.price, &row.price, PLAIN);
        self.put_right(columns.discount, &row.discount, PLAIN);
        self.put_right(columns.tax, &row.tax, PLAIN);
        self.put_right(columns.total, &row.total, PLAIN);
        for line in name {
            self.put(MARGIN, line, PLAIN);
            self.y += LINE;
        }
        self.y -= 2.0;
        self.put(MARGIN, &row.sku, QUIET);
        self.y += 6.0;
        self.rule(0.4, FAINT);
        self.y += LINE;
    }

    /// Taxes and sums, kept together on one sheet.
    fn tail(&mut self, sheet: &Sheet) {
        let lines = sheet.sums.len().max(sheet.taxes.len() + 1) as f32;
        if !self.fits(lines * (LINE + 4.0) + GAP) {
            self.turn();
        }
        self.y += GAP;
        let top = self.y;
        if !sheet.taxes.is_empty() {
            let ends = [0.0, 110.0, 170.0, 240.0].map(|at| MARGIN + at);
            for (at, head) in ends.iter().zip(["Tax", "Net", "Tax", "Gross"]) {
                self.cell(*at, head, QUIET);
            }
            self.y += LINE + 2.0;
            for row in &sheet.taxes {
                for (at, text) in ends.iter().zip(row) {
                    self.cell(*at, text, PLAIN);
                }
                self.y += LINE;
            }
        }
        self.y = top;
        for sum in &sheet.sums {
            let ink = if sum.is_strong { STRONG } else { PLAIN };
            self.put(self.right - 190.0, sum.name, ink);
            self.put_right(self.right, &sum.amount, ink);
            self.y += LINE + if sum.is_strong { 4.0 } else { 1.0 };
        }
    }

    /// The first column begins at its place, the others end there.
    fn cell(&mut self, at: f32, text: &str, ink: Ink) {
        match at > MARGIN {
            true => self.put_right(at, text, ink),
            false => self.put(at, text, ink),
        }
    }

    fn number_pages(&mut self, sheet: &Sheet) {
        let count = self.doc.count();
        for page in 0..count {
            let words = format!("{} · page {} of {count}", sheet.number, page + 1);
            let width = self.doc.measure(&words, Regular, SMALL);
            let at = (self.right - width, self.bottom + LINE + 4.0);
            self.doc.text(page, at, &words, QUIET);
        }
    }
}

/// Where the columns of a table end.
struct Columns {
    total: f32,
    tax: f32,
    discount: f32,
    price: f32,
    quantity: f32,
}
