//! Ports that belong to one org alone.

use super::tally::{self, Tally};
use crate::api::Response;
use crate::org::{Orgs, Ports};
use crate::server::{Edge, EdgeOptions};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The edges of orgs that listen alone, by the org's name. Dropping it closes them all.
#[derive(Default)]
pub(super) struct OwnPorts(Mutex<HashMap<String, Edge>>);

impl OwnPorts {
    /// Lets orgs listen on ports of their own, each as the server's main edge does.
    pub(super) fn serve(
        orgs: &Arc<Orgs>,
        like: EdgeOptions,
        tally: Option<Arc<Tally>>,
    ) -> Arc<OwnPorts> {
        let ports = Arc::new(OwnPorts::default());
        // The registry must not keep its own edges alive, nor they it.
        let (opening, closing) = (Arc::downgrade(&ports), Arc::downgrade(&ports));
        let served = Arc::downgrade(orgs);
        orgs.serve(Ports {
            open: Box::new(move |org| match opening.upgrade() {
                Some(ports) => ports.open(&served, &like, tally.clone(), org),
                None => Err(io::ErrorKind::NotConnected.into()),
            }),
            close: Box::new(move |org| {
                if let Some(ports) = closing.upgrade() {
                    ports.close(org);
                }
            }),
        });
        ports
    }

    fn edges(&self) -> MutexGuard<'_, HashMap<String, Edge>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(
        &self,
        orgs: &Weak<Orgs>,
        like: &EdgeOptions,
        tally: Option<Arc<Tally>>,
        org: &str,
    ) -> io::Result<u16> {
        let options =
            EdgeOptions { port: 0, workers: 1, org: Some(org.to_owned()), ..like.clone() };
        let orgs = Weak::clone(orgs);
        let handler = move |request| match orgs.upgrade() {
            Some(orgs) => tally::answer(&orgs, tally.as_deref(), request),
            None => Response::status(503),
        };
        let edge = Edge::bind(options, Arc::new(handler))?;
        let port = edge.port();
        self.edges().insert(org.to_owned(), edge);
        Ok(port)
    }

    /// Closes all ports, and waits for them as the main one is waited for.
    pub(super) fn close_all(&self) {
        let edges = std::mem::take(&mut *self.edges());
        drop(edges);
    }

    /// Closes a port. The request that asks for it may have come through it, so nobody waits.
    fn close(&self, org: &str) {
        let Some(edge) = self.edges().remove(org) else { return };
        let closer = std::thread::Builder::new().name("fauxforce-close".to_owned());
        if let Err(error) = closer.spawn(move || drop(edge)) {
            tracing::warn!(%error, "a port was closed at once");
        }
    }
}
