//! Products in the admin: the list, one product with its variants, and what is decided about it.

mod bulk;
mod change;
mod conflict;
mod decide;
mod draft;
mod edit;
mod list;
mod many;

pub use bulk::bulk;
pub use change::create;
pub use change::update;
pub use decide::approve;
pub use decide::ask_delete;
pub use decide::ask_reject;
pub use decide::delete;
pub use decide::reject;
pub use edit::new;
pub use edit::show;
pub use list::list;

use crate::domain::id::ProductId;

const PATH: &str = "/admin/products";

fn path(id: ProductId) -> String {
    format!("{PATH}/{id}")
}
