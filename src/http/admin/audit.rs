//! The audit: who did what to which thing, before and after, and whether the chain is whole.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Target;
use crate::domain::audit::Verdict;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::audit_query;
use crate::http::audit_query::Noted;
use crate::http::list::Asked;
use crate::shop::audit;
use crate::shop::deeds;
use crate::shop::deeds::Deed;

const PATH: &str = "/admin/audit";
/// Kinds of callers, as the list is asked for them.
const CALLERS: [(&str, &str); 4] = [
    ("user", "People"),
    ("api_key", "API keys"),
    ("system", "The shop itself"),
    ("guest", "Guests"),
];

/// A row with what it tells.
struct Row {
    row: AuditRow,
    deed: Deed,
}

/// Actions with the same noun.
struct Group {
    noun: &'static str,
    actions: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "admin/audit/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    chips: Vec<Chip>,
    callers: [(&'static str, &'static str); 4],
    groups: Vec<Group>,
    rows: Vec<Row>,
    is_narrowed: bool,
    how_many: String,
    newest: Option<String>,
    older: Option<String>,
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<audit_query::Page>>,
) -> Result<Response> {
    let OnPage(audit_query::Page(wanted, paging)) = asked.read(&())?;
    let by = frame.by.clone();
    let (found, deeds) = app
        .read(move |db| {
            let found = audit::list(db, &by, &wanted, &paging)?;
            let deeds = deeds::tell(db, &by, &found.rows)?;
            Ok((found, deeds))
        })
        .await?;
    let view = View::new(PATH, asked_at.query());
    let is_first = ["after", "before", "page"]
        .iter()
        .all(|name| view.asked(name).is_empty());
    let shown = ListPage {
        frame: &frame,
        chips: chips(&view, &found.rows),
        callers: CALLERS,
        groups: groups(),
        is_narrowed: ["actor", "action", "target", "from", "to"]
            .iter()
            .any(|name| !view.asked(name).is_empty()),
        how_many: how_many(&found),
        newest: (!is_first).then(|| view.with(&[])),
        older: view.next(found.next),
        rows: found
            .rows
            .into_iter()
            .zip(deeds)
            .map(|(row, deed)| Row { row, deed })
            .collect(),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}

/// What the fields of the form do not show: one person, one thing.
fn chips(view: &View, rows: &[AuditRow]) -> Vec<Chip> {
    let is_kind = CALLERS.iter().any(|(kind, _)| *kind == view.asked("actor"));
    let mut chips = view.chips(match is_kind {
        true => &[("target", "Thing")],
        false => &[("actor", "By user"), ("target", "Thing")],
    });
    let name = rows.first().and_then(|row| row.actor_name.clone());
    if let (false, Some(chip), Some(name)) =
        (is_kind || view.asked("actor").is_empty(), chips.first_mut(), name)
    {
        chip.words = format!("By {name}");
    }
    chips
}

fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for action in Action::ALL {
        let noun = action.name().split('.').next().unwrap_or_default();
        match groups.iter_mut().find(|group| group.noun == noun) {
            Some(group) => group.actions.push(action.name()),
            None => groups.push(Group {
                noun,
                actions: vec![action.name()],
            }),
        }
    }
    groups
}

impl ListPage<'_> {
    fn is_asked(&self, name: &str, value: &str) -> bool {
        self.view.asked(name) == value
    }

    fn all_of(&self, target: &str) -> String {
        View::new(PATH, None).with(&[("target", target)])
    }

    fn all_by(&self, user: &crate::domain::id::UserId) -> String {
        View::new(PATH, None).with(&[("actor", &user.to_string())])
    }
}

impl Row {
    fn who(&self) -> &str {
        words::doer(self.row.actor_name.as_deref(), self.row.actor_kind)
    }

    /// Whether somebody should look at it.
    fn is_trouble(&self) -> bool {
        matches!(
            self.row.action,
            Action::SignInFailed
                | Action::AccountLocked
                | Action::TokenReused
                | Action::AccessDenied
                | Action::LimitHit
        )
    }

    fn thing(&self) -> String {
        let (kind, id) = (self.row.target_kind, self.row.target);
        let named = self.deed.name.as_deref();
        match (kind, named, id) {
            (Target::None, ..) => "—".to_owned(),
            (Target::Order, Some(number), _) => format!("Order #{number}"),
            (Target::Product | Target::Variant | Target::User, Some(name), _) => name.to_owned(),
            (Target::File | Target::Settings, ..) => format!("The {}", kind.name()),
            (_, _, Some(id)) => format!("{} {id}", words::capital(kind.name())),
            (_, _, None) => words::capital(kind.name()),
        }
    }

    /// The page of the thing.
    fn page(&self) -> Option<String> {
        let id = self.row.target?;
        match self.row.target_kind {
            Target::Order => Some(format!("/admin/orders/{id}")),
            Target::Product => Some(format!("/admin/products/{id}")),
            Target::Wallet => Some(format!("/admin/wallets/{id}")),
            Target::Payout => Some(format!("/admin/commissions/payouts/{id}")),
            _ => None,
        }
    }

    /// The thing, as the list is asked for it.
    fn target(&self) -> Option<String> {
        let id = self.row.target?;
        Some(format!("{}:{id}", self.row.target_kind.name()))
    }

    /// The gist, in a few words.
    fn gist(&self) -> String {
        let changed = self.deed.changed.iter();
        let mut told = changed
            .filter(|changed| !changed.field.ends_with("_at"))
            .map(|changed| {
                let side = |value: &Option<String>| value.as_deref().map_or("none".to_owned(), short);
                format!(
                    "{} {} → {}",
                    changed.field.replace('_', " "),
                    side(&changed.before),
                    side(&changed.after)
                )
            });
        match (told.next(), told.count(), self.deed.noted.first()) {
            (Some(first), 0, _) => first,
            (Some(first), more, _) => format!("{first}, and {more} more"),
            (None, _, Some((name, value))) => format!("{} {}", name.replace('_', " "), short(value)),
            (None, _, None) => self.deed.words.as_deref().map(short).unwrap_or_default(),
        }
    }
}

/// At most forty letters.
fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[derive(Template)]
#[template(path = "admin/audit/verify.html")]
struct VerifyPage<'a> {
    frame: &'a Frame,
    verdict: Verdict,
    noted: &'a str,
}

/// Goes along the whole chain: as long as the file is long, so one at a time.
pub async fn verify(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<Noted>>,
) -> Result<Response> {
    let OnPage(Noted(noted)) = asked.read(&())?;
    let (by, key) = (frame.by.clone(), app.keys().audit);
    let verdict = app
        .read_alone(move |db| audit::verify(db, &by, &key, noted, |_| {}))
        .await?;
    let view = View::new(PATH, asked_at.query());
    let shown = VerifyPage {
        frame: &frame,
        verdict,
        noted: view.asked("head"),
    };
    page::page(StatusCode::OK, &shown)
}
