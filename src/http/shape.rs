//! The shapes of bodies in the documents: what a handler's last argument reads, and what its good reply holds. Both come
//! from the types that do the reading and the writing.

use std::collections::BTreeMap;

use axum::extract::State;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::app::App;
use crate::http::extract::CurrentUser;
use crate::http::extract::Enrolling;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::Raw;
use crate::http::extract::Upload;
use crate::http::health::IsInsider;
use crate::http::health::IsLocal;
use crate::http::holder::Held;
use crate::http::holder::MaybeHeld;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListView;
use crate::http::list::Told;
use crate::http::shopper::Shopper;
use crate::http::version::IfNoneMatch;

/// Every shape that has been told, by name.
pub type Shapes = BTreeMap<String, RefOr<Schema>>;

/// Tells a shape with its parts; the reference to it.
pub type Shape = fn(&mut Shapes) -> RefOr<Schema>;

/// The shape of a type.
pub fn of<T: ToSchema>(known: &mut Shapes) -> RefOr<Schema> {
    let mut parts = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut parts);
    known.extend(parts);
    Ref::from_schema_name(T::name()).into()
}

/// The shape of a page of things: one of its own for each.
fn page_of<T: ToSchema>(known: &mut Shapes) -> RefOr<Schema> {
    of::<T>(known);
    let name = format!("{}Page", T::name().trim_end_matches("View"));
    known.insert(name.clone(), ListView::<T>::schema());
    Ref::from_schema_name(name).into()
}

/// A good reply: its status, its media type, and the shape of what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Good {
    /// The status.
    pub status: u16,
    /// Another that it may have, with the same in it.
    pub also: Option<u16>,
    /// The media type, if it holds anything.
    pub media: Option<&'static str>,
    /// The shape, if it is JSON.
    pub body: Option<Shape>,
}

impl Good {
    /// The same, under another status where it went another way.
    pub const fn or(self, status: u16) -> Self {
        Self {
            also: Some(status),
            ..self
        }
    }
}

/// 200 with a thing.
pub const fn shows<T: ToSchema>() -> Good {
    Good {
        body: Some(of::<T>),
        ..sends("application/json")
    }
}

/// 201 with the thing that was made.
pub const fn makes<T: ToSchema>() -> Good {
    Good {
        status: 201,
        ..shows::<T>()
    }
}

/// 200 with a page of things.
pub const fn lists<T: ToSchema>() -> Good {
    Good {
        body: Some(page_of::<T>),
        ..sends("application/json")
    }
}

/// 204: it is done.
pub const fn does() -> Good {
    Good {
        status: 204,
        also: None,
        media: None,
        body: None,
    }
}

/// 202: it has been heard.
pub const fn takes() -> Good {
    Good {
        status: 202,
        ..does()
    }
}

/// 202 with how far it has come.
pub const fn accepts<T: ToSchema>() -> Good {
    Good {
        status: 202,
        ..shows::<T>()
    }
}

/// 101: what follows is no HTTP.
pub const fn switches() -> Good {
    Good {
        status: 101,
        ..does()
    }
}

/// 200 with a file.
pub const fn sends(media: &'static str) -> Good {
    Good {
        status: 200,
        also: None,
        media: Some(media),
        body: None,
    }
}

/// The last argument of a handler: the only one that reads a body or the query.
pub trait Last {
    /// The shape of the body that it reads.
    const BODY: Option<Shape> = None;
    /// The names that it reads from the query.
    const QUERY: Option<fn() -> Vec<Told>> = None;
}

impl<T: ToSchema> Last for Json<T> {
    const BODY: Option<Shape> = Some(of::<T>);
}

impl<T: ToSchema> Last for MaybeJson<T> {
    const BODY: Option<Shape> = Some(of::<T>);
}

impl<T: ToSchema> Last for Held<T> {
    const BODY: Option<Shape> = Some(of::<T>);
}

impl<T: ToSchema> Last for MaybeHeld<T> {
    const BODY: Option<Shape> = Some(of::<T>);
}

impl Last for State<App> {}
impl Last for Raw {}
impl<Q: Asks<By = ()>> Last for NoBody<Q> {
    const QUERY: Option<fn() -> Vec<Told>> = Some(list::names::<Q>);
}
impl<Q: Asks<By = ()>> Last for Upload<Q> {
    const QUERY: Option<fn() -> Vec<Told>> = Some(list::names::<Q>);
}
impl Last for CurrentUser {}
impl Last for Enrolling {}
impl Last for Shopper {}
impl<T: Asks> Last for Asked<T> {
    const QUERY: Option<fn() -> Vec<Told>> = Some(list::names::<T>);
}
impl Last for IfNoneMatch {}
impl Last for IsInsider {}
impl Last for IsLocal {}
impl<T> Last for Path<T> {}
impl<T> Last for axum::extract::Path<T> {}

/// The arguments of a handler, as axum holds them: a mark, then their types.
pub trait Arguments {
    /// The shape of the body that they read.
    const BODY: Option<Shape> = None;
    /// The names that they read from the query.
    const QUERY: Option<fn() -> Vec<Told>> = None;
}

impl Arguments for ((),) {}

macro_rules! arguments {
    ($($before:ident)*) => {
        impl<Mark, $($before,)* L: Last> Arguments for (Mark, $($before,)* L) {
            const BODY: Option<Shape> = L::BODY;
            const QUERY: Option<fn() -> Vec<Told>> = L::QUERY;
        }
    };
}

arguments!();
arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);
