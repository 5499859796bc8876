//! The query of a list and the form of its reply, one for all lists: a filter that is out of range or unknown is
//! 400/2002, every fault at once.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::fault::FaultKind;
use crate::domain::page::Cursor;
use crate::domain::page::Limit;
use crate::domain::page::MOST_PAGED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Place;
use crate::domain::page::Total;
use crate::error::Error;
use crate::error::Result;

/// What is asked of a list, taken name by name; what nobody has taken at the [`end`](Self::end) is refused.
#[derive(Debug)]
pub struct ListQuery {
    asked: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl FromRequestParts<App> for ListQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(asked)| Self {
                asked,
                faults: Vec::new(),
            })
            .map_err(|cause| Error::fault("", FaultKind::Input, cause.body_text()))
    }
}

impl ListQuery {
    /// A value as text; blank is absent.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let at = self.asked.iter().position(|(asked, _)| asked == name)?;
        let (_, value) = self.asked.swap_remove(at);
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// A value that has a shape. Whatever is wrong with it is 2002.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> std::result::Result<T, Bad>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(bad) => {
                self.faults.push(Bad::input(bad.message).at(name));
                None
            }
        }
    }

    /// A value out of a closed set.
    pub fn one_of<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.read(name, |text| {
            parse(text).ok_or_else(|| Bad::input("is not one of the values that this list knows"))
        })
    }

    /// A positive whole number, such as an id.
    pub fn number(&mut self, name: &'static str) -> Option<i64> {
        self.read(name, |text| match text.parse() {
            Ok(number @ 1..) => Ok(number),
            _ => Err(Bad::input("must be a whole number above 0")),
        })
    }

    /// A claim: `true`, `1`, `false` or `0`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.one_of(name, |text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    /// `limit`, and one of `after`, `before` and `page`. A cursor of another sort is refused.
    pub fn paging(&mut self, sort: u8) -> Paging {
        let limit = self.read("limit", Limit::parse).unwrap_or_default();
        let after = self.read("after", |text| cursor(text, sort, false));
        let before = self.read("before", |text| cursor(text, sort, true));
        let skip = self.read("page", |text| skip(text, limit));
        let places: Vec<Place> = [after.map(Place::At), before.map(Place::At), skip.map(Place::Skip)]
            .into_iter()
            .flatten()
            .collect();
        if places.len() > 1 {
            let bad = Bad::input("only one of after, before and page may stand in a request");
            self.faults.push(bad.at("page"));
        }
        Paging {
            limit,
            place: places.first().copied().unwrap_or(Place::Start),
            sort,
        }
    }

    /// Refused if something was wrong, or if a name is left that this list does not know (or was said twice).
    pub fn end(self) -> Result<()> {
        let mut faults = self.faults;
        faults.extend(
            self.asked
                .into_iter()
                .map(|(name, _)| Bad::input("is no filter of this list, or stands twice").at(name)),
        );
        match faults.is_empty() {
            true => Ok(()),
            false => Err(faults.into()),
        }
    }
}

fn cursor(text: &str, sort: u8, backwards: bool) -> std::result::Result<Cursor, Bad> {
    match Cursor::parse(text)? {
        cursor if cursor.sort == sort => Ok(Cursor { backwards, ..cursor }),
        _ => Err(Bad::input("is a cursor of another sort")),
    }
}

/// Pages are counted from 1.
fn skip(text: &str, limit: Limit) -> std::result::Result<i64, Bad> {
    let rows = limit.rows() as i64;
    match text.parse::<i64>() {
        Ok(page) if (1..=MOST_PAGED / rows).contains(&page) => Ok((page - 1) * rows),
        _ => Err(Bad::input(
            "must be from 1, and page × limit at most 10,000; go on with `after`",
        )),
    }
}

/// A page of a list, with how to go on.
#[derive(Serialize, ToSchema)]
pub struct ListView<V> {
    data: Vec<V>,
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_at_least: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_behind: Option<i64>,
}

/// The reply of a list; `view` is how a row reads as JSON.
pub fn reply<'a, T, V: Serialize>(page: &'a Page<T>, view: impl Fn(&'a T) -> V) -> Result<Response> {
    let (total, total_at_least) = match page.total {
        Some(Total::Exactly(rows)) => (Some(rows), None),
        Some(Total::AtLeast(rows)) => (None, Some(rows)),
        None => (None, None),
    };
    let list = ListView {
        data: page.rows.iter().map(view).collect(),
        next: page.next.map(|next| next.encode()),
        total,
        total_at_least,
        index_behind: page.index_behind,
    };
    let json = serde_json::to_vec(&list).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}
