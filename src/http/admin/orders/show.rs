//! One order whole: its states, lines, money, people, and everything that has happened to it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::address;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Target;
use crate::domain::fault::Fault;
use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::mail;
use crate::domain::mail::Mail;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::Channel;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Waiting;
use crate::domain::permission::Permission;
use crate::domain::refund::Refund;
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::conflict::First;
use crate::http::admin::form::Fields;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::orders::outcome;
use crate::http::admin::orders::timeline;
use crate::http::admin::orders::timeline::Item;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::order_query::At;
use crate::shop::Snapshot;
use crate::shop::audit;
use crate::shop::invoices;
use crate::shop::invoices::Papers;
use crate::shop::mails;
use crate::shop::orders;
use crate::shop::orders::Entry;
use crate::shop::payments;
use crate::shop::webhooks;
use crate::shop::webhooks::ToldOf;

/// Everything that the page of an order tells.
pub struct Told {
    /// The order.
    pub order: Order,
    /// Who bought, if that is known.
    pub buyer: Option<String>,
    /// What has happened, newest first.
    pub history: Vec<Entry>,
    /// What the audit knows of it, for those who may read it.
    pub noted: Vec<AuditRow>,
    /// Its payments, for those who may read them, unless a past moment is shown.
    pub payments: Vec<Payment>,
    /// What each of them waits for at its provider.
    pub waiting: HashMap<PaymentId, Waiting>,
    /// Its refunds, alike.
    pub refunds: Vec<Refund>,
    /// What was written to its customer, alike.
    pub mails: Vec<Mail>,
    /// What endpoints were told of it, alike.
    pub webhooks: Vec<ToldOf>,
    /// Its invoice with its credit notes, if it has one and the present is shown.
    pub papers: Option<Papers>,
    /// The moment that it is shown at, if it is not the present one.
    pub at: Option<Timestamp>,
}

impl Told {
    /// Who made its newest version.
    pub fn first(&self, frame: &Frame) -> Option<First> {
        let newest = self.history.iter().max_by_key(|entry| entry.version)?;
        Some(First {
            who: doer(newest).to_owned(),
            at: newest.at,
            is_me: newest.by.id.is_some() && newest.by.id == frame.by.user,
        })
    }
}

/// Reads what the page tells.
pub async fn told(app: &App, frame: &Frame, id: OrderId, at: Option<Moment>) -> Result<Told> {
    let by = frame.by.clone();
    let at = at.map(|at| at.end(&frame.settings.zone));
    app.read(move |db| {
        by.require(Permission::OrdersRead)?;
        let owned = match at {
            Some(at) => orders::show_at(db, &by, id, at)?,
            None => orders::show(db, &by, id)?,
        };
        let order = (*owned.order).clone();
        let names = orders::buyers(db, &by, std::iter::once(&order.head))?;
        let mut history = orders::history(db, &by, id)?;
        history.retain(|entry| entry.version <= order.head.version);
        history.reverse();
        let of_it = audit::Wanted {
            target: Some((Target::Order, Some(id.0))),
            ..audit::Wanted::default()
        };
        let noted = match by.may(Permission::AuditRead) {
            true => audit::list(db, &by, &of_it, &Paging::first(Limit::MAX, 0))?.rows,
            false => Vec::new(),
        };
        let (payments, refunds) = match at {
            None => money(db, &by, id)?,
            Some(_) => (Vec::new(), Vec::new()),
        };
        let (mails, webhooks) = match at {
            None => words_of(db, &by, &order)?,
            Some(_) => (Vec::new(), Vec::new()),
        };
        let papers = match at {
            None => invoices::find(db, &by, id)?,
            Some(_) => None,
        };
        Ok(Told {
            papers,
            noted,
            waiting: payments::waiting(db, &by, &payments)?,
            payments,
            refunds,
            mails,
            webhooks,
            buyer: order
                .head
                .customer
                .and_then(|customer: CustomerId| names.get(&customer).cloned()),
            order,
            history,
            at,
        })
    })
    .await
}

/// The payments and refunds of an order, for those who may read them.
fn money(db: &Snapshot, by: &Actor, id: OrderId) -> Result<(Vec<Payment>, Vec<Refund>)> {
    if !by.may(Permission::PaymentsRead) {
        return Ok((Vec::new(), Vec::new()));
    }
    let (_, payments, refunds) = payments::of_order(db, by, id)?;
    Ok((payments, refunds))
}

/// The mails about an order, and what endpoints were told of it, for those who may read them.
fn words_of(db: &Snapshot, by: &Actor, order: &Order) -> Result<(Vec<Mail>, Vec<ToldOf>)> {
    let wanted = mail::Wanted {
        order: Some(order.head.id),
        ..mail::Wanted::default()
    };
    let mails = match by.may(Permission::MailsRead) {
        true => mails::list(db, by, wanted, &Paging::first(Limit::MAX, 0))?.rows,
        false => Vec::new(),
    };
    let told = match by.may(Permission::WebhooksRead) {
        true => webhooks::of_order(db, by, order)?,
        false => Vec::new(),
    };
    Ok((mails, told))
}

/// A step that may be taken: the button says what it does.
pub struct Button {
    /// The state that it leads to.
    pub to: &'static str,
    /// What it says.
    pub words: String,
    /// Its icon.
    pub icon: &'static str,
}

#[derive(Template)]
#[template(path = "admin/orders/show.html")]
pub struct ShowPage<'a> {
    /// The frame.
    pub frame: &'a Frame,
    /// The order and what belongs to it.
    pub told: &'a Told,
    /// What was typed, when something was wrong with it.
    pub typed: &'a Fields,
    /// What was wrong.
    pub faults: &'a [Fault],
}

/// The order as it is, or as it was at a moment, when nothing can be done to it.
pub async fn show(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    asked: Asked<OnPage<At>>,
) -> Result<Response> {
    let OnPage(At(at)) = asked.read(&())?;
    let told = told(&app, &frame, id, at).await?;
    let shown = ShowPage {
        frame: &frame,
        told: &told,
        typed: &Fields::default(),
        faults: &[],
    };
    page::page(StatusCode::OK, &shown)
}

impl ShowPage<'_> {
    fn axes(&self) -> [(&'static str, Badge); 4] {
        let head = &self.told.order.head;
        [
            ("Order", badge::order(head.state)),
            ("Payment", badge::payment(head.payment, head.state)),
            ("Fulfilment", badge::fulfilment(head.fulfilment, head.state)),
            ("Return", badge::returned(head.returns)),
        ]
    }

    /// Whether there is money to give back, and whoever looks may.
    fn may_refund(&self) -> bool {
        let head = &self.told.order.head;
        head.paid > head.refunded && self.may("refunds:create")
    }

    /// Whether it has no invoice and may be given one by whoever looks.
    fn may_issue(&self) -> bool {
        let head = &self.told.order.head;
        let gets_one =
            head.imported_at.is_none() && head.total > Money::ZERO && head.state != OrderState::Canceled;
        gets_one && self.told.papers.is_none() && self.may("orders:update-status")
    }

    /// Whether there is money to come, and whoever looks may say that it has.
    fn may_record(&self) -> bool {
        self.told.order.head.due() > Money::ZERO && self.may("payments:create")
    }

    /// Whether the money of a payment is reserved, and whoever looks may have it taken.
    fn may_capture(&self, payment: &Payment) -> bool {
        payment.state == PaymentState::Authorized && self.may("payments:update")
    }

    fn charge(&self, payment: &Payment) -> Badge {
        badge::charge(payment.state)
    }

    /// What a payment waits for.
    fn waits(&self, payment: &Payment) -> Option<&Waiting> {
        self.told.waiting.get(&payment.id)
    }

    fn given(&self, refund: &Refund) -> Badge {
        badge::refund(refund.state)
    }

    /// The pieces that a refund is for.
    fn pieces(&self, refund: &Refund) -> String {
        let lines = refund.lines.iter();
        let told = lines.filter_map(|back| {
            let line = self.told.order.lines.iter().find(|line| line.id == back.line)?;
            Some(format!("{} × {}", back.quantity, line.sku))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// Where it was placed.
    fn channel(&self) -> &'static str {
        match self.told.order.head.channel {
            Channel::Page => "online shop",
            Channel::Api => "by a program",
            Channel::Staff => "by staff",
            Channel::Import => "imported",
        }
    }

    /// The steps that the state and the rights allow. Canceling asks first, and so does giving money back.
    fn buttons(&self) -> Vec<Button> {
        let head = &self.told.order.head;
        if !self.may("orders:update-status") {
            return Vec::new();
        }
        let button = |to: OrderState, words: String, icon| Button {
            to: to.name(),
            words,
            icon,
        };
        let states = head.state.next_states().into_iter();
        states
            .filter_map(|to| match to {
                OrderState::Processing => Some(button(to, "Start work".into(), "play")),
                OrderState::Shipped => {
                    let words = match head.item_count {
                        1 => "Ship 1 item".to_owned(),
                        many => format!("Ship {many} items"),
                    };
                    Some(button(to, words, "truck"))
                }
                OrderState::Delivered => Some(button(to, "Mark delivered".into(), "check")),
                _ => None,
            })
            .collect()
    }

    fn may_cancel(&self) -> bool {
        let next = self.told.order.head.state.next_states();
        next.contains(&OrderState::Canceled) && self.may("orders:cancel")
    }

    /// Whether whoever looks holds a right, and looks at the order as it is.
    fn may(&self, right: &str) -> bool {
        self.told.at.is_none() && self.frame.may(right)
    }

    /// Whether an entry made the order what the page shows.
    fn is_shown(&self, entry: &Entry) -> bool {
        entry.version == self.told.order.head.version
    }

    fn address(&self, json: &Option<String>) -> Vec<String> {
        let lines = json
            .as_deref()
            .and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
        lines.map(|found| address::lines(&found)).unwrap_or_default()
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }

    /// What was done a moment ago, where it is a step of this order.
    fn outcome(&self, done: &AuditRow) -> Option<String> {
        outcome::sentence(self.frame, self.told, done)
    }

    fn items(&self) -> Vec<(Timestamp, Item<'_>)> {
        timeline::items(self.told)
    }

    fn tint(&self, told: &[ToldOf]) -> &'static str {
        timeline::tint(told)
    }

    fn sent(&self, told: &ToldOf) -> Badge {
        badge::delivery(told.delivery.status)
    }

    fn mail(&self, mail: &Mail) -> Badge {
        badge::mail(mail.state)
    }

    fn mail_name(&self, mail: &Mail) -> &'static str {
        words::mail(mail.template)
    }

    fn look(&self, entry: &Entry) -> (&'static str, &'static str) {
        look(entry)
    }

    fn deed(&self, entry: &Entry) -> String {
        deed(entry)
    }

    fn doer<'e>(&self, entry: &'e Entry) -> &'e str {
        doer(entry)
    }

    /// The row of the audit that tells of an entry.
    fn noted(&self, entry: &Entry) -> Option<&AuditRow> {
        let mut rows = self.told.noted.iter();
        rows.find(|row| row.at == entry.at && row.request_id == entry.request_id)
    }

    /// The tags that were shown when somebody began to type.
    fn was(&self) -> String {
        match self.typed.is_ticked("was") {
            true => self.typed.text("was").to_owned(),
            false => self.told.order.tags.join(", "),
        }
    }

    /// The order's tags, or what was typed instead and could not be taken.
    fn tags(&self) -> String {
        match self.typed.is_ticked("tags") {
            true => self.typed.text("tags").to_owned(),
            false => self.told.order.tags.join(", "),
        }
    }
}

/// The icon and the colour of an entry on the time line.
fn look(entry: &Entry) -> (&'static str, &'static str) {
    match entry.action {
        Change::Placed => ("orders", ""),
        Change::Moved | Change::PartShipped => ("arrow", "blue"),
        Change::ReturnRequested | Change::ReturnReceived | Change::ReturnEnded => ("arrow", ""),
        Change::Canceled => ("x", ""),
        Change::Noted => ("note", "said"),
        Change::Tagged => ("flag", ""),
        Change::Edited => ("note", "blue"),
        Change::Refunded => ("p-refunded", "violet"),
        Change::Paid | Change::Authorized => ("p-paid", "green"),
        Change::PaymentFailed | Change::RefundFailed => ("x", "red"),
        Change::PaymentBegun | Change::PaymentEnded => ("p-unpaid", ""),
    }
}

/// What an entry says, after the name of who did it.
fn deed(entry: &Entry) -> String {
    let word = |state: Option<OrderState>| state.map_or("", |state| badge::order(state).word);
    match entry.action {
        Change::Placed => "placed the order".to_owned(),
        Change::Moved => format!("moved it from {} to {}", word(entry.from), word(entry.to)),
        Change::Canceled => "canceled the order".to_owned(),
        Change::Noted if entry.public => "wrote to the customer".to_owned(),
        Change::Noted => "wrote a note for staff".to_owned(),
        Change::Tagged => "changed the tags".to_owned(),
        Change::Edited => "changed what is in it, or where it goes".to_owned(),
        Change::Refunded => "refunded the order".to_owned(),
        Change::Paid => "recorded the payment".to_owned(),
        Change::Authorized => "recorded that the money is reserved".to_owned(),
        Change::PaymentFailed => "recorded that the payment was declined".to_owned(),
        Change::PaymentBegun => "began another payment".to_owned(),
        Change::PaymentEnded => "gave the payment up".to_owned(),
        Change::PartShipped => "shipped a part of it".to_owned(),
        Change::ReturnRequested => "announced that goods come back".to_owned(),
        Change::ReturnReceived => "received goods that came back".to_owned(),
        Change::ReturnEnded => "ended a return that came to nothing".to_owned(),
        Change::RefundFailed => "recorded that the refund has failed".to_owned(),
    }
}

/// Who did it, by name.
fn doer(entry: &Entry) -> &str {
    match (&entry.by.name, entry.by.kind) {
        (Some(name), _) => name,
        (None, "guest") => "A guest",
        (None, "api_key") => "A program",
        (None, _) => "Till",
    }
}
