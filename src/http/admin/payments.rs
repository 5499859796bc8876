//! Payments of all orders, and the inbox of what providers have told.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::id::InboxId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::inbox::InboxState;
use crate::domain::inbox::Message;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Waiting;
use crate::domain::webhook::Gate;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::payments;

const PATH: &str = "/admin/payments";
const INBOX: &str = "/admin/payments/inbox";

/// Payments of one state, or all.
pub struct OfState(Option<PaymentState>, Paging);

impl Asks for OfState {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.one_of("status", PaymentState::parse), query.paging(0))
    }
}

#[derive(Template)]
#[template(path = "admin/payments/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    tabs: Vec<Tab>,
    found: &'a Page<Payment>,
    numbers: &'a HashMap<OrderId, String>,
    waiting: &'a HashMap<PaymentId, Waiting>,
    /// Providers that do not answer and are left alone for a while.
    silent: Vec<Provider>,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn number(&self, payment: &Payment) -> &str {
        self.numbers.get(&payment.order).map_or("", String::as_str)
    }

    fn state(&self, payment: &Payment) -> Badge {
        badge::charge(payment.state)
    }

    /// What it waits for.
    fn waits(&self, payment: &Payment) -> Option<&Waiting> {
        self.waiting.get(&payment.id)
    }
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<OfState>>,
) -> Result<Response> {
    let OnPage(OfState(state, paging)) = asked.read(&())?;
    let by = frame.by.clone();
    let now = frame.now;
    let (found, numbers, waiting, gates) = app
        .read(move |db| {
            let found = payments::list(db, &by, state, &paging)?;
            let numbers = payments::numbers(db, &by, &found.rows)?;
            let waiting = payments::waiting(db, &by, &found.rows)?;
            Ok((found, numbers, waiting, payments::gates(db, now)?))
        })
        .await?;
    let silent = gates.into_iter().filter(|(_, gate)| *gate != Gate::Closed);
    let view = View::new(PATH, asked_at.query());
    let states = PaymentState::ALL.iter().rev();
    let states = states.map(|state| (state.name(), badge::charge(*state).word));
    let shown = ListPage {
        frame: &frame,
        tabs: view.tabs("status", states),
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        found: &found,
        numbers: &numbers,
        waiting: &waiting,
        silent: silent.map(|(provider, _)| provider).collect(),
    };
    page::page(StatusCode::OK, &shown)
}

/// Messages of one state, or all.
pub struct Messages(Option<InboxState>, Paging);

impl Asks for Messages {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.one_of("status", InboxState::parse), query.paging(0))
    }
}

#[derive(Template)]
#[template(path = "admin/payments/inbox.html")]
struct InboxPage<'a> {
    frame: &'a Frame,
    tabs: Vec<Tab>,
    /// Only those of one state are asked for.
    is_part: bool,
    found: &'a Page<Message>,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl InboxPage<'_> {
    fn state(&self, message: &Message) -> Badge {
        badge::message(message.state)
    }

    /// Whether it has no effect yet, and whoever looks may have it tried again.
    fn may_retry(&self, message: &Message) -> bool {
        message.state != InboxState::Processed && self.frame.may("payments:update")
    }

    /// Whether it is longer than what is shown of it.
    fn is_cut(&self, message: &Message) -> bool {
        message.size > message.body.len() as i64
    }

    /// What the provider has sent, as text.
    fn body(&self, message: &Message) -> String {
        String::from_utf8_lossy(&message.body).into_owned()
    }
}

pub async fn inbox(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<Messages>>,
) -> Result<Response> {
    let OnPage(Messages(state, paging)) = asked.read(&())?;
    let by = frame.by.clone();
    let found = app
        .read(move |db| payments::messages(db, &by, state, &paging))
        .await?;
    let view = View::new(INBOX, asked_at.query());
    let states = InboxState::ALL.iter().rev();
    let states = states.map(|state| (state.name(), badge::message(*state).word));
    let shown = InboxPage {
        frame: &frame,
        tabs: view.tabs("status", states),
        is_part: state.is_some(),
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        found: &found,
    };
    page::page(StatusCode::OK, &shown)
}

pub async fn retry(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<InboxId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| payments::retry(tx, &by, id).map(|_| ()))
        .await?;
    Ok(page::lead(INBOX, Some(done)))
}
