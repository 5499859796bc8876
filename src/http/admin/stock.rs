//! Stock in the admin: how much there is of what, what runs low, and one variant with its ledger and a form to move it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::VariantId;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::product::Adjustment;
use crate::domain::product::Level;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::Movement;
use crate::domain::product::MovementReason;
use crate::domain::product::StockChange;
use crate::domain::refusal::Refusal;
use crate::domain::text;
use crate::domain::text::Sku;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::typed;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::catalogue::Restock;
use crate::shop::stock;
use crate::shop::stock::Ledger;

const PATH: &str = "/admin/stock";
/// The tab counts so far; more is told as such.
const MOST_TOLD: i64 = 1000;
/// The longest note beside a movement.
const MOST_NOTE: usize = 1000;
/// Why stock is moved by hand, as people say it.
pub(in crate::http::admin) const REASONS: [(MovementReason, &str); 3] = [
    (MovementReason::Restock, "Delivery arrived"),
    (MovementReason::Adjust, "Counted or corrected"),
    (MovementReason::Return, "Came back"),
];

/// How stock is moved by hand: by so many, or to what was counted.
const WAYS: [(&str, &str); 3] = [
    ("add", "Add"),
    ("take", "Take away"),
    ("to", "Counted: so many are there"),
];

fn path(variant: VariantId) -> String {
    format!("{PATH}/{variant}")
}

/// What the list is asked for.
pub struct Levels {
    typed: Option<String>,
    is_low: bool,
    paging: Paging,
}

impl Asks for Levels {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            typed: query.text("q"),
            is_low: query.flag("low").unwrap_or(false),
            paging: query.paging(0),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/stock/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    tabs: [Tab; 2],
    chips: Vec<Chip>,
    rows: &'a [Level],
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn state(&self, level: &Level) -> Option<Badge> {
        badge::stock(level.available, level.low_at)
    }
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<Levels>>,
) -> Result<Response> {
    let by = frame.by.clone();
    let (found, low) = app
        .read(move |db| {
            by.require(Permission::StockRead)?;
            let OnPage(asked) = asked.read(&())?;
            let found = match asked.is_low {
                true => stock::low(db, &by, &asked.paging)?,
                false => stock::levels(db, &by, asked.typed.as_deref(), &asked.paging)?,
            };
            Ok((found, stock::count_low(db, &by, MOST_TOLD)?))
        })
        .await?;
    let view = View::new(PATH, asked_at.query());
    let low = view.tab("low", "1", "Low", Some(link::up_to(low, MOST_TOLD)));
    let low = Tab {
        href: format!("{PATH}?low=1"),
        ..low
    };
    let shown = ListPage {
        frame: &frame,
        tabs: [view.tab("low", "", "All", None), low],
        chips: view.chips(&[("q", "Search")]),
        rows: &found.rows,
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "admin/stock/show.html")]
struct ShowPage<'a> {
    frame: &'a Frame,
    ledger: &'a Ledger,
    typed: &'a Fields,
    faults: &'a [Fault],
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ShowPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn state(&self) -> Option<Badge> {
        badge::stock(self.ledger.level.available, self.ledger.level.low_at)
    }

    fn reasons(&self) -> [(&'static str, &'static str); 3] {
        REASONS.map(|(reason, words)| (reason.name(), words))
    }

    fn label(&self, field: &str) -> &'static str {
        match field {
            "reason" => "Reason",
            "note" => "Note",
            _ => "Pieces",
        }
    }

    fn ways(&self) -> [(&'static str, &'static str); 3] {
        WAYS
    }

    fn is_way(&self, way: &str) -> bool {
        match self.typed.text("how") {
            "" => way == WAYS[0].0,
            typed => way == typed,
        }
    }

    fn what(&self, movement: &Movement) -> &'static str {
        let by_hand = REASONS.iter().find(|(reason, _)| *reason == movement.reason);
        match movement.reason {
            MovementReason::Sale if movement.delta > 0 => "Order made smaller",
            MovementReason::Sale => "Sale",
            MovementReason::Import => "Import",
            // Nobody counts it in: the order did, as it was canceled.
            MovementReason::Restock if movement.order.is_some() => "Back on the shelf",
            _ => by_hand.map_or("", |(_, words)| words),
        }
    }

    fn number(&self, movement: &Movement) -> Option<&String> {
        self.ledger.numbers.get(&movement.order?)
    }

    fn doer(&self, movement: &Movement) -> &str {
        let name = movement.actor.and_then(|actor| self.ledger.names.get(&actor));
        name.map_or("", String::as_str)
    }

    fn delta(&self, movement: &Movement) -> String {
        match movement.delta < 0 {
            true => format!("−{}", movement.delta.unsigned_abs()),
            false => format!("+{}", movement.delta),
        }
    }
}

pub async fn show(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(variant): Path<VariantId>,
    asked_at: Uri,
    asked: Asked<OnPage<Paging>>,
) -> Result<Response> {
    let by = frame.by.clone();
    let ledger = app
        .read(move |db| {
            by.require(Permission::StockRead)?;
            let OnPage(paging) = asked.read(&())?;
            stock::ledger(db, &by, variant, &paging)
        })
        .await?;
    let view = View::new(path(variant), asked_at.query());
    let next = ledger.page.next;
    let shown = ShowPage {
        frame: &frame,
        ledger: &ledger,
        typed: &Fields::default(),
        faults: &[],
        how_many: how_many(&ledger.page),
        first: view.first(),
        next: view.next(next),
    };
    page::page(StatusCode::OK, &shown)
}

/// How stock is to move, as a form says it: the change in `field`, read in the form's own way, with why.
pub(in crate::http::admin) fn restock(
    fields: &Fields,
    field: &str,
    change: std::result::Result<StockChange, Bad>,
) -> Result<Restock> {
    let mut faults = Vec::new();
    let change = change.map_err(|bad| faults.push(bad.at(field)));
    let mut reasons = REASONS.iter().map(|(reason, _)| *reason);
    let reason = reasons.find(|reason| reason.name() == fields.text("reason"));
    if reason.is_none() {
        faults.push(Bad::missing().at("reason"));
    }
    let note = text::paragraph(fields.text("note"), MOST_NOTE).map_err(|bad| faults.push(bad.at("note")));
    match (change, reason, note) {
        (Ok(change), Some(reason), Ok(note)) => Ok(Restock {
            change,
            reason,
            note: (!note.is_empty()).then_some(note),
        }),
        _ => Err(faults.into()),
    }
}

fn change(fields: &Fields) -> std::result::Result<StockChange, Bad> {
    let pieces = typed::whole(fields.text("pieces"))?.ok_or(Bad::missing())?;
    if !(0..=MOST_STOCK).contains(&pieces) {
        return Err(Bad::invalid("must be 0 to 1,000,000,000"));
    }
    match fields.text("how") {
        "add" => Ok(StockChange::By(pieces)),
        "take" => Ok(StockChange::By(-pieces)),
        "to" => Ok(StockChange::To(pieces)),
        _ => Err(Bad::invalid("are to be added, taken away, or counted")),
    }
}

pub async fn adjust(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(variant): Path<VariantId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::StockUpdate)?;
    let done = match restock(&form.fields, "pieces", change(&form.fields)) {
        Ok(wanted) => {
            let by = frame.by.clone();
            form.submit(&app, move |tx| {
                let level = stock::level(tx, &by, variant)?;
                let sku = Sku::parse(&level.sku).map_err(|bad| Error::from(bad.at("pieces")))?;
                let new = Adjustment {
                    sku,
                    change: wanted.change,
                    reason: wanted.reason,
                    note: wanted.note.clone(),
                };
                stock::adjust(tx, &by, None, &new).map(|_| ())
            })
            .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => Ok(page::lead(&path(variant), Some(done))),
        Err(error) => again(&app, &frame, variant, &form.fields, error).await,
    }
}

/// The page again, with what was typed and what was wrong with it.
async fn again(
    app: &App,
    frame: &Frame,
    variant: VariantId,
    typed: &Fields,
    error: Error,
) -> Result<Response> {
    let faults = match error {
        Error::Refused(Refusal::Fields(faults)) => faults,
        Error::Refused(Refusal::Shortage(short)) => {
            let there = short.first().map_or(0, |short| short.available);
            vec![Bad::invalid(format!("would leave less than nothing: there are {there}")).at("pieces")]
        }
        Error::Refused(Refusal::NotAllowed(words) | Refusal::Rule(words)) => {
            vec![Bad::invalid(words).at("pieces")]
        }
        error => return Err(error),
    };
    let by = frame.by.clone();
    let ledger = app
        .read(move |db| stock::ledger(db, &by, variant, &Paging::first(Default::default(), 0)))
        .await?;
    let view = View::new(path(variant), None);
    let shown = ShowPage {
        frame,
        ledger: &ledger,
        typed,
        faults: &faults,
        how_many: how_many(&ledger.page),
        first: None,
        next: view.next(ledger.page.next),
    };
    page::page(StatusCode::BAD_REQUEST, &shown)
}
