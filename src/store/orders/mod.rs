//! Rows of `orders`, their contacts, lines, changes and tags.

mod insert;
mod read;

pub use insert::NewRow;
pub use insert::insert;
pub use insert::insert_contacts;
pub use insert::insert_line;
pub use read::get;
pub use read::head;
pub use read::owner;
