//! The org's data as a value: an immutable tree of shared pages.
//!
//! [`State`] → [`Table`] per object → branches of 64 pages of 64 → [`Row`]. Cloning any of them shares
//! it; a write copies the pages on its path and nothing else. Rollback, fork, snapshot, diff and
//! query cursors are all "keep or drop an `Arc<State>`".

mod index;
pub mod page;
mod row;
mod settings;
mod state;
mod table;

pub use index::{IndexCache, Key, KeySet, fold};
pub use row::{Draft, Hint, Row};
pub use settings::Settings;
pub use state::{BEGINNING, Cleared, State};
pub use table::{RowNum, Table, Tombstone};
