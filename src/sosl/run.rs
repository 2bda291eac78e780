//! Running a search: each object of `RETURNING` is a SOQL query over the rows that the term finds.

use super::ast::{Returning, Search, With};
use super::find::Haystack;
use super::highlight;
use super::index::WordIndexes;
use super::needle::Needle;
use super::{parser, scope};
use crate::error::OrgError;
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::soql::ast::{
    Field, From, Name, Query, RowCount, Select, SelectItem, SelectValue, Span, Text,
};
use crate::soql::exec::run_among;
use crate::soql::resolve::tree::{Level, Output};
use crate::soql::{Context, ResultSet, resolve};
use crate::store::{Key, RowNum};
use std::collections::HashSet;
use std::sync::Arc;

/// Most rows of a search.
const MOST: usize = 2_000;

/// Most rows of one object, unless it is the only one and has `WHERE` or `ORDER BY`.
const MOST_OF_ONE: usize = 250;

/// What a search found.
#[derive(Debug)]
pub struct SearchResult {
    /// The objects in the order of `RETURNING`.
    pub objects: Vec<Found>,
    /// `WITH METADATA = 'LABELS'`: the labels of the fields are to be told.
    pub labels: bool,
}

/// What a search found of one object.
#[derive(Debug)]
pub struct Found {
    /// Its records.
    pub records: ResultSet,
    /// The marked texts of the first records, by field.
    pub highlights: Vec<Vec<(Box<str>, String)>>,
}

/// Runs a search.
pub fn search(
    text: &str,
    context: &Context<'_>,
    indexes: &WordIndexes,
) -> Result<SearchResult, OrgError> {
    let search = parser::parse(text)?;
    let run = Run { search: &search, text, context, indexes };
    run.run().map_err(OrgError::in_a_search)
}

struct Run<'a> {
    search: &'a Search,
    text: &'a str,
    context: &'a Context<'a>,
    indexes: &'a WordIndexes,
}

impl Run<'_> {
    fn run(&self) -> Result<SearchResult, OrgError> {
        let needle = Needle::of(self.search, self.text)?;
        self.refuse()?;
        let most = match self.search.limit {
            Some(limit) => rows(limit, OrgError::search_limit_too_large)?,
            None => MOST,
        };
        let products = self.price_book()?;
        let levels = self.levels()?;
        let single = levels.len() == 1;
        let each = (MOST / levels.len().max(1)).min(MOST_OF_ONE);
        let mut objects = Vec::with_capacity(levels.len());
        for (mut level, narrowed) in levels {
            let most = if single && narrowed { MOST } else { each };
            level.limit = Some(level.limit.map_or(most, |limit| limit.min(most)));
            objects.push(self.one(level, needle.as_ref(), products.as_ref())?);
        }
        let counts: Vec<usize> = objects.iter().map(|found| found.records.row_count()).collect();
        for (found, share) in objects.iter_mut().zip(shares(most, &counts)) {
            found.records.truncate(share);
            found.highlights.truncate(share);
        }
        Ok(SearchResult { objects, labels: self.search.with.metadata.is_some() })
    }

    /// Refuses the clauses that no part of this crate carries out.
    fn refuse(&self) -> Result<(), OrgError> {
        let refuse = |what: &str| Err(OrgError::not_emulated(what, "Leave the clause out."));
        let With { division, categories, snippet, networks, metadata, .. } = &self.search.with;
        if division.is_some() {
            return refuse("WITH DIVISION");
        }
        if !categories.is_empty() {
            return refuse("WITH DATA CATEGORY");
        }
        if snippet.is_some() {
            return refuse("WITH SNIPPET");
        }
        if !networks.is_empty() {
            return refuse("WITH NETWORK");
        }
        if let Some(kind) = metadata
            && !kind.text.eq_ignore_ascii_case("LABELS")
        {
            let at = kind.span.start as usize;
            return Err(OrgError::malformed_search_token(self.text, at, &kind.text));
        }
        if self.search.using.is_some() {
            return refuse("USING … SEARCH");
        }
        if !self.search.update.is_empty() {
            return refuse("UPDATE in a search");
        }
        if self.search.returning.iter().any(|returning| returning.using.is_some()) {
            return refuse("USING in RETURNING");
        }
        Ok(())
    }

    /// The products of `WITH PricebookId`.
    fn price_book(&self) -> Result<Option<HashSet<Id>>, OrgError> {
        let books = &self.search.with.price_books;
        let Some(first) = books.first() else { return Ok(None) };
        let book = self.id(first)?;
        for other in &books[1..] {
            if self.id(other)? != book {
                let help = "Name one price book.";
                return Err(OrgError::not_emulated("a search of several price books", help));
            }
        }
        let state = self.context.state;
        let mut products = HashSet::new();
        let Some(entry) = state.schema.by_name("PricebookEntry") else { return Ok(Some(products)) };
        if let (Some((of_book, _)), Some((of_product, _))) =
            (entry.field("pricebook2id"), entry.field("product2id"))
        {
            let table = state.table(entry.id);
            let rows = self.context.indexes.get(entry.id, of_book, table);
            let book = Key::Id(book);
            let rows = rows.equal(&book).filter_map(|number| table.get(number));
            products
                .extend(rows.filter(|row| !row.is_deleted()).filter_map(|row| row.id(of_product)));
        }
        Ok(Some(products))
    }

    fn id(&self, text: &Text) -> Result<Id, OrgError> {
        let at = text.span.start as usize;
        Id::parse(&text.text).map_err(|_| OrgError::invalid_id_in_query(self.text, at, &text.text))
    }

    /// The queries of `RETURNING`, and whether each has `WHERE` or `ORDER BY`.
    fn levels(&self) -> Result<Vec<(Level, bool)>, OrgError> {
        let schema = &self.context.state.schema;
        if self.search.returning.is_empty() {
            let ids = |name: &str| {
                let object = Name { text: name.into(), span: Span::default() };
                Ok((resolve::resolve(&ids_of(object), self.text, self.context)?, false))
            };
            return scope::default_objects(schema).iter().map(|header| ids(header.name)).collect();
        }
        let several = self.search.returning.len() > 1;
        let mut levels: Vec<(Level, bool)> = Vec::new();
        for returning in &self.search.returning {
            let level = self.level(returning, several)?;
            if levels.iter().any(|(other, _)| other.object.id == level.object.id) {
                let at = returning.object.span.start as usize;
                return Err(OrgError::searched_twice(self.text, at, &level.object.name));
            }
            let narrowed = returning.filter.is_some() || !returning.order_by.is_empty();
            levels.push((level, narrowed));
        }
        Ok(levels)
    }

    fn level(&self, returning: &Returning, several: bool) -> Result<Level, OrgError> {
        if let Some(limit) = returning.limit {
            rows(limit, OrgError::entity_limit_too_large)?;
        }
        if let Some(offset) = returning.offset {
            if !(0..=MOST as i64).contains(&offset.rows) {
                return Err(OrgError::search_offset_out_of_range(MOST));
            }
            if several {
                let at = offset.span.start as usize;
                return Err(OrgError::search_offset_of_several(self.text, at));
            }
        }
        let level = resolve::resolve(&query_of(returning), self.text, self.context)?;
        if !level.object.flags.searchable {
            return Err(OrgError::not_searchable(&level.object.name));
        }
        if !matches!(level.output, Output::Records(_)) {
            return Err(self.aggregate(returning));
        }
        Ok(level)
    }

    fn aggregate(&self, returning: &Returning) -> OrgError {
        let call = returning.fields.iter().find(|own| matches!(own.field, Field::Call(_)));
        let span = call.map_or(returning.object.span, |own| own.field.span());
        OrgError::aggregate_in_search(self.text, span.start as usize)
    }

    /// Searches one object.
    fn one(
        &self,
        level: Level,
        needle: Option<&Needle>,
        products: Option<&HashSet<Id>>,
    ) -> Result<Found, OrgError> {
        let object = Arc::clone(&level.object);
        let mask = scope::mask(self.search.group, &object.name);
        let mut numbers = self.numbers(&object, needle, mask);
        if let Some(products) = products
            && &*object.name == "Product2"
        {
            let table = self.context.state.table(object.id);
            let id = |number: &RowNum| table.get(*number)?.id(object.system.id);
            numbers.retain(|number| id(number).is_some_and(|id| products.contains(&id)));
        }
        let Some(records) = run_among(level, &numbers, self.context) else {
            return Err(OrgError::aggregate_in_search(self.text, 0));
        };
        let highlights = match needle {
            Some(needle) if self.search.with.highlight => highlight::marked(&records, needle, mask),
            _ => Vec::new(),
        };
        Ok(Found { records, highlights })
    }

    /// The rows that the term finds.
    fn numbers(
        &self,
        object: &Arc<ObjectSpec>,
        needle: Option<&Needle>,
        mask: scope::Groups,
    ) -> Vec<RowNum> {
        let table = self.context.state.table(object.id);
        let Some(needle) = needle.filter(|_| table.live() > 0) else { return Vec::new() };
        let (index, fields) = self.indexes.get(object, table);
        let haystack = Haystack { object, table, index: &index, fields: &fields, mask };
        haystack.find(needle).rows().collect()
    }
}

/// The number of `LIMIT`.
fn rows(limit: RowCount, too_large: fn(usize) -> OrgError) -> Result<usize, OrgError> {
    match usize::try_from(limit.rows) {
        Ok(rows) if rows <= MOST => Ok(rows),
        Ok(_) => Err(too_large(MOST)),
        Err(_) => Err(OrgError::negative_search_limit()),
    }
}

/// One object of `RETURNING` as a query.
fn query_of(returning: &Returning) -> Query {
    let mut query = ids_of(returning.object.clone());
    if !returning.fields.is_empty() {
        let items = returning.fields.iter().map(|own| SelectItem {
            value: SelectValue::Field(own.field.clone()),
            alias: own.alias.clone(),
        });
        query.select = Select::Items(items.collect());
    }
    query.filter.clone_from(&returning.filter);
    query.order_by.clone_from(&returning.order_by);
    query.limit = returning.limit;
    query.offset = returning.offset;
    query
}

/// The query of an object's ids.
fn ids_of(object: Name) -> Query {
    let id = Name { text: "Id".into(), span: object.span };
    let item = SelectItem { value: SelectValue::Field(Field::Path(id)), alias: None };
    Query {
        span: object.span,
        select: Select::Items(vec![item]),
        from: vec![From { object, alias: None, using: Vec::new() }],
        filter: None,
        with: Vec::new(),
        group_by: None,
        order_by: Vec::new(),
        limit: None,
        offset: None,
        bind: Vec::new(),
        tracking: None,
        update: Vec::new(),
    }
}

/// How many rows of each object an overall limit leaves: as many of each as of any other, and what
/// one does not need goes to the rest.
fn shares(most: usize, counts: &[usize]) -> Vec<usize> {
    let mut shares = vec![0; counts.len()];
    let mut left = most;
    loop {
        let hungry: Vec<usize> = (0..counts.len()).filter(|at| shares[*at] < counts[*at]).collect();
        if hungry.is_empty() || left == 0 {
            return shares;
        }
        let each = left / hungry.len();
        for at in hungry.iter().copied() {
            let more = each.max(1).min(counts[at] - shares[at]).min(left);
            shares[at] += more;
            left -= more;
        }
    }
}

#[cfg(test)]
mod tests;
