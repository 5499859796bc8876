//! Links of a list to itself: the same view with one filter more, less or other. A link is a saved view.

use crate::domain::page::Cursor;
use crate::domain::page::Page;
use crate::domain::page::Total;
use crate::http::admin::form::Fields;
use crate::http::admin::words;
use crate::http::list::Asks;
use crate::http::list::ListQuery;

/// The query of a page: a list's own, and the deed that the page tells of.
pub struct OnPage<T>(pub T);

impl<T: Asks> Asks for OnPage<T> {
    type By = T::By;

    fn read(query: &mut ListQuery, by: &Self::By) -> Self {
        query.text("done");
        Self(T::read(query, by))
    }
}

/// The view that an address names.
pub struct View {
    path: String,
    asked: Fields,
}

/// A filter in force, with the view without it.
pub struct Chip {
    /// What it says.
    pub words: String,
    /// The view without it.
    pub without: String,
}

/// A tab over a list.
pub struct Tab {
    /// What it says.
    pub name: &'static str,
    /// Where it leads.
    pub href: String,
    /// How many rows are behind it, where that is told.
    pub count: Option<String>,
    /// Whether it is the one that is open.
    pub is_here: bool,
}

/// How many rows stand on a page, and of how many; nothing where there are none.
pub fn how_many<T>(found: &Page<T>) -> String {
    let shown = found.rows.len();
    if shown == 0 {
        return String::new();
    }
    match found.total {
        Some(Total::Exactly(total)) => format!("{shown} of {total}"),
        Some(Total::AtLeast(total)) => format!("{shown} of {total} or more"),
        None => format!("{shown} here"),
    }
}

/// A length on a tab; nothing where none were found among those that were looked at.
pub fn length(total: Total) -> Option<String> {
    match total {
        Total::Exactly(rows) => Some(words::grouped(rows)),
        Total::AtLeast(0) => None,
        Total::AtLeast(rows) => Some(format!("{}+", words::grouped(rows))),
    }
}

/// A count that goes so far; more is told as such.
pub fn up_to(count: i64, most: i64) -> String {
    match count >= most {
        true => format!("{most}+"),
        false => count.to_string(),
    }
}

impl View {
    /// The view at a path, by its query.
    pub fn new(path: impl Into<String>, query: Option<&str>) -> Self {
        let asked = Fields::read(query.unwrap_or_default().as_bytes());
        Self {
            path: path.into(),
            asked,
        }
    }

    /// What was asked for under a name.
    pub fn asked(&self, name: &str) -> &str {
        self.asked.text(name)
    }

    /// The same view with some values set, emptied by `""`; it begins at the first page.
    pub fn with(&self, changes: &[(&str, &str)]) -> String {
        let is_kept = |name: &str| {
            !["after", "before", "page", "done"].contains(&name)
                && changes.iter().all(|(changed, _)| *changed != name)
        };
        let kept = self
            .asked
            .0
            .iter()
            .filter(|(name, value)| is_kept(name) && !value.is_empty());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept);
        query.extend_pairs(changes.iter().filter(|(_, value)| !value.is_empty()));
        match query.finish() {
            query if query.is_empty() => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// The same view under another path, with some values set.
    pub fn at(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let other = Self {
            path: path.to_owned(),
            asked: self.asked.clone(),
        };
        other.with(changes)
    }

    /// Whether one of these filters is in force.
    pub fn is_filtered(&self, names: &[(&str, &str)]) -> bool {
        names.iter().any(|(name, _)| !self.asked(name).trim().is_empty())
    }

    /// The same view at the same page, without the deed.
    pub fn here(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept = self.asked.0.iter();
        query.extend_pairs(kept.filter(|(name, value)| name != "done" && !value.is_empty()));
        match query.finish() {
            query if query.is_empty() => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// Its query, as it would be asked again.
    pub fn query(&self) -> String {
        let here = self.here();
        here.split_once('?')
            .map_or_else(String::new, |(_, query)| query.to_owned())
    }

    /// The way back to the first page, from any other.
    pub fn first(&self) -> Option<String> {
        let places = ["after", "before", "page"];
        let is_first = places.iter().all(|name| self.asked(name).is_empty());
        (!is_first).then(|| self.with(&[]))
    }

    /// The way to the page that begins at a place.
    pub fn next(&self, place: Option<Cursor>) -> Option<String> {
        place.map(|place| self.with(&[("after", &place.encode())]))
    }

    /// The tabs that ask for each of these values under a name, behind the one for all.
    pub fn tabs(
        &self,
        name: &str,
        values: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Vec<Tab> {
        let values = values
            .into_iter()
            .map(|(value, words)| self.tab(name, value, words, None));
        std::iter::once(self.tab(name, "", "All", None))
            .chain(values)
            .collect()
    }

    /// The tab that asks for a value under a name; `""` for all.
    pub fn tab(&self, name: &str, value: &str, words: &'static str, count: Option<String>) -> Tab {
        Tab {
            name: words,
            href: self.with(&[(name, value)]),
            count,
            is_here: self.asked(name) == value,
        }
    }

    /// A chip for each filter that is in force, in the order of the names.
    pub fn chips(&self, names: &[(&str, &str)]) -> Vec<Chip> {
        let said = names
            .iter()
            .filter(|(name, _)| !self.asked(name).trim().is_empty());
        said.map(|(name, label)| Chip {
            words: format!("{label}: {}", self.asked(name).replace('_', " ")),
            without: self.with(&[(name, "")]),
        })
        .collect()
    }
}
