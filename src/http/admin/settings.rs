//! What the shop decides, as one form. Somebody else's change in between shows both versions.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::audit::Action;
use crate::domain::country;
use crate::domain::fault::Fault;
use crate::domain::permission::Permission;
use crate::domain::settings;
use crate::domain::settings::Kind;
use crate::domain::settings::Setting;
use crate::domain::settings::SettingsFields;
use crate::error::Result;
use crate::http::admin::choices::CURRENCIES;
use crate::http::admin::choices::ZoneChoice;
use crate::http::admin::choices::countries;
use crate::http::admin::choices::zones;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::conflict::First;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::typed;
use crate::http::admin::words;
use crate::shop::settings as verbs;
use crate::shop::settings::SettingsView;

const PATH: &str = "/admin/settings";

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage<'a> {
    frame: &'a Frame,
    typed: &'a Fields,
    faults: &'a [Fault],
    /// Whether there is no price yet.
    is_currency_open: bool,
    currencies: &'a [(&'static str, &'static str)],
    zones: Vec<(String, Vec<ZoneChoice>)>,
    countries: Vec<(&'static str, String)>,
}

impl SettingsPage<'_> {
    fn typed(&self, field: &str) -> &str {
        self.typed.text(field)
    }

    fn is(&self, field: &str, value: &str) -> bool {
        self.typed.text(field) == value
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        label(field)
    }

    fn sign(&self) -> String {
        words::sign(self.frame.settings.terms.currency)
    }

    /// Whether the shop's currency is none of those that are usual.
    fn has_rare_currency(&self) -> bool {
        let chosen = self.typed.text("currency");
        self.currencies.iter().all(|(code, _)| *code != chosen)
    }
}

/// What people call a field of this form.
fn label(field: &str) -> &str {
    match field {
        "name" => "Shop name",
        "line1" => "Address",
        "line2" => "Second line",
        "city" => "Town or city",
        "postcode" => "Postcode",
        "region" => "County or state",
        "country" => "Country",
        "currency" => "Currency",
        "time_zone" => "Time zone",
        "tax.inclusive" => "Prices you type",
        "products.moderation" => "What sellers offer",
        "stock.low_at" => "Stock is low at",
        "orders.unpaid_minutes" => "Cancel unpaid orders after",
        "orders.transfer_days" => "Cancel orders by transfer after",
        "payments.capture" => "Take promised money",
        "refunds.step_up_above" => "Ask again above",
        "commissions.rate" => "Your part of what sellers sell",
        "wallet.deposits" => "Paying in",
        "wallet.withdrawals" => "Paying out",
        "wallet.daily_deposits" => "Paid in a day at most",
        "wallet.daily_withdrawals" => "Paid out a day at most",
        "mail.from" => "Mails come from",
        "mail.reply_to" => "Replies go to",
        "staff.second_factor" => "Second factor",
        "keep_days.deliveries" => "Webhook deliveries",
        "keep_days.mails" => "Mails",
        "keep_days.audit" => "Audit",
        "keep_days.events" => "Events",
        other => other,
    }
}

/// What the field of a setting is called: of the shop itself, the plain word that browsers know.
fn field(name: &str) -> &str {
    let own = name.strip_prefix("shop.").unwrap_or(name);
    own.strip_prefix("address.").unwrap_or(own)
}

/// The form as the settings stand.
fn stands(view: &SettingsView) -> Fields {
    let fields = settings::all().map(|setting| (field(setting.name).to_owned(), view.text(setting)));
    Fields(fields.collect())
}

/// The same with what tells later on which version, and on which values, it was typed.
fn fresh(view: &SettingsView) -> Fields {
    let mut fields = stands(view);
    let was = conflict::prints(fields.pairs());
    fields.0.push((conflict::WAS.to_owned(), was));
    fields.0.push(("version".to_owned(), view.version.to_string()));
    fields
}

async fn told(app: &App, frame: &Frame) -> Result<(SettingsView, bool)> {
    let by = frame.by.clone();
    app.read(move |db| Ok((verbs::decided(db, &by)?, verbs::is_currency_open(db)?)))
        .await
}

async fn shown(app: &App, frame: &Frame, sent: Option<(&Fields, &[Fault])>) -> Result<Response> {
    let (view, is_currency_open) = told(app, frame).await?;
    let fresh = fresh(&view);
    let (status, typed, faults) = match sent {
        Some((typed, faults)) => (StatusCode::BAD_REQUEST, typed, faults),
        None => (StatusCode::OK, &fresh, [].as_slice()),
    };
    let shown = SettingsPage {
        frame,
        typed,
        faults,
        is_currency_open,
        currencies: &CURRENCIES,
        zones: zones(),
        countries: countries(),
    };
    page::page(status, &shown)
}

pub async fn show(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    shown(&app, &frame, None).await
}

/// What was typed, as the settings take it: blank leaves open what may be.
fn asked(frame: &Frame, fields: &Fields) -> SettingsFields {
    let currency = frame.settings.terms.currency;
    let said = settings::all().filter(|setting| fields.is_ticked(field(setting.name)));
    let typed = |setting: &Setting| {
        let text = fields.text(field(setting.name)).trim();
        match setting.kind {
            _ if text.is_empty() && setting.usual.is_none() => None,
            Kind::Money => Some(typed::amount(text, currency).text().to_owned()),
            Kind::Whole(..) => match typed::whole(text) {
                Ok(Some(number)) => Some(number.to_string()),
                _ => Some(text.to_owned()),
            },
            _ => Some(text.to_owned()),
        }
    };
    SettingsFields(said.map(|setting| (setting, typed(setting))).collect())
}

/// Faults at the fields of the form.
fn at_fields(faults: Vec<Fault>) -> Vec<Fault> {
    let at_field = |fault: Fault| Fault {
        field: field(&fault.field).to_owned(),
        ..fault
    };
    faults.into_iter().map(at_field).collect()
}

pub async fn update(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    frame.by.require(Permission::SettingsUpdate)?;
    let (by, seen) = (frame.by.clone(), form.fields.version()?);
    let asked = asked(&frame, &form.fields);
    if let Err(faults) = asked.rows(frame.settings.terms.currency) {
        let faults = at_fields(faults);
        return shown(&app, &frame, Some((&form.fields, &faults))).await;
    }
    let done = form
        .submit(&app, move |tx| {
            verbs::change(tx, &by, Some(seen), &asked).map(|_| ())
        })
        .await;
    let clash = clash(&app, &frame, &form.fields);
    conflict::settle(done, PATH, clash).await
}

/// Somebody else was first: the settings as they are beside what was typed, where the two differ.
async fn clash(app: &App, frame: &Frame, typed: &Fields) -> Result<Response> {
    let (view, _) = told(app, frame).await?;
    let now = stands(&view);
    let kept = conflict::on_top(&now, typed);
    let differing = settings::all().map(|setting| field(setting.name));
    let differing = differing.filter(|name| kept.is_ticked(name) && now.text(name) != kept.text(name));
    let rows = differing.map(|name| {
        let said = |fields: &Fields| in_words(name, fields.text(name));
        Both::of(label(name), said(&now), said(&kept))
    });
    let shown = ConflictPage {
        frame,
        thing: "the settings".to_owned(),
        back: PATH.to_owned(),
        action: PATH.to_owned(),
        version: view.version,
        first: First::to_do(app, frame, Action::SettingsChanged).await?,
        rows: rows.collect(),
        kept,
    };
    shown.reply()
}

/// A value as people read it beside another.
fn in_words(field: &str, value: &str) -> String {
    let words = match (field, value) {
        ("country", code) => country::name_of(code).unwrap_or(code),
        ("tax.inclusive", "true") => "Include tax",
        ("tax.inclusive", "false") => "Are without tax",
        (_, "true") => "Yes",
        (_, "false") => "No",
        (_, value) => value,
    };
    words.to_owned()
}
