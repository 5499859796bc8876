//! The query of a list and the form of its reply, one for all lists: a filter that is out of range or unknown is
//! 400/2002, every fault at once. What reads a request's query tells the documents which names it reads.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::schema::Type;

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
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;

/// What a route is asked for in its query. Reading it is the only way to its names: they are told by reading nothing.
pub trait Asks: Sized {
    /// What of the shop's settings a value is read by.
    type By: Default;

    /// Takes every name that the route knows.
    fn read(query: &mut ListQuery, by: &Self::By) -> Self;
}

/// A list of one sort and no filter.
impl Asks for Paging {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        query.paging(0)
    }
}

/// All there is.
impl Asks for () {
    type By = ();

    fn read(_: &mut ListQuery, (): &()) {}
}

/// A query that is still to be read.
pub struct Asked<T> {
    query: ListQuery,
    asks: PhantomData<fn() -> T>,
}

impl<T: Asks> FromRequestParts<App> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        Self::at(&parts.uri)
    }
}

impl<T: Asks> Asked<T> {
    /// What an address asks for.
    pub fn at(uri: &Uri) -> Result<Self> {
        axum::extract::Query::try_from_uri(uri)
            .map(|axum::extract::Query(asked)| Self {
                query: ListQuery {
                    asked,
                    ..ListQuery::default()
                },
                asks: PhantomData,
            })
            .map_err(|_| Error::fault("", FaultKind::Input, "The query cannot be read."))
    }

    /// What is asked for; refused if something was wrong, or if there is a name that the route does not know (or twice).
    pub fn read(mut self, by: &T::By) -> Result<T> {
        let asked = T::read(&mut self.query, by);
        self.query.end()?;
        Ok(asked)
    }
}

/// A name that a query may hold.
pub struct Told {
    /// The name.
    pub name: &'static str,
    /// What its value is.
    pub schema: RefOr<Schema>,
}

/// The names that a route reads from its query.
pub fn names<T: Asks>() -> Vec<Told> {
    let mut query = ListQuery {
        told: Some(Vec::new()),
        ..ListQuery::default()
    };
    T::read(&mut query, &T::By::default());
    query.told.unwrap_or_default()
}

/// What is asked of a list, taken name by name; what nobody has taken at the end is refused.
#[derive(Default)]
pub struct ListQuery {
    asked: Vec<(String, String)>,
    faults: Vec<Fault>,
    /// For the documents: the names in the order in which they are taken.
    told: Option<Vec<Told>>,
}

impl ListQuery {
    fn tell(&mut self, name: &'static str, schema: impl FnOnce() -> RefOr<Schema>) {
        if let Some(told) = &mut self.told {
            told.push(Told {
                name,
                schema: schema(),
            });
        }
    }

    /// A value as text; blank is absent.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.tell(name, || ObjectBuilder::new().schema_type(Type::String).into());
        self.take(name)
    }

    fn take(&mut self, name: &'static str) -> Option<String> {
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
        self.tell(name, || ObjectBuilder::new().schema_type(Type::String).into());
        self.check(name, read)
    }

    /// The same where a blank value says something wrong instead of nothing.
    pub fn read_even_blank<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> std::result::Result<T, Bad>,
    ) -> Option<T> {
        if self
            .asked
            .iter()
            .any(|(asked, value)| asked == name && value.trim().is_empty())
        {
            self.faults.push(Bad::input("says nothing").at(name));
        }
        self.read(name, read)
    }

    fn check<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> std::result::Result<T, Bad>,
    ) -> Option<T> {
        let text = self.take(name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(bad) => {
                self.faults.push(Bad::input(bad.message).at(name));
                None
            }
        }
    }

    /// Words on one line.
    pub fn line(&mut self, name: &'static str, longest: usize) -> Option<String> {
        self.tell(name, || {
            let schema = ObjectBuilder::new().schema_type(Type::String);
            schema.max_length(Some(longest)).into()
        });
        self.check(name, |text| text::line(text, 1, longest))
    }

    /// A value out of a closed set.
    pub fn one_of<T: PartialSchema>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.tell(name, T::schema);
        self.check(name, |text| {
            parse(text).ok_or_else(|| Bad::input("is not one of the values that this list knows"))
        })
    }

    /// A whole number between two.
    pub fn within(&mut self, name: &'static str, least: i64, most: i64) -> Option<i64> {
        self.tell(name, || {
            let schema = ObjectBuilder::new().schema_type(Type::Integer);
            let most = (most < i64::MAX).then_some(most);
            schema.minimum(Some(least)).maximum(most).into()
        });
        self.check(name, |text| match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ if most == i64::MAX => Err(Bad::input(format!("must be a whole number from {least}"))),
            _ => Err(Bad::input(format!(
                "must be a whole number from {least} to {most}"
            ))),
        })
    }

    /// A positive whole number, such as an id.
    pub fn number(&mut self, name: &'static str) -> Option<i64> {
        self.within(name, 1, i64::MAX)
    }

    /// A claim: `true`, `1`, `false` or `0`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.one_of(name, |text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    /// How many rows a page holds.
    pub fn limit(&mut self) -> Limit {
        self.tell("limit", || {
            let schema = ObjectBuilder::new().schema_type(Type::Integer);
            let schema = schema.minimum(Some(1)).maximum(Some(Limit::MAX.rows()));
            schema.default(Some(Limit::default().rows().into())).into()
        });
        self.check("limit", Limit::parse).unwrap_or_default()
    }

    /// `limit`, and one of `after`, `before` and `page`. A cursor of another sort is refused.
    pub fn paging(&mut self, sort: u8) -> Paging {
        let limit = self.limit();
        let after = self.read("after", |text| cursor(text, sort, false));
        let before = self.read("before", |text| cursor(text, sort, true));
        self.tell("page", || {
            let schema = ObjectBuilder::new().schema_type(Type::Integer);
            schema.minimum(Some(1)).maximum(Some(MOST_PAGED)).into()
        });
        let skip = self.check("page", |text| skip(text, limit));
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

    /// Refused if something was wrong, or if a name is left.
    fn end(self) -> Result<()> {
        let mut faults = self.faults;
        faults.extend(
            self.asked
                .into_iter()
                .map(|(name, _)| Bad::input("is not asked for here, or stands twice").at(name)),
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
    #[schema(required)]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_at_least: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_behind: Option<i64>,
}

/// A list that is short enough to be told whole.
pub fn whole<T>(rows: Vec<T>) -> Page<T> {
    Page {
        next: None,
        total: Some(Total::Exactly(rows.len() as i64)),
        index_behind: None,
        rows,
    }
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
