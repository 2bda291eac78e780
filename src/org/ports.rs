//! Ports of their own: the edge listens, the registry only asks it to.

use std::io;

/// Opens a port for the org of a name and gives its number.
pub type Open = Box<dyn Fn(&str) -> io::Result<u16> + Send + Sync>;

/// Closes the port of the org of a name; nothing happens when it has none.
pub type Close = Box<dyn Fn(&str) + Send + Sync>;

/// What the edge does for orgs that listen alone. Handed down once, when a server starts.
pub struct Ports {
    /// Opens a port.
    pub open: Open,
    /// Closes one.
    pub close: Close,
}
