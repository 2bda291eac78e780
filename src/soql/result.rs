//! What a query found: row numbers of a pinned state, and what to show of them. Values are read
//! when a page is rendered; only groups are computed beforehand.

use super::ast::Tracking;
use super::exec::eval::{Env, Record, Settings};
use super::resolve::tree::{GroupColumn, Node};
use crate::id::Id;
use crate::schema::{ObjectSpec, Slot};
use crate::store::{RowNum, State};
use crate::value::Value;
use std::sync::Arc;

/// The result of a query.
pub struct ResultSet {
    pub(super) state: Arc<State>,
    pub(super) settings: Settings,
    pub(super) object: Arc<ObjectSpec>,
    pub(super) rows: Rows,
    pub(super) tracking: Option<Tracking>,
    /// There was an `OFFSET`: no further pages.
    pub(super) one_page: bool,
}

/// The rows of a result.
#[derive(Debug)]
pub enum Rows {
    /// `COUNT()`: how many rows there are.
    Count(usize),
    /// Records.
    Records(RecordRows),
    /// Groups.
    Groups(GroupRows),
}

/// Records by number, and what is shown of them.
#[derive(Clone, Debug, Default)]
pub struct RecordRows {
    /// What is shown.
    pub nodes: Vec<Node>,
    /// The rows.
    pub numbers: Vec<RowNum>,
    /// The child sub-selects that the nodes refer to.
    pub children: Vec<ChildSet>,
}

/// The rows of one child sub-select, of all parents.
#[derive(Clone, Debug)]
pub struct ChildSet {
    /// The child object.
    pub object: Arc<ObjectSpec>,
    /// For each parent row the range of its children among `rows`.
    pub spans: Vec<(u32, u32)>,
    /// The children.
    pub rows: RecordRows,
}

/// Groups, computed.
#[derive(Debug)]
pub struct GroupRows {
    /// The columns.
    pub columns: Vec<GroupColumn>,
    /// One value for each column.
    pub rows: Vec<Box<[Value]>>,
    /// True when there was a `GROUP BY`.
    pub grouped: bool,
}

impl RecordRows {
    /// How many rows of a page one row takes with its children, of which a page shows no more than
    /// a batch in one place.
    fn size(&self, at: usize, batch: usize) -> usize {
        let children = self.children.iter().map(|child| {
            let (start, end) = child.span(at);
            let shown = start..end.min(start + batch);
            if child.rows.children.is_empty() {
                return shown.len();
            }
            shown.map(|own| child.rows.size(own, batch)).sum()
        });
        1 + children.sum::<usize>()
    }
}

impl ChildSet {
    /// The range of a parent's children among `rows`.
    pub fn span(&self, at: usize) -> (usize, usize) {
        let (start, end) = self.spans.get(at).copied().unwrap_or_default();
        (start as usize, end as usize)
    }
}

impl ResultSet {
    /// True when it was asked for through the Tooling API.
    pub fn tooling(&self) -> bool {
        self.settings.tooling
    }

    /// Given rows of an object with given fields, as a query would answer them.
    pub fn of_rows(
        state: &Arc<State>,
        object: &Arc<ObjectSpec>,
        slots: &[Slot],
        numbers: Vec<RowNum>,
    ) -> ResultSet {
        let nodes = slots.iter().map(|slot| Node::Field(*slot)).collect();
        ResultSet {
            state: Arc::clone(state),
            settings: Settings::default(),
            object: Arc::clone(object),
            rows: Rows::Records(RecordRows { nodes, numbers, children: Vec::new() }),
            tracking: None,
            one_page: false,
        }
    }

    /// The number of matching rows after `LIMIT`: `totalSize`.
    pub fn total(&self) -> usize {
        match &self.rows {
            Rows::Count(count) => *count,
            _ => self.row_count(),
        }
    }

    /// How many records or groups it holds; none for `COUNT()`.
    pub fn row_count(&self) -> usize {
        match &self.rows {
            Rows::Count(_) => 0,
            Rows::Records(records) => records.numbers.len(),
            Rows::Groups(groups) => groups.rows.len(),
        }
    }

    /// Keeps the first so many records.
    pub fn truncate(&mut self, most: usize) {
        if let Rows::Records(records) = &mut self.rows {
            records.numbers.truncate(most);
        }
    }

    /// True when it may be fetched in pages; groups may not.
    pub fn pageable(&self) -> bool {
        matches!(self.rows, Rows::Records(_))
    }

    /// True when only its first page is answered: after an `OFFSET`.
    pub fn is_one_page(&self) -> bool {
        self.one_page
    }

    /// Where a page that begins at a row ends. It has at most `batch` rows, the children of its rows
    /// included, and at least one.
    pub fn page_end(&self, from: usize, batch: usize) -> usize {
        let Rows::Records(records) = &self.rows else { return self.row_count() };
        let last = from.saturating_add(batch).min(records.numbers.len());
        if records.children.is_empty() {
            return last;
        }
        let mut size = 0;
        let fits = |at: &usize| {
            size += records.size(*at, batch);
            size <= batch
        };
        let count = (from..last).take_while(fits).count();
        (from + count.max(1)).min(last)
    }

    /// The children of one row as a result of their own: what a page of their parent leaves out.
    #[must_use]
    pub fn of_children(&self, child: &ChildSet, at: usize) -> ResultSet {
        let (start, end) = child.span(at);
        let own = |inner: &ChildSet| ChildSet {
            object: Arc::clone(&inner.object),
            spans: inner.spans.get(start..end).unwrap_or_default().to_vec(),
            rows: inner.rows.clone(),
        };
        let rows = RecordRows {
            nodes: child.rows.nodes.clone(),
            numbers: child.rows.numbers.get(start..end).unwrap_or_default().to_vec(),
            children: child.rows.children.iter().map(own).collect(),
        };
        ResultSet {
            state: Arc::clone(&self.state),
            settings: self.settings.clone(),
            object: Arc::clone(&child.object),
            rows: Rows::Records(rows),
            tracking: None,
            one_page: false,
        }
    }

    /// The queried object.
    pub fn object(&self) -> &Arc<ObjectSpec> {
        &self.object
    }

    /// The rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The state that it was run on.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The rows that the query was asked to record as viewed or referenced, and which of the two.
    pub fn viewed(&self) -> Option<(Tracking, &[RowNum])> {
        match &self.rows {
            Rows::Records(records) => Some((self.tracking?, &records.numbers)),
            _ => None,
        }
    }

    /// The ids of its records, in order.
    pub fn ids(&self) -> Vec<Id> {
        let Rows::Records(records) = &self.rows else { return Vec::new() };
        let table = self.state.table(self.object.id);
        let rows = records.numbers.iter().filter_map(|number| table.get(*number));
        rows.filter_map(|row| row.id(self.object.system.id)).collect()
    }

    /// Where the values of its rows are read.
    pub fn env(&self) -> Env<'_> {
        Env { state: &self.state, settings: &self.settings }
    }

    /// A row of an object, for reading its values.
    pub fn record<'s>(&'s self, object: &'s Arc<ObjectSpec>, number: RowNum) -> Option<Record<'s>> {
        let row = self.state.table(object.id).get(number)?;
        Some(Record { object, row })
    }
}

impl std::fmt::Debug for ResultSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResultSet")
            .field("object", &self.object.name)
            .field("total", &self.total())
            .finish_non_exhaustive()
    }
}

/// Results are shared between threads by cursors.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<ResultSet>();
};
