//! The audit: who did what to which thing, before and after, and whether the chain is whole.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::app::Came;
use crate::app::End;
use crate::app::Walk;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Head;
use crate::domain::audit::Target;
use crate::domain::fault::Fault;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::audit_query;
use crate::http::list::Asked;
use crate::http::login;
use crate::shop::audit;
use crate::shop::deeds;
use crate::shop::deeds::Deed;

const PATH: &str = "/admin/audit";
const VERIFY: &str = "/admin/audit/verify";
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
        let noun = words::capital(&kind.name().replace('_', " "));
        match (kind, named, id) {
            (Target::None, ..) => "—".to_owned(),
            (Target::Order, Some(number), _) => format!("Order #{number}"),
            (Target::Product | Target::Variant | Target::User, Some(name), _) => name.to_owned(),
            (Target::File | Target::Settings, ..) => format!("The {}", kind.name()),
            (Target::ApiKey, _, Some(id)) => format!("API key {id}"),
            (_, _, Some(id)) => format!("{noun} {id}"),
            (_, _, None) => noun,
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
    /// How many rows the chain has now.
    length: i64,
    walk: Option<Walk>,
    typed: &'a str,
    faults: &'a [Fault],
}

impl VerifyPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label(&self, _: &str) -> &'static str {
        "Head"
    }
}

/// What came of the last walk along the chain, or how far it has come.
pub async fn verify(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    draw(&app, &frame, "", &[]).await
}

async fn draw(app: &App, frame: &Frame, typed: &str, faults: &[Fault]) -> Result<Response> {
    let by = frame.by.clone();
    let shown = VerifyPage {
        frame,
        length: app.read(move |db| audit::length(db, &by)).await?,
        walk: app.walked(),
        typed,
        faults,
    };
    let status = match faults {
        [] => StatusCode::OK,
        _ => StatusCode::BAD_REQUEST,
    };
    page::page(status, &shown)
}

/// Begins to go along the whole chain, which takes as long as the file is long: the page is looked at again.
pub async fn walk(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let by = frame.by.clone();
    let asker = by.clone();
    app.read(move |db| audit::length(db, &asker)).await?;
    let typed = form.fields.text("head");
    let noted = match form.fields.said("head").map(Head::parse).transpose() {
        Ok(noted) => noted,
        Err(bad) => return draw(&app, &frame, typed, &[bad.at("head")]).await,
    };
    let shop = app.clone();
    let walk = async move {
        shop.walk(by, noted);
        Ok::<_, Error>(Came::Done(None))
    };
    login::once(&app, form.key(), walk).await?;
    Ok(page::lead(VERIFY, None))
}
