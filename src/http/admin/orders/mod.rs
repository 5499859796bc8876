//! Orders in the admin: the list that people live in, one order whole, and what can be done to it.

mod bulk;
mod change;
mod list;
mod live;
mod money;
mod outcome;
mod papers;
mod refund;
mod show;
mod timeline;

pub use bulk::bulk;
pub use change::ask_cancel;
pub use change::cancel;
pub use change::note;
pub use change::step;
pub use change::tag;
pub use list::export;
pub use list::list;
pub use live::live;
pub use money::capture;
pub use money::record;
pub use money::void;
pub use papers::invoice;
pub use papers::invoice_pdf;
pub use papers::issue_invoice;
pub use papers::packing_slip;
pub use refund::ask_refund;
pub use refund::refund;
pub use show::show;
