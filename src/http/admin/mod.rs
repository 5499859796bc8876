//! The admin: pages for the people of the shop, over the same verbs as the API. One flat table of routes.

mod address;
mod api_keys;
mod audit;
mod badge;
mod choices;
mod commissions;
mod conflict;
mod differences;
mod drawn;
mod events;
mod factor;
mod fence;
mod form;
mod frame;
mod front;
mod help;
mod invitation;
mod link;
mod mails;
mod orders;
mod page;
mod password;
mod payments;
mod problem;
mod products;
mod profile;
mod roles;
mod sandbox;
mod secrets;
mod session;
mod sessions;
mod settings;
mod setup;
mod step_up;
mod stock;
mod system;
mod typed;
mod users;
mod wallets;
mod webhooks;
mod wish;
pub(in crate::http) mod words;

pub use frame::theme;
pub use problem::While;
pub use problem::refused;

use std::sync::LazyLock;

use axum::Router;
use axum::http::Method;
use axum::middleware;

use crate::app::App;
use crate::domain::permission::Permission as May;
use crate::error::Code;
use crate::error::Error;
use crate::http::live;
use crate::http::route::Access::Needs;
use crate::http::route::Access::Public;
use crate::http::route::Access::SignedIn;
use crate::http::route::Table;

const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// Every page and form below `/admin`, in reading order.
#[rustfmt::skip] // One flat list, a row a route.
#[allow(clippy::too_many_lines, reason = "one flat list, a row a route")]
pub fn table() -> Table {
    Table::default()
        .page(GET, "", SignedIn, front::home)
        .page(GET, "/login", Public, session::new)
        .page(POST, "/login", Public, session::create)
        .page(GET, "/totp", Public, session::ask_code)
        .page(POST, "/totp", Public, session::check_code)
        .page(POST, "/step-up", SignedIn, step_up::create)
        .page(POST, "/logout", SignedIn, session::destroy)
        .page(POST, "/theme", Public, session::theme)
        .page(POST, "/keys", Public, session::keys)
        .page(GET, "/profile", SignedIn, profile::show)
        .page(POST, "/profile", SignedIn, profile::update)
        .page(POST, "/profile/email", SignedIn, profile::ask_email)
        .page(POST, "/profile/password", SignedIn, profile::change_password)
        .page(POST, "/profile/sessions/{id}", SignedIn, profile::end_session)
        .page(GET, "/factor", SignedIn, factor::show)
        .page(POST, "/factor", SignedIn, factor::begin)
        .page(POST, "/factor/confirm", SignedIn, factor::confirm)
        .page(POST, "/factor/codes", SignedIn, factor::renew_codes)
        .page(POST, "/factor/remove", SignedIn, factor::remove)
        .page(GET, "/secrets", SignedIn, secrets::list)
        .page(POST, "/secrets/{id}", SignedIn, secrets::forget)
        .page(GET, "/setup/{token}", Public, setup::show)
        .page(POST, "/setup/{token}", Public, setup::create)
        .page(GET, "/invitation/{token}", Public, invitation::show)
        .page(POST, "/invitation/{token}", Public, invitation::accept)
        .page(GET, "/users", Needs(May::UsersRead), users::list)
        .page(POST, "/users", Needs(May::UsersCreate), users::create)
        .page(GET, "/users/new", Needs(May::UsersCreate), users::new)
        .page(GET, "/users/{id}", Needs(May::UsersRead), users::show)
        .page(POST, "/users/{id}", Needs(May::UsersUpdate), users::update)
        .page(POST, "/users/{id}/suspend", Needs(May::UsersUpdate), users::suspend)
        .page(POST, "/users/{id}/unlock", Needs(May::UsersUpdate), users::unlock)
        .page(POST, "/users/{id}/invitation", Needs(May::UsersCreate), users::invite_again)
        .page(POST, "/users/{id}/sessions", Needs(May::UsersUpdate), users::end_session)
        .page(GET, "/sessions", Needs(May::UsersRead), sessions::list)
        .page(POST, "/sessions/{id}", Needs(May::UsersUpdate), sessions::end)
        .page(GET, "/roles", Needs(May::RolesRead), roles::list)
        .page(GET, "/api-keys", Needs(May::ApiKeysRead), api_keys::list)
        .page(POST, "/api-keys", Needs(May::ApiKeysManage), api_keys::create)
        .page(GET, "/api-keys/new", Needs(May::ApiKeysManage), api_keys::new)
        .page(POST, "/api-keys/{id}", Needs(May::ApiKeysManage), api_keys::destroy)
        .page(GET, "/orders", Needs(May::OrdersRead), orders::list)
        .beside("/orders.csv", Needs(May::OrdersExport), orders::export, "text/csv")
        .beside("/live", Needs(May::OrdersRead), orders::live, live::MEDIA)
        .page(POST, "/orders/bulk", Needs(May::OrdersRead), orders::bulk)
        .page(GET, "/orders/{id}", Needs(May::OrdersRead), orders::show)
        .page(POST, "/orders/{id}/status", Needs(May::OrdersUpdateStatus), orders::step)
        .page(GET, "/orders/{id}/cancel", Needs(May::OrdersCancel), orders::ask_cancel)
        .page(POST, "/orders/{id}/cancel", Needs(May::OrdersCancel), orders::cancel)
        .page(POST, "/orders/{id}/notes", Needs(May::OrdersNote), orders::note)
        .page(POST, "/orders/{id}/tags", Needs(May::OrdersNote), orders::tag)
        .page(GET, "/orders/{id}/refund", Needs(May::RefundsCreate), orders::ask_refund)
        .page(POST, "/orders/{id}/refund", Needs(May::RefundsCreate), orders::refund)
        .page(POST, "/orders/{id}/payments", Needs(May::PaymentsCreate), orders::record)
        .page(GET, "/orders/{id}/invoice", Needs(May::OrdersRead), orders::invoice)
        .page(POST, "/orders/{id}/invoice", Needs(May::OrdersUpdateStatus), orders::issue_invoice)
        .beside("/orders/{id}/invoice.pdf", Needs(May::OrdersRead), orders::invoice_pdf, "application/pdf")
        .page(GET, "/orders/{id}/packing-slip", Needs(May::OrdersRead), orders::packing_slip)
        .page(GET, "/payments", Needs(May::PaymentsRead), payments::list)
        .page(GET, "/payments/differences", Needs(May::PaymentsRead), differences::list)
        .page(GET, "/payments/inbox", Needs(May::PaymentsRead), payments::inbox)
        .page(POST, "/payments/inbox/{id}", Needs(May::PaymentsUpdate), payments::retry)
        .page(POST, "/payments/{id}/capture", Needs(May::PaymentsUpdate), orders::capture)
        .page(POST, "/payments/{id}/void", Needs(May::PaymentsUpdate), orders::void)
        .page(GET, "/wallets", Needs(May::WalletRead), wallets::list)
        .page(GET, "/wallets/{id}", Needs(May::WalletRead), wallets::show)
        .page(POST, "/wallets/{id}", Needs(May::WalletManage), wallets::move_money)
        .beside("/wallets/{id}/transfers.csv", Needs(May::WalletRead), wallets::export, "text/csv")
        .page(GET, "/commissions", Needs(May::CommissionsRead), commissions::list)
        .beside("/commissions.csv", Needs(May::CommissionsRead), commissions::export, "text/csv")
        .page(GET, "/commissions/sellers/{id}", Needs(May::CommissionsRead), commissions::seller)
        .page(POST, "/commissions/sellers/{id}", Needs(May::CommissionsManage), commissions::set_rate)
        .page(GET, "/commissions/payouts", Needs(May::CommissionsRead), commissions::payouts)
        .page(POST, "/commissions/payouts", Needs(May::CommissionsManage), commissions::pay)
        .page(GET, "/commissions/payouts/new", Needs(May::CommissionsManage), commissions::ask_pay)
        .page(GET, "/commissions/payouts/{id}", Needs(May::CommissionsRead), commissions::payout)
        .beside("/commissions/payouts/{id}/sellers.csv", Needs(May::CommissionsRead), commissions::payout_csv, "text/csv")
        .page(GET, "/products", Needs(May::ProductsRead), products::list)
        .page(GET, "/products/new", Needs(May::ProductsCreate), products::new)
        .page(POST, "/products/new", Needs(May::ProductsCreate), products::create)
        .page(POST, "/products/bulk", Needs(May::ProductsRead), products::bulk)
        .page(GET, "/products/{id}", Needs(May::ProductsRead), products::show)
        .page(POST, "/products/{id}", Needs(May::ProductsUpdate), products::update)
        .page(POST, "/products/{id}/approve", Needs(May::ProductsApprove), products::approve)
        .page(GET, "/products/{id}/reject", Needs(May::ProductsApprove), products::ask_reject)
        .page(POST, "/products/{id}/reject", Needs(May::ProductsApprove), products::reject)
        .page(GET, "/products/{id}/delete", Needs(May::ProductsDelete), products::ask_delete)
        .page(POST, "/products/{id}/delete", Needs(May::ProductsDelete), products::delete)
        .page(GET, "/stock", Needs(May::StockRead), stock::list)
        .page(GET, "/stock/{variant}", Needs(May::StockRead), stock::show)
        .page(POST, "/stock/{variant}", Needs(May::StockUpdate), stock::adjust)
        .page(GET, "/events", Needs(May::EventsRead), events::list)
        .page(GET, "/events/{id}", Needs(May::EventsRead), events::show)
        .page(GET, "/mails", Needs(May::MailsRead), mails::list)
        .page(GET, "/mails/{id}", Needs(May::MailsRead), mails::show)
        .page(GET, "/mails/{id}/preview", Needs(May::MailsRead), mails::preview)
        .page(POST, "/mails/{id}/resend", Needs(May::MailsUpdate), mails::resend)
        .page(GET, "/webhooks", Needs(May::WebhooksRead), webhooks::list)
        .page(POST, "/webhooks", Needs(May::WebhooksManage), webhooks::create)
        .page(GET, "/webhooks/new", Needs(May::WebhooksManage), webhooks::new)
        .page(GET, "/webhooks/{id}", Needs(May::WebhooksRead), webhooks::show)
        .page(GET, "/webhooks/{id}/edit", Needs(May::WebhooksManage), webhooks::edit)
        .page(POST, "/webhooks/{id}/edit", Needs(May::WebhooksManage), webhooks::save)
        .page(POST, "/webhooks/{id}/test", Needs(May::WebhooksManage), webhooks::test)
        .page(POST, "/webhooks/{id}/pause", Needs(May::WebhooksManage), webhooks::pause)
        .page(POST, "/webhooks/{id}/resume", Needs(May::WebhooksManage), webhooks::resume)
        .page(POST, "/webhooks/{id}/on", Needs(May::WebhooksManage), webhooks::turn_on)
        .page(GET, "/webhooks/{id}/rotate", Needs(May::WebhooksManage), webhooks::ask_rotate)
        .page(POST, "/webhooks/{id}/rotate", Needs(May::WebhooksManage), webhooks::rotate)
        .page(GET, "/webhooks/{id}/replay", Needs(May::WebhooksManage), webhooks::ask_replay)
        .page(POST, "/webhooks/{id}/replay", Needs(May::WebhooksManage), webhooks::replay)
        .page(GET, "/webhooks/{id}/delete", Needs(May::WebhooksManage), webhooks::ask_delete)
        .page(POST, "/webhooks/{id}/delete", Needs(May::WebhooksManage), webhooks::delete)
        .page(POST, "/webhooks/deliveries/{id}/retry", Needs(May::WebhooksManage), webhooks::retry)
        .page(GET, "/audit", Needs(May::AuditRead), audit::list)
        .page(GET, "/audit/verify", Needs(May::AuditRead), audit::verify)
        .page(POST, "/audit/verify", Needs(May::AuditRead), audit::walk)
        .page(GET, "/settings", Needs(May::SettingsRead), settings::show)
        .page(POST, "/settings", Needs(May::SettingsUpdate), settings::update)
        .page(GET, "/system", Needs(May::SystemRead), system::show)
        .page(GET, "/help", SignedIn, help::show)
}

/// The pages beside it: the front, and those of one-time links.
#[rustfmt::skip]
pub fn front() -> Table {
    Table::default()
        .page(GET, "/", Public, front::show)
        .page(GET, "/forgot", Public, password::ask)
        .page(POST, "/forgot", Public, password::send)
        .page(GET, "/reset/{token}", Public, password::edit)
        .page(POST, "/reset/{token}", Public, password::update)
        .page(GET, "/pay/sandbox/{name}", Public, sandbox::show)
        .page(POST, "/pay/sandbox/{name}", Public, sandbox::decide)
        .page(GET, "/address/{token}", SignedIn, address::show)
        .page(POST, "/address/{token}", SignedIn, address::prove)
}

/// Paths of the pages beside the admin.
static BESIDE: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| front().rows().iter().map(|row| row.path).collect());

/// Whether a path, or the template that it fits, is one of the pages.
pub fn is_page(path: &str, template: &str) -> bool {
    path == "/admin" || path.starts_with("/admin/") || BESIDE.contains(&template)
}

/// Puts the fence around the pages: who comes in, from where, and how a failure looks.
pub fn framed(app: &App, pages: Router<App>) -> Router<App> {
    pages
        .route(
            "/admin/{*rest}",
            axum::routing::any(async || Error::NotFound("page")),
        )
        .method_not_allowed_fallback(async || {
            Error::Request(Code::MethodNotAllowed, "That cannot be done here.".into())
        })
        .layer(middleware::from_fn_with_state(app.clone(), fence::pass))
}
