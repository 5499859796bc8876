//! Commissions in the admin: what sellers get of what is sold for them, one seller with their rate, and payouts.

mod list;
mod pay;
mod payouts;
mod seller;

pub use list::export;
pub use list::list;
pub use pay::ask_pay;
pub use pay::pay;
pub use payouts::payout;
pub use payouts::payout_csv;
pub use payouts::payouts;
pub use seller::seller;
pub use seller::set_rate;

use crate::domain::id::PayoutId;
use crate::domain::id::UserId;

const PATH: &str = "/admin/commissions";
const PAYOUTS: &str = "/admin/commissions/payouts";

fn seller_path(seller: UserId) -> String {
    format!("{PATH}/sellers/{seller}")
}

fn payout_path(payout: PayoutId) -> String {
    format!("{PAYOUTS}/{payout}")
}
