//! The query of the audit, read alike on both faces.

use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Head;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::id::UserId;
use crate::domain::page::Paging;
use crate::domain::time::Moment;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::audit::Wanted;
use crate::shop::audit::Who;

/// The audit has one sort, by id.
const BY_ID: u8 = 0;

/// Which rows are asked for.
pub struct Page(pub Wanted, pub Paging);

impl Asks for Page {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let wanted = Wanted {
            actor: query.read("actor", who),
            action: query.one_of("action", Action::parse),
            target: query.read("target", target),
            from: query.read("from", Moment::parse),
            to: query.read("to", Moment::parse),
        };
        Self(wanted, query.paging(BY_ID))
    }
}

/// A user's id, or a kind of caller.
fn who(text: &str) -> std::result::Result<Who, Bad> {
    match (text.parse(), ActorKind::parse(text)) {
        (Ok(id), _) => Ok(Who::User(UserId(id))),
        (_, Some(kind)) => Ok(Who::Kind(kind)),
        _ => Err(Bad::input("is no user's id and no kind of caller")),
    }
}

/// `order` or `order:7`.
fn target(text: &str) -> std::result::Result<(Target, Option<i64>), Bad> {
    let (kind, id) = match text.split_once(':') {
        Some((kind, id)) => (Target::parse(kind), id.parse().ok().map(Some)),
        None => (Target::parse(text), Some(None)),
    };
    kind.zip(id)
        .ok_or(Bad::input("is no thing such as `order` or `order:7`"))
}

/// The end of the chain as somebody has noted it.
pub struct Noted(pub Option<Head>);

impl Asks for Noted {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.read("head", Head::parse))
    }
}
