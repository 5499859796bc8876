//! A row of a route table: method, path, who may, handler. A handler in no row does not exist (AZ-01).

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::MethodFilter;
use axum::routing::MethodRouter;
use axum::routing::on;

use crate::app::App;
use crate::domain::permission::Permission;
use crate::http::list::Told;
use crate::http::shape::Arguments;
use crate::http::shape::Good;
use crate::http::shape::Shape;
use crate::http::shape::sends;

/// Who may call a route. The guard itself is in the verb; this is what the documents and the matrix are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Any signed-in user, on what is theirs.
    SignedIn,
    /// Who holds the right.
    Needs(Permission),
    /// Any signed-in user on what is theirs, who holds the right on all.
    OwnOr(Permission),
}

/// A row, without its handler.
#[derive(Debug, Clone)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// The path below the face's root.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// The handler's name, with its module.
    pub handler: &'static str,
    /// The types that the handler takes, as the compiler writes them: what the documents are made from.
    pub inputs: &'static str,
    /// The shape of the body that it reads.
    pub body: Option<Shape>,
    /// The names that it reads from the query.
    pub query: Option<fn() -> Vec<Told>>,
    /// The reply when all goes well.
    pub good: Good,
}

impl Row {
    /// Whether the handler takes one of our extractors, `Json<` for one.
    pub fn takes(&self, extractor: &str) -> bool {
        let wanted = extractor.trim_end_matches('<');
        let mut outer = self.inputs.split([' ', '(', ',']).filter_map(|kind| {
            let name = kind.split(['<', ')']).next()?;
            name.rsplit("::").next()
        });
        outer.any(|name| name == wanted)
    }
}

/// A route table that also routes.
#[derive(Default)]
pub struct Table {
    handlers: Vec<MethodRouter<App>>,
    rows: Vec<Row>,
}

impl Table {
    /// Adds a row.
    pub fn row<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
        good: Good,
    ) -> Self
    where
        H: Handler<T, App>,
        T: Arguments + 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        self.handlers.push(on(filter, handler));
        self.rows.push(Row {
            method,
            path,
            access,
            handler: std::any::type_name::<H>(),
            inputs: std::any::type_name::<T>(),
            body: T::BODY,
            query: T::QUERY,
            good,
        });
        self
    }

    /// Adds a row of a page, or of a form that leads to one.
    pub fn page<H, T>(mut self, method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        self.handlers.push(on(filter, handler));
        self.rows.push(Row {
            method,
            path,
            access,
            handler: std::any::type_name::<H>(),
            inputs: std::any::type_name::<T>(),
            body: None,
            query: None,
            good: sends("text/html"),
        });
        self
    }

    /// Adds a row of something beside the pages: a file, or a stream.
    pub fn beside<H, T>(mut self, path: &'static str, access: Access, handler: H, media: &'static str) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self = self.page(Method::GET, path, access, handler);
        if let Some(row) = self.rows.last_mut() {
            row.good = sends(media);
        }
        self
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The paths below a root.
    pub fn templates(&self, root: &str) -> Vec<String> {
        self.rows
            .iter()
            .map(|row| format!("{root}{}", row.path))
            .collect()
    }

    /// The router, its paths below a root. They are written out whole: nesting would build each request's path anew.
    pub fn into_router(self, root: &str) -> Router<App> {
        let rows = self.rows.iter().zip(self.handlers);
        rows.fold(Router::new(), |router, (row, handler)| {
            router.route(&format!("{root}{}", row.path), handler)
        })
    }
}
