//! Help: what each page does, the keys, and what the codes of failures mean.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::error::Code;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::page;
use crate::http::list::Asked;

/// A page and what it is for.
struct Entry {
    path: &'static str,
    name: &'static str,
    right: &'static str,
    words: &'static str,
}

const fn entry(path: &'static str, name: &'static str, right: &'static str, words: &'static str) -> Entry {
    Entry {
        path,
        name,
        right,
        words,
    }
}

const PAGES: [Entry; 17] = [
    entry(
        "/admin/orders",
        "Orders",
        "orders:read",
        "Find an order by number, name, e-mail, SKU or note; filter, sort, and open it to move it along, note or cancel it. \
         Its address is the view: keep the link, or send it to a colleague.",
    ),
    entry(
        "/admin/products",
        "Products",
        "products:read",
        "What the shop sells, with variants, prices and stock. What sellers put up waits here to be approved.",
    ),
    entry(
        "/admin/stock",
        "Stock",
        "stock:read",
        "How much is there, what runs low, and every movement with its reason.",
    ),
    entry(
        "/admin/payments",
        "Payments",
        "payments:read",
        "What was paid, reserved and declined, the messages of providers, and where their books differ from the shop's.",
    ),
    entry(
        "/admin/wallets",
        "Wallets",
        "wallet:read",
        "What customers hold with the shop: pay in, pay out, put right, and every movement with its reason.",
    ),
    entry(
        "/admin/commissions",
        "Commissions",
        "commissions:read",
        "What the shop keeps of what sellers sell, what it owes them, and what was paid out.",
    ),
    entry(
        "/admin/webhooks",
        "Webhooks",
        "webhooks:read",
        "Which programs are told of what happens, what each was sent, what failed, and sending it again.",
    ),
    entry(
        "/admin/events",
        "Events",
        "events:read",
        "What the shop tells the world, in the order of the commits, with the data that programs get.",
    ),
    entry(
        "/admin/mails",
        "Mails",
        "mails:read",
        "What the shop writes to its customers and its people, how far each mail has come, and sending it again.",
    ),
    entry(
        "/admin/api-keys",
        "API keys",
        "api-keys:read",
        "Keys for programs: what each may do, when it was used last, when it ends.",
    ),
    entry(
        "/admin/users",
        "Staff and users",
        "users:read",
        "Who may come in. Invite a colleague, give them a role, suspend or unlock them.",
    ),
    entry(
        "/admin/sessions",
        "Sessions",
        "users:read",
        "Who is signed in, from where and by what. End what nobody knows.",
    ),
    entry("/admin/roles", "Roles", "roles:read", "What each role may do."),
    entry(
        "/admin/audit",
        "Audit",
        "audit-logs:read",
        "Who did what, before and after. Rows are chained, and one button verifies the chain.",
    ),
    entry(
        "/admin/settings",
        "Settings",
        "settings:read",
        "What the shop decides: its name and address, currency, tax, time zone, what happens by itself. It holds at once.",
    ),
    entry(
        "/admin/system",
        "System",
        "system:read",
        "Health, disk, database, the writer's queue, the worker, and the last errors with their request numbers.",
    ),
    entry(
        "/admin/profile",
        "Your account",
        "",
        "Your name, password, second factor, and where you are signed in.",
    ),
];

/// The codes with one number.
struct Number {
    number: u16,
    facts: Vec<(u16, &'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "admin/help.html")]
struct HelpPage<'a> {
    frame: &'a Frame,
    pages: &'static [Entry],
    codes: Vec<Number>,
}

pub async fn show(Staff(frame): Staff, asked: Asked<OnPage<()>>) -> Result<Response> {
    asked.read(&())?;
    let shown = HelpPage {
        frame: &frame,
        pages: &PAGES,
        codes: codes(),
    };
    page::page(StatusCode::OK, &shown)
}

/// The table of facts, by number: a number may stand in several rows.
fn codes() -> Vec<Number> {
    let mut codes: Vec<Number> = Vec::new();
    for code in Code::ALL {
        let (status, number, name, sentence) = code.facts();
        let fact = (status, name, sentence);
        match codes.iter_mut().find(|known| known.number == number) {
            Some(known) => known.facts.push(fact),
            None => codes.push(Number {
                number,
                facts: vec![fact],
            }),
        }
    }
    codes.sort_by_key(|code| code.number);
    codes
}
