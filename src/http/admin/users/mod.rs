//! The pages of users: the list, one user with its sessions, and what can be done to it.

mod change;
mod list;
mod show;

pub use change::create;
pub use change::end_session;
pub use change::invite_again;
pub use change::new;
pub use change::suspend;
pub use change::unlock;
pub use change::update;
pub use list::list;
pub use show::show;
