//! One wallet: what it has, what has moved in it, and the form by which money is paid in, paid out or put right.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::money::RawAmount;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::text;
use crate::domain::text::csv_cell;
use crate::domain::wallet::Hold;
use crate::domain::wallet::NewTransfer;
use crate::domain::wallet::Tellers;
use crate::domain::wallet::Transfer;
use crate::domain::wallet::TransferKind;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::typed;
use crate::http::admin::wallets::path;
use crate::http::admin::words;
use crate::http::csv;
use crate::http::csv::File;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::transfer_query::TransfersPage;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::once::Key;
use crate::shop::wallets;
use crate::shop::wallets::Ledger;
use crate::shop::wallets::Teller;
use crate::shop::wallets::Wanted;

/// The longest reason.
const MOST_REASON: usize = 255;
/// Why money moved, as people say it.
const KINDS: [(TransferKind, &str); 5] = [
    (TransferKind::Deposit, "Paid in"),
    (TransferKind::Withdrawal, "Paid out"),
    (TransferKind::OrderPayment, "Order paid"),
    (TransferKind::OrderRefund, "Given back"),
    (TransferKind::Adjustment, "Put right"),
];

/// How money is moved by hand.
const WAYS: [(Way, &str, &str); 4] = [
    (Way::In, "in", "Pay in"),
    (Way::Out, "out", "Pay out"),
    (Way::Add, "add", "Put right: add"),
    (Way::Take, "take", "Put right: take away"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
    Add,
    Take,
}

#[derive(Template)]
#[template(path = "admin/wallets/show.html")]
struct ShowPage<'a> {
    frame: &'a Frame,
    ledger: &'a Ledger,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    csv: String,
    typed: &'a Fields,
    faults: &'a [Fault],
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl<'a> ShowPage<'a> {
    fn of(frame: &'a Frame, ledger: &'a Ledger, view: &View, typed: &'a Fields, faults: &'a [Fault]) -> Self {
        let kinds = KINDS.iter().map(|(kind, words)| (kind.name(), *words));
        Self {
            frame,
            ledger,
            tabs: view.tabs("type", kinds),
            chips: view.chips(&[("from", "From"), ("to", "Until")]),
            csv: view.at(
                &format!("{}/transfers.csv", path(ledger.user.id)),
                &[("limit", "")],
            ),
            typed,
            faults,
            how_many: how_many(&ledger.page),
            first: view.first(),
            next: view.next(ledger.page.next),
        }
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        match field {
            "how" => "How",
            field => words::label(field),
        }
    }

    fn name(&self) -> &str {
        let user = &self.ledger.user;
        user.name.as_deref().unwrap_or(&user.username)
    }

    fn what(&self, transfer: &Transfer) -> &'static str {
        let known = KINDS.iter().find(|(kind, _)| *kind == transfer.kind);
        known.map_or("", |(_, words)| words)
    }

    fn moved(&self, transfer: &Transfer) -> String {
        let plus = if transfer.amount.minor() > 0 { "+" } else { "" };
        format!("{plus}{}", self.frame.money(transfer.amount))
    }

    fn number(&self, transfer: &Transfer) -> Option<&String> {
        self.ledger.numbers.get(&transfer.order?)
    }

    fn held_for(&self, hold: &Hold) -> &str {
        self.ledger.numbers.get(&hold.order).map_or("", String::as_str)
    }

    fn doer(&self, transfer: &Transfer) -> &str {
        let name = transfer.actor.and_then(|actor| self.ledger.names.get(&actor));
        name.map_or("", String::as_str)
    }

    /// The ways that are open: what the shop has shut off is not offered.
    fn ways(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let [paid_in, paid_out] = self.ledger.tellers.each_ref().map(|teller| teller.who);
        let is_open = move |way: &Way| match way {
            Way::In => paid_in != Tellers::Off,
            Way::Out => paid_out != Tellers::Off,
            Way::Add | Way::Take => true,
        };
        let open = WAYS.into_iter().filter(move |(way, ..)| is_open(way));
        open.map(|(_, value, words)| (value, words))
    }

    fn is_way(&self, way: &str) -> bool {
        match self.typed.text("how") {
            "" => self.ways().next().is_some_and(|(first, _)| first == way),
            typed => typed == way,
        }
    }

    fn daily(&self, teller: &Teller) -> &'static str {
        match teller.kind {
            TransferKind::Deposit => "In a day",
            _ => "Out a day",
        }
    }

    fn who(&self, teller: &Teller) -> &'static str {
        match teller.who {
            Tellers::Staff => "by staff alone",
            Tellers::Open => "by the owner, too",
            Tellers::Off => "shut off",
        }
    }
}

pub async fn show(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(user): Path<UserId>,
    asked_at: Uri,
    asked: Asked<OnPage<TransfersPage>>,
) -> Result<Response> {
    let OnPage(TransfersPage(wanted, paging)) = asked.read(&())?;
    let ledger = ledger(&app, &frame, user, wanted, paging).await?;
    let view = View::new(path(user), asked_at.query());
    let typed = Fields::default();
    let shown = ShowPage::of(&frame, &ledger, &view, &typed, &[]);
    page::page(StatusCode::OK, &shown)
}

async fn ledger(app: &App, frame: &Frame, user: UserId, wanted: Wanted, paging: Paging) -> Result<Ledger> {
    let (by, now) = (frame.by.clone(), frame.now);
    app.read(move |db| wallets::ledger(db, &by, (user, now), &wanted, &paging))
        .await
}

/// Money that is to be moved by hand.
struct Order {
    way: Way,
    amount: RawAmount,
    reason: String,
}

impl Order {
    fn read(fields: &Fields, currency: Currency) -> Result<Self> {
        let mut faults = Vec::new();
        let named = |(_, value, _): &&(Way, &str, &str)| *value == fields.text("how");
        let way = WAYS.iter().find(named).map(|(way, ..)| *way);
        if way.is_none() {
            faults.push(Bad::missing().at("how"));
        }
        let amount = typed::amount(fields.text("amount"), currency);
        let money = amount.to_money(currency).and_then(|money| money.positive());
        if let Err(bad) = money {
            faults.push(bad.at("amount"));
        }
        // What is put right says why; what is paid in or out needs no more words.
        let least = usize::from(matches!(way, Some(Way::Add | Way::Take)));
        let reason = text::line(fields.text("reason"), least, MOST_REASON);
        let reason = reason.map_err(|bad| faults.push(bad.at("reason")));
        match (way, reason, faults.is_empty()) {
            (Some(way), Ok(reason), true) => Ok(Self { way, amount, reason }),
            _ => Err(faults.into()),
        }
    }

    fn carry_out(&self, tx: &Tx, by: &Actor, key: &Key, user: UserId) -> Result<()> {
        let new = || NewTransfer {
            amount: self.amount.clone(),
            user: Some(user),
            reason: Some(self.reason.clone()).filter(|reason| !reason.is_empty()),
        };
        let made = match self.way {
            Way::In => wallets::deposit(tx, by, Some(key), &new()),
            Way::Out => wallets::withdraw(tx, by, Some(key), &new()),
            Way::Add => wallets::adjust(tx, by, Some(key), user, &self.amount, &self.reason),
            Way::Take => {
                let less = RawAmount::new(&format!("-{}", self.amount.text()));
                wallets::adjust(tx, by, Some(key), user, &less, &self.reason)
            }
        };
        made.map(|_| ())
    }
}

pub async fn move_money(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(user): Path<UserId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::WalletManage)?;
    let done = match Order::read(&form.fields, frame.settings.terms.currency) {
        Ok(order) => {
            let by = frame.by.clone();
            // The transfer keeps the key for ever, the form's own is swept.
            let key = Key::new(&by, "POST /admin/wallets", &form.key().text(), &[]);
            form.submit(&app, move |tx| order.carry_out(tx, &by, &key, user))
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => Ok(page::lead(&path(user), Some(done))),
        Err(error) => again(&app, &frame, user, &form.fields, error).await,
    }
}

/// The page again, with what was typed and what was wrong with it.
async fn again(app: &App, frame: &Frame, user: UserId, typed: &Fields, error: Error) -> Result<Response> {
    let faults = match error {
        Error::Refused(Refusal::Fields(faults)) => faults,
        Error::Refused(Refusal::Balance { available, .. }) => {
            let there = words::money(available.money, available.currency);
            vec![Bad::invalid(format!("is more than is available: {there}")).at("amount")]
        }
        Error::Refused(Refusal::Rule(words)) => vec![Bad::invalid(words).at("amount")],
        error => return Err(error),
    };
    let paging = Paging::first(Limit::default(), 0);
    let ledger = ledger(app, frame, user, Wanted::default(), paging).await?;
    let view = View::new(path(user), None);
    let shown = ShowPage::of(frame, &ledger, &view, typed, &faults);
    page::page(StatusCode::BAD_REQUEST, &shown)
}

const HEADINGS: &str = "id,at,type,amount,balance,currency,order_id,actor_id,reason\r\n";

pub async fn export(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(user): Path<UserId>,
    asked: Asked<TransfersPage>,
) -> Result<Response> {
    let by = frame.by.clone();
    by.require(Permission::WalletRead)?;
    let TransfersPage(wanted, _) = asked.read(&())?;
    let currency = frame.settings.terms.currency;
    let noted = by.clone();
    app.write(move |tx| wallets::begin_export(tx, &noted, user))
        .await?;
    let file = File {
        name: format!("wallet-{user}.csv"),
        headings: HEADINGS,
        first: Paging::first(Limit::MAX, 0),
        read: move |db: &Snapshot, paging: &Paging| wallets::export_page(db, &by, user, &wanted, paging),
        write: move |text: &mut String, transfer: &Transfer| write_row(text, transfer, currency),
    };
    Ok(csv::send(app, file))
}

fn write_row(text: &mut String, transfer: &Transfer, currency: Currency) {
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    *text += &format!(
        "{},{},{},{},{},{currency},{},{},{}\r\n",
        transfer.id,
        transfer.at,
        transfer.kind.name(),
        transfer.amount.write(currency),
        transfer.balance.write(currency),
        id(transfer.order.map(|order| order.0)),
        id(transfer.actor.map(|actor| actor.0)),
        csv_cell(transfer.reason.as_deref().unwrap_or_default()),
    );
}
