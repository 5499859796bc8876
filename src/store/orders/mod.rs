//! Rows of `orders`, their contacts, lines, changes and tags.

mod change;
mod import;
mod insert;
mod list;
mod read;
mod sums;
mod unpaid;

pub use change::NewChange;
pub use change::change;
pub use change::changes;
pub use change::count_events;
pub use change::insert_change;
pub use change::placer;
pub use change::set_tags;
pub use change::update;
pub use import::after;
pub use import::by_number;
pub use import::insert_imported;
pub use import::newest;
pub use insert::NewRow;
pub use insert::insert;
pub use insert::insert_contacts;
pub use insert::insert_line;
pub use list::Totals;
pub use list::can_sort;
pub use list::page;
pub use list::rows;
pub use read::get;
pub use read::head;
pub use read::owner;
pub use read::placed_at;
pub use read::tags;
pub use sums::count_open;
pub use sums::tally;
pub use unpaid::awaiting_transfer;
pub use unpaid::waiting;
