//! Wallets in the admin: all of them, one with what has moved in it, and money that is moved by hand.

mod list;
mod show;

pub use list::list;
pub use show::export;
pub use show::move_money;
pub use show::show;

use crate::domain::id::UserId;

const PATH: &str = "/admin/wallets";

fn path(user: UserId) -> String {
    format!("{PATH}/{user}")
}
