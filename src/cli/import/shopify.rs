//! Rows of Shopify's layouts made into what the shop takes: those of one product or one order stand side by side, and one
//! that is no good refuses them all.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::iter::Peekable;

use crate::cli::import::feed::Read;
use crate::cli::import::rows::refused;
use crate::cli::import::source::Content;
use crate::cli::import::source::Raw;
use crate::domain::import::Fields;
use crate::domain::import::ImportedProduct;
use crate::domain::import::Invoice;
use crate::domain::import::Numbered;
use crate::domain::import::shopify;
use crate::domain::import::shopify::Layout;
use crate::domain::import::shopify::Wrong;
use crate::domain::money::Currency;
use crate::domain::settings::Terms;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::store::seen::Seen;

/// Rows that one product or order may have, and bytes in them: more are not held.
const MOST_ROWS: usize = 4095;
const MOST_BYTES: usize = 16 << 20;
/// Faults of one product or order that are told.
const MOST_TOLD: usize = 5;

/// The products of a file.
pub fn products(
    rows: impl Iterator<Item = Result<Raw>>,
    currency: Currency,
) -> Result<impl Iterator<Item = Result<Read<ImportedProduct>>>> {
    let groups = Groups::new(rows, &shopify::PRODUCT)?;
    let read = move |group: Group| group.read(|rows| ImportedProduct::from_shopify(rows, currency));
    Ok(groups.map(move |group| group.map(read)))
}

/// The orders of a file.
pub fn orders(
    rows: impl Iterator<Item = Result<Raw>>,
    terms: Terms,
    zone: Zone,
) -> Result<impl Iterator<Item = Result<Read<Invoice>>>> {
    let groups = Groups::new(rows, &shopify::ORDER)?;
    let read = move |group: Group| group.read(|rows| Invoice::from_shopify(rows, &terms, &zone));
    Ok(groups.map(move |group| group.map(&read)))
}

/// The rows of one product or order.
struct Group {
    line: u64,
    key: String,
    rows: Vec<Numbered<Fields>>,
    bytes: usize,
    wrong: Wrong,
}

impl Group {
    /// Takes a row in; one that cannot be read stays as what is wrong.
    fn add(&mut self, raw: Raw, layout: &Layout) {
        let Raw { line, content } = raw;
        let fields = match content {
            Content::Cells(fields) => fields,
            Content::Json(_) => return,
            Content::Unreadable(reason, _) => return self.fault(line, reason),
        };
        if fields.is_blank() {
            return;
        }
        if fields.first(layout.key).is_none() {
            let column = layout.key.first().copied().unwrap_or_default();
            return self.fault(line, format!("{column} is required"));
        }
        self.bytes += fields.size();
        if self.rows.len() == MOST_ROWS || self.bytes > MOST_BYTES {
            let words = format!(
                "is more than the {MOST_ROWS} rows or {MOST_BYTES} bytes that belong together at most"
            );
            self.bytes = MOST_BYTES;
            return self.fault(line, words);
        }
        self.rows.push(Numbered { line, row: fields });
    }

    fn fault(&mut self, line: u64, reason: String) {
        if self.wrong.len() < MOST_ROWS {
            self.wrong.push((line, reason));
        }
    }

    /// What the rows say, or why they are refused.
    fn read<T>(mut self, read: impl FnOnce(&[Numbered<Fields>]) -> std::result::Result<T, Wrong>) -> Read<T> {
        let done = match self.rows.is_empty() {
            true => Err(Wrong::new()),
            false => read(&self.rows),
        };
        match done {
            Ok(row) if self.wrong.is_empty() => {
                return Ok(Numbered { line: self.line, row });
            }
            Ok(_) => {}
            Err(more) => self.wrong.extend(more),
        }
        self.wrong.sort();
        let first = self.wrong.first().map_or(self.line, |(line, _)| *line);
        let told = self
            .wrong
            .iter()
            .take(MOST_TOLD)
            .map(|(line, reason)| match *line == first {
                true => reason.clone(),
                false => format!("line {line}: {reason}"),
            });
        let mut reasons: Vec<String> = told.collect();
        if self.wrong.len() > MOST_TOLD {
            reasons.push(format!("and {} more", self.wrong.len() - MOST_TOLD));
        }
        Err(refused(first, &self.key, reasons.join("; ")))
    }
}

/// Rows side by side with the same handle or name; one that shows none is of those before it.
struct Groups<I: Iterator> {
    rows: Peekable<I>,
    layout: &'static Layout,
    /// On which line each began, by the hash of its key.
    seen: Seen,
    hasher: RandomState,
}

impl<I: Iterator<Item = Result<Raw>>> Groups<I> {
    fn new(rows: I, layout: &'static Layout) -> Result<Self> {
        Ok(Self {
            rows: rows.peekable(),
            layout,
            seen: Seen::new()?,
            hasher: RandomState::new(),
        })
    }

    /// Rows of one key that do not stand side by side would be two things.
    fn is_new(&self, group: &mut Group) -> Result<()> {
        if group.key.is_empty() {
            return Ok(());
        }
        let key = self.hasher.hash_one(&group.key);
        if let Some((before, _)) = self.seen.find(key)? {
            let words = format!("stands on line {before} already: its rows must be side by side");
            group.fault(group.line, words);
        }
        self.seen.put(key, group.line, 0)
    }
}

impl<I: Iterator<Item = Result<Raw>>> Iterator for Groups<I> {
    type Item = Result<Group>;

    fn next(&mut self) -> Option<Result<Group>> {
        let layout = self.layout;
        let first = loop {
            match self.rows.next()? {
                Ok(raw) if is_blank(&raw) => {}
                Ok(raw) => break raw,
                Err(broken) => return Some(Err(broken)),
            }
        };
        let mut group = Group {
            line: first.line,
            key: key(&first, layout).unwrap_or_default().to_owned(),
            rows: Vec::new(),
            bytes: 0,
            wrong: Wrong::new(),
        };
        if let Err(broken) = self.is_new(&mut group) {
            return Some(Err(broken));
        }
        group.add(first, layout);
        let fits = |next: &Raw, of: &str| key(next, layout).is_none_or(|key| key == of);
        while let Some(Ok(next)) = self
            .rows
            .next_if(|next| matches!(next, Ok(next) if fits(next, &group.key)))
        {
            group.add(next, layout);
        }
        if let Some(Err(_)) = self.rows.peek() {
            let line = group.line;
            group.fault(line, "is where the file breaks off".into());
        }
        Some(Ok(group))
    }
}

fn is_blank(raw: &Raw) -> bool {
    matches!(&raw.content, Content::Cells(fields) if fields.is_blank())
}

/// What ties a row to others, as far as it can be made out.
fn key<'r>(raw: &'r Raw, layout: &Layout) -> Option<&'r str> {
    match &raw.content {
        Content::Cells(fields) | Content::Unreadable(_, fields) => fields.first(layout.key),
        Content::Json(_) => None,
    }
}
