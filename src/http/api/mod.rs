//! The table of JSON routes.

pub mod aliases;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod carts;
pub mod checkout;
pub mod commissions;
pub mod consumers;
pub mod coupons;
pub mod customers;
pub mod drafts;
pub mod emails;
pub mod events;
pub mod factors;
pub mod groups;
pub mod live;
pub mod mails;
pub mod nothing;
pub mod orders;
pub mod passwords;
pub mod payments;
pub mod products;
pub mod reports;
pub mod returns;
pub mod roles;
pub mod sales;
pub mod sessions;
pub mod settings;
pub mod shipments;
pub mod shipping;
pub mod stock;
pub mod taxes;
pub mod users;
pub mod wallets;
pub mod webhooks;

use axum::http::Method;

use crate::domain::permission::Permission as May;
use crate::http::api::api_keys::ApiKeyView;
use crate::http::api::audit::AuditView;
use crate::http::api::audit::VerdictView;
use crate::http::api::auth::SignedIn as SignedInView;
use crate::http::api::auth::SignedOut;
use crate::http::api::checkout::CheckedOutView;
use crate::http::api::commissions::CommissionSums;
use crate::http::api::commissions::CommissionView;
use crate::http::api::commissions::PayoutView;
use crate::http::api::commissions::RateView;
use crate::http::api::consumers::ConsumerView;
use crate::http::api::consumers::LeasedEvents;
use crate::http::api::factors::EnrolmentView;
use crate::http::api::factors::RecoveryCodes;
use crate::http::api::mails::LetterView;
use crate::http::api::mails::MailView;
use crate::http::api::orders::History;
use crate::http::api::orders::SlipView;
use crate::http::api::orders::StatisticsView;
use crate::http::api::orders::Transitions;
use crate::http::api::payments::DifferenceView;
use crate::http::api::payments::MessageView;
use crate::http::api::payments::Received;
use crate::http::api::payments::WholeView;
use crate::http::api::products::CategoryView;
use crate::http::api::reports::CustomersReport;
use crate::http::api::reports::ProductsReport;
use crate::http::api::reports::SalesReport;
use crate::http::api::roles::PermissionView;
use crate::http::api::roles::RoleView;
use crate::http::api::sales::SaleView;
use crate::http::api::sessions::SessionView;
use crate::http::api::stock::LowView;
use crate::http::api::stock::MovementView;
use crate::http::api::users::MeView;
use crate::http::api::users::UserView;
use crate::http::api::wallets::TransferView;
use crate::http::api::wallets::WalletView;
use crate::http::live::MEDIA;
use crate::http::route::Access::Needs;
use crate::http::route::Access::OwnOr;
use crate::http::route::Access::Public;
use crate::http::route::Access::SignedIn;
use crate::http::route::Table;
use crate::http::shape::accepts;
use crate::http::shape::does;
use crate::http::shape::lists;
use crate::http::shape::makes;
use crate::http::shape::sends;
use crate::http::shape::shows;
use crate::http::shape::switches;
use crate::http::shape::takes;
use crate::shop::carts::CartView;
use crate::shop::carts::VerdictView as CartVerdict;
use crate::shop::catalogue::ImageView;
use crate::shop::catalogue::ProductView;
use crate::shop::coupons::CouponView;
use crate::shop::customers::BatchView;
use crate::shop::customers::CustomerView;
use crate::shop::customers::ForgettingView;
use crate::shop::customers::StatisticsView as CustomerStatistics;
use crate::shop::drafts::DraftView;
use crate::shop::groups::GroupView;
use crate::shop::groups::Membership;
use crate::shop::invoices::InvoiceView;
use crate::shop::orders::Entry;
use crate::shop::orders::OrderView;
use crate::shop::orders::Reorder;
use crate::shop::payments::PaymentView;
use crate::shop::payments::RefundView;
use crate::shop::payments::StatusView;
use crate::shop::returns::ReturnView;
use crate::shop::settings::SettingsView;
use crate::shop::shipments::ShipmentView;
use crate::shop::shipping::MethodView;
use crate::shop::taxes::TaxRateView;
use crate::shop::webhooks::DeliveryView;
use crate::shop::webhooks::EndpointView;
use crate::shop::webhooks::TriesView;

const DELETE: Method = Method::DELETE;
const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const PUT: Method = Method::PUT;

/// Every JSON route below `/api/v1`, in reading order.
#[rustfmt::skip] // One flat list, a row a route.
#[allow(clippy::too_many_lines, reason = "the list is as long as there are routes")]
pub fn table() -> Table {
    Table::default()
        .row(POST, "/auth/signup", Public, users::sign_up, makes::<SignedInView>())
        .row(POST, "/auth/register", Public, users::sign_up, makes::<SignedInView>())
        .row(POST, "/auth/login", Public, auth::sign_in, shows::<SignedInView>())
        .row(POST, "/auth/demo-login", Public, auth::demo_sign_in, shows::<SignedInView>())
        .row(POST, "/auth/refresh-token", Public, auth::refresh, shows::<SignedInView>())
        .row(POST, "/auth/logout", SignedIn, auth::sign_out, shows::<SignedOut>())
        .row(GET, "/auth/me", SignedIn, users::show_me, shows::<MeView>())
        .row(PATCH, "/auth/me", SignedIn, users::update_me, shows::<MeView>().or(202))
        .row(POST, "/auth/me/password", SignedIn, passwords::change, does())
        .row(POST, "/auth/password/forgot", Public, passwords::forgot, takes())
        .row(POST, "/auth/password/reset", Public, passwords::reset, does())
        .row(POST, "/auth/email/confirm", SignedIn, emails::confirm, shows::<MeView>())
        .row(GET, "/auth/sessions", SignedIn, sessions::list, lists::<SessionView>())
        .row(DELETE, "/auth/sessions/{id}", SignedIn, sessions::destroy, does())
        .row(POST, "/auth/totp", SignedIn, factors::begin, shows::<EnrolmentView>())
        .row(POST, "/auth/totp/confirm", SignedIn, factors::confirm, shows::<RecoveryCodes>())
        .row(POST, "/auth/totp/recovery-codes", SignedIn, factors::renew_codes, shows::<RecoveryCodes>())
        .row(DELETE, "/auth/totp", SignedIn, factors::remove, does())
        .row(POST, "/auth/step-up", SignedIn, sessions::step_up, does())
        .row(GET, "/users", Needs(May::UsersRead), users::list, lists::<UserView>())
        .row(POST, "/users", Needs(May::UsersCreate), users::invite, makes::<UserView>())
        .row(GET, "/users/{id}", Needs(May::UsersRead), users::show, shows::<UserView>())
        .row(PATCH, "/users/{id}", Needs(May::UsersUpdate), users::update, shows::<UserView>())
        .row(POST, "/users/{id}/suspend", Needs(May::UsersUpdate), users::suspend, shows::<UserView>())
        .row(POST, "/users/{id}/unlock", Needs(May::UsersUpdate), users::unlock, shows::<UserView>())
        .row(GET, "/roles", Needs(May::RolesRead), roles::list, lists::<RoleView>())
        .row(POST, "/roles", Needs(May::RolesManage), roles::create, makes::<RoleView>())
        .row(GET, "/roles/{id}", Needs(May::RolesRead), roles::show, shows::<RoleView>())
        .row(PUT, "/roles/{id}", Needs(May::RolesManage), roles::update, shows::<RoleView>())
        .row(DELETE, "/roles/{id}", Needs(May::RolesManage), roles::destroy, does())
        .row(GET, "/permissions", Needs(May::RolesRead), roles::permissions, lists::<PermissionView>())
        .row(GET, "/api-keys", Needs(May::ApiKeysRead), api_keys::list, lists::<ApiKeyView>())
        .row(POST, "/api-keys", Needs(May::ApiKeysManage), api_keys::create, makes::<ApiKeyView>())
        .row(DELETE, "/api-keys/{id}", Needs(May::ApiKeysManage), api_keys::destroy, does())
        .row(GET, "/products/public", Public, products::list_public, lists::<ProductView>())
        .row(GET, "/products/public/sku/{sku}", Public, products::show_by_sku, shows::<ProductView>())
        .row(GET, "/products/public/{id}", Public, products::show_public, shows::<ProductView>())
        .row(GET, "/products/my-home", SignedIn, products::list_others, lists::<ProductView>())
        .row(GET, "/products", SignedIn, products::list, lists::<ProductView>())
        .row(GET, "/products/{id}", SignedIn, products::show, shows::<ProductView>())
        .row(POST, "/products", Needs(May::ProductsCreate), products::create, makes::<ProductView>())
        .row(PATCH, "/products/{id}", OwnOr(May::ProductsUpdate), products::update, shows::<ProductView>())
        .row(DELETE, "/products/{id}", OwnOr(May::ProductsDelete), products::destroy, does())
        .row(POST, "/products/{id}/approve", Needs(May::ProductsApprove), products::approve, shows::<ProductView>())
        .row(POST, "/products/{id}/reject", Needs(May::ProductsApprove), products::reject, shows::<ProductView>())
        .row(POST, "/products/{id}/images", OwnOr(May::ProductsUpdate), products::images::create, makes::<ImageView>().or(200))
        .row(PATCH, "/products/{id}/images/{image_id}", OwnOr(May::ProductsUpdate), products::images::update, shows::<ImageView>())
        .row(DELETE, "/products/{id}/images/{image_id}", OwnOr(May::ProductsUpdate), products::images::destroy, does())
        .row(GET, "/categories", Public, products::categories, lists::<CategoryView>())
        .row(POST, "/stock/adjustments", Needs(May::StockUpdate), stock::adjust, makes::<MovementView>())
        .row(GET, "/stock/movements", Needs(May::StockRead), stock::movements, lists::<MovementView>())
        .row(GET, "/stock/low", Needs(May::StockRead), stock::low, lists::<LowView>())
        .row(GET, "/cart", Public, carts::show, shows::<CartView>())
        .row(DELETE, "/cart", Public, carts::clear, does())
        .row(POST, "/cart/items", Public, carts::add, makes::<CartView>())
        .row(PATCH, "/cart/items/{id}", Public, carts::set, shows::<CartView>())
        .row(DELETE, "/cart/items/{id}", Public, carts::remove, does())
        .row(POST, "/cart/validate", Public, carts::validate, shows::<CartVerdict>())
        .row(POST, "/cart/coupon", Public, carts::set_coupon, shows::<CartView>())
        .row(DELETE, "/cart/coupon", Public, carts::drop_coupon, does())
        .row(POST, "/cart/checkout", Public, checkout::check_out, makes::<CheckedOutView>())
        .row(GET, "/coupons", Needs(May::CouponsRead), coupons::list, lists::<CouponView>())
        .row(POST, "/coupons", Needs(May::CouponsCreate), coupons::create, makes::<CouponView>())
        .row(PATCH, "/coupons/{id}", Needs(May::CouponsUpdate), coupons::update, shows::<CouponView>())
        .row(DELETE, "/coupons/{id}", Needs(May::CouponsDelete), coupons::destroy, does())
        .row(GET, "/customers", Needs(May::CustomersRead), customers::list, lists::<CustomerView>())
        .row(POST, "/customers", Needs(May::CustomersCreate), customers::create, makes::<CustomerView>())
        .row(GET, "/customers/statistics", Needs(May::CustomersStatistics), customers::statistics, shows::<CustomerStatistics>())
        .row(PATCH, "/customers/batch", Needs(May::CustomersBatchUpdate), customers::batch, shows::<BatchView>())
        .row(GET, "/customers/groups", Needs(May::GroupsRead), groups::list, lists::<GroupView>())
        .row(POST, "/customers/groups", Needs(May::GroupsCreate), groups::create, makes::<GroupView>())
        .row(GET, "/customers/groups/{id}", Needs(May::GroupsRead), groups::show, shows::<GroupView>())
        .row(PUT, "/customers/groups/{id}", Needs(May::GroupsUpdate), groups::update, shows::<GroupView>())
        .row(DELETE, "/customers/groups/{id}", Needs(May::GroupsDelete), groups::destroy, does())
        .row(POST, "/customers/groups/{id}/customers", Needs(May::GroupsManageMembers), groups::join, shows::<Membership>())
        .row(DELETE, "/customers/groups/{id}/customers", Needs(May::GroupsManageMembers), groups::leave, shows::<Membership>())
        .row(GET, "/customers/{id}", Needs(May::CustomersRead), customers::show, shows::<CustomerView>())
        .row(PUT, "/customers/{id}", Needs(May::CustomersUpdate), customers::update, shows::<CustomerView>())
        .row(DELETE, "/customers/{id}", Needs(May::CustomersDelete), customers::destroy, does())
        .row(GET, "/customers/{id}/export", Needs(May::CustomersExport), customers::export, sends("application/json"))
        .row(POST, "/customers/{id}/anonymise", Needs(May::CustomersDelete), customers::anonymise, accepts::<ForgettingView>())
        .row(GET, "/customers/{id}/orders", Needs(May::CustomersRead), customers::orders, lists::<OrderView>())
        .row(GET, "/shipping-methods", Public, shipping::list, lists::<MethodView>())
        .row(POST, "/shipping-methods", Needs(May::ShippingManage), shipping::create, makes::<MethodView>())
        .row(PATCH, "/shipping-methods/{id}", Needs(May::ShippingManage), shipping::update, shows::<MethodView>())
        .row(DELETE, "/shipping-methods/{id}", Needs(May::ShippingManage), shipping::destroy, does())
        .row(GET, "/tax-rates", Needs(May::TaxRead), taxes::list, lists::<TaxRateView>())
        .row(POST, "/tax-rates", Needs(May::TaxManage), taxes::create, makes::<TaxRateView>())
        .row(PATCH, "/tax-rates/{id}", Needs(May::TaxManage), taxes::update, shows::<TaxRateView>())
        .row(DELETE, "/tax-rates/{id}", Needs(May::TaxManage), taxes::destroy, does())
        .row(POST, "/orders", SignedIn, orders::place, makes::<OrderView>())
        .row(GET, "/orders", SignedIn, orders::list, lists::<OrderView>())
        .row(GET, "/orders/statistics", Needs(May::OrdersRead), orders::statistics, shows::<StatisticsView>())
        .row(GET, "/orders/export.csv", Needs(May::OrdersExport), orders::export, sends("text/csv"))
        .row(GET, "/orders/transitions", SignedIn, orders::transitions, shows::<Transitions>())
        .row(GET, "/orders/private/{token}", Public, orders::show_private, shows::<OrderView>())
        .row(GET, "/orders/drafts", Needs(May::OrdersCreate), drafts::list, lists::<DraftView>())
        .row(POST, "/orders/drafts", Needs(May::OrdersCreate), drafts::create, makes::<DraftView>())
        .row(GET, "/orders/drafts/{id}", Needs(May::OrdersCreate), drafts::show, shows::<DraftView>())
        .row(PATCH, "/orders/drafts/{id}", Needs(May::OrdersCreate), drafts::update, shows::<DraftView>())
        .row(DELETE, "/orders/drafts/{id}", Needs(May::OrdersCreate), drafts::destroy, does())
        .row(POST, "/orders/drafts/{id}/place", Needs(May::OrdersCreate), drafts::place, makes::<OrderView>())
        .row(GET, "/orders/{id}", OwnOr(May::OrdersRead), orders::show, shows::<OrderView>())
        .row(PATCH, "/orders/{id}", Needs(May::OrdersEdit), orders::edit, shows::<OrderView>())
        .row(GET, "/events", Needs(May::EventsRead), events::list, shows::<events::Page>())
        .row(GET, "/events/stream", OwnOr(May::EventsRead), live::stream, sends(MEDIA))
        .row(GET, "/events/consumers", Needs(May::EventsConsume), consumers::list, lists::<ConsumerView>())
        .row(POST, "/events/consumers", Needs(May::EventsConsume), consumers::create, makes::<ConsumerView>())
        .row(DELETE, "/events/consumers/{name}", Needs(May::EventsConsume), consumers::destroy, does())
        .row(POST, "/events/consumers/{name}/read", Needs(May::EventsConsume), consumers::read, shows::<LeasedEvents>())
        .row(POST, "/events/consumers/{name}/ack", Needs(May::EventsConsume), consumers::acknowledge, does())
        .row(GET, "/live", OwnOr(May::EventsRead), live::open, switches())
        .row(GET, "/webhooks/endpoints", Needs(May::WebhooksRead), webhooks::list, lists::<EndpointView>())
        .row(POST, "/webhooks/endpoints", Needs(May::WebhooksManage), webhooks::create, makes::<EndpointView>())
        .row(GET, "/webhooks/endpoints/{id}", Needs(May::WebhooksRead), webhooks::show, shows::<EndpointView>())
        .row(PATCH, "/webhooks/endpoints/{id}", Needs(May::WebhooksManage), webhooks::update, shows::<EndpointView>())
        .row(DELETE, "/webhooks/endpoints/{id}", Needs(May::WebhooksManage), webhooks::destroy, does())
        .row(POST, "/webhooks/endpoints/{id}/rotate-secret", Needs(May::WebhooksManage), webhooks::rotate_secret, shows::<EndpointView>())
        .row(POST, "/webhooks/endpoints/{id}/test", Needs(May::WebhooksManage), webhooks::test, makes::<DeliveryView>())
        .row(POST, "/webhooks/endpoints/{id}/pause", Needs(May::WebhooksManage), webhooks::pause, shows::<EndpointView>())
        .row(POST, "/webhooks/endpoints/{id}/resume", Needs(May::WebhooksManage), webhooks::resume, shows::<EndpointView>())
        .row(POST, "/webhooks/endpoints/{id}/replay", Needs(May::WebhooksManage), webhooks::replay, takes())
        .row(GET, "/webhooks/deliveries", Needs(May::WebhooksRead), webhooks::list_deliveries, lists::<DeliveryView>())
        .row(GET, "/webhooks/deliveries/{id}", Needs(May::WebhooksRead), webhooks::show_delivery, shows::<TriesView>())
        .row(POST, "/webhooks/deliveries/{id}/retry", Needs(May::WebhooksManage), webhooks::retry, shows::<DeliveryView>())
        .row(GET, "/mails", Needs(May::MailsRead), mails::list, lists::<MailView>())
        .row(GET, "/mails/{id}", Needs(May::MailsRead), mails::show, shows::<LetterView>())
        .row(POST, "/mails/{id}/resend", Needs(May::MailsUpdate), mails::resend, makes::<MailView>())
        .row(PATCH, "/orders/{id}/status", Needs(May::OrdersUpdateStatus), orders::update_status, shows::<OrderView>())
        .row(POST, "/orders/{id}/cancel", OwnOr(May::OrdersCancel), orders::cancel, shows::<OrderView>())
        .row(POST, "/orders/{id}/reorder", OwnOr(May::OrdersRead), orders::reorder, shows::<Reorder>())
        .row(GET, "/orders/{id}/history", OwnOr(May::OrdersRead), orders::history, shows::<History>())
        .row(POST, "/orders/{id}/notes", Needs(May::OrdersNote), orders::note, makes::<Entry>())
        .row(PUT, "/orders/{id}/tags", Needs(May::OrdersNote), orders::tag, shows::<OrderView>())
        .row(POST, "/orders/{id}/refunds", Needs(May::RefundsCreate), payments::refund, makes::<RefundView>())
        .row(GET, "/orders/{id}/shipments", Needs(May::OrdersUpdateStatus), shipments::list, lists::<ShipmentView>())
        .row(POST, "/orders/{id}/shipments", Needs(May::OrdersUpdateStatus), shipments::create, makes::<ShipmentView>())
        .row(PATCH, "/orders/{id}/shipments/{sid}", Needs(May::OrdersUpdateStatus), shipments::update, shows::<ShipmentView>())
        .row(GET, "/orders/{id}/returns", OwnOr(May::OrdersRead), returns::list, lists::<ReturnView>())
        .row(POST, "/orders/{id}/returns", OwnOr(May::OrdersUpdateStatus), returns::request, makes::<ReturnView>())
        .row(PATCH, "/orders/{id}/returns/{rid}", Needs(May::OrdersUpdateStatus), returns::update, shows::<ReturnView>())
        .row(GET, "/orders/{id}/invoice", OwnOr(May::OrdersRead), orders::invoice, shows::<InvoiceView>())
        .row(POST, "/orders/{id}/invoice", Needs(May::OrdersUpdateStatus), orders::issue_invoice, makes::<InvoiceView>().or(200))
        .row(GET, "/orders/{id}/invoice.pdf", OwnOr(May::OrdersRead), orders::invoice_pdf, sends("application/pdf"))
        .row(GET, "/orders/{id}/packing-slip", OwnOr(May::OrdersRead), orders::packing_slip, shows::<SlipView>())
        .row(POST, "/payments/initiate", OwnOr(May::PaymentsCreate), payments::initiate, makes::<PaymentView>())
        .row(POST, "/payments/manual", Needs(May::PaymentsCreate), payments::record, makes::<PaymentView>())
        .row(POST, "/payments/verify", OwnOr(May::PaymentsRead), payments::verify, shows::<PaymentView>())
        .row(GET, "/payments/status/{order_id}", OwnOr(May::PaymentsRead), payments::status, shows::<StatusView>())
        .row(POST, "/payments/webhook", Public, payments::hear, shows::<Received>())
        .row(POST, "/payments/webhook/{provider}", Public, payments::hear_of, shows::<Received>())
        .row(GET, "/payments/webhook-events", Needs(May::PaymentsRead), payments::messages, lists::<MessageView>())
        .row(GET, "/payments/webhook-events/{id}", Needs(May::PaymentsRead), payments::message, shows::<WholeView>())
        .row(POST, "/payments/webhook-events/{id}/retry", Needs(May::PaymentsUpdate), payments::retry, shows::<MessageView>())
        .row(GET, "/payments/differences", Needs(May::PaymentsRead), payments::differences, lists::<DifferenceView>())
        .row(GET, "/payments", Needs(May::PaymentsRead), payments::list, lists::<PaymentView>())
        .row(GET, "/payments/{id}", OwnOr(May::PaymentsRead), payments::show, shows::<PaymentView>())
        .row(POST, "/payments/{id}/capture", Needs(May::PaymentsUpdate), payments::capture, shows::<PaymentView>())
        .row(POST, "/payments/{id}/void", Needs(May::PaymentsUpdate), payments::void, shows::<PaymentView>())
        .row(GET, "/balance", SignedIn, wallets::own, shows::<WalletView>())
        .row(POST, "/balance/deposit", SignedIn, wallets::deposit, makes::<TransferView>())
        .row(POST, "/balance/withdraw", SignedIn, wallets::withdraw, makes::<TransferView>())
        .row(GET, "/balance/transactions", SignedIn, wallets::transfers, lists::<TransferView>())
        .row(GET, "/wallets/{user_id}", Needs(May::WalletRead), wallets::show, shows::<WalletView>())
        .row(POST, "/wallets/{user_id}/adjust", Needs(May::WalletManage), wallets::adjust, makes::<TransferView>())
        .row(GET, "/commissions", SignedIn, commissions::list, lists::<CommissionView>())
        .row(GET, "/commissions/summary", SignedIn, commissions::summary, shows::<CommissionSums>())
        .row(GET, "/commissions/rates/{user_id}", Needs(May::CommissionsRead), commissions::show_rate, shows::<RateView>())
        .row(PUT, "/commissions/rates/{user_id}", Needs(May::CommissionsManage), commissions::set_rate, shows::<RateView>())
        .row(GET, "/commissions/payouts", Needs(May::CommissionsRead), commissions::payouts, lists::<PayoutView>())
        .row(POST, "/commissions/payouts", Needs(May::CommissionsManage), commissions::pay_out, makes::<PayoutView>())
        .row(GET, "/commissions/payouts/{id}", Needs(May::CommissionsRead), commissions::show_payout, shows::<PayoutView>())
        .row(GET, "/commissions/payouts/{id}/sellers.csv", Needs(May::CommissionsRead), commissions::payout_csv, sends("text/csv"))
        .row(GET, "/sales", SignedIn, sales::list, lists::<SaleView>())
        .row(GET, "/reports/sales", Needs(May::OrdersRead), reports::sales, shows::<SalesReport>())
        .row(GET, "/reports/sales.csv", Needs(May::OrdersExport), reports::sales_csv, sends("text/csv"))
        .row(GET, "/reports/products", Needs(May::OrdersRead), reports::products, shows::<ProductsReport>())
        .row(GET, "/reports/products.csv", Needs(May::OrdersExport), reports::products_csv, sends("text/csv"))
        .row(GET, "/reports/customers", Needs(May::CustomersStatistics), reports::customers, shows::<CustomersReport>())
        .row(GET, "/reports/customers.csv", Needs(May::CustomersExport), reports::customers_csv, sends("text/csv"))
        .row(GET, "/audit-logs", Needs(May::AuditRead), audit::list, lists::<AuditView>())
        .row(GET, "/audit-logs/verify", Needs(May::AuditRead), audit::verify, shows::<VerdictView>())
        .row(GET, "/settings", Needs(May::SettingsRead), settings::show, shows::<SettingsView>())
        .row(PATCH, "/settings", Needs(May::SettingsUpdate), settings::update, shows::<SettingsView>())
}
