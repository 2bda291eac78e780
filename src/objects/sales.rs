//! Opportunity, `OpportunityLineItem` and Case: what their stage, price and status entail.

use super::{FollowUp, Saving};
use crate::error::Faults;
use crate::store::Draft;
use crate::time;
use crate::value::Value;

/// The standard stages: name, probability, forecast category, closed, won.
/// Source: the stages of a new org (reference/schema facts; probabilities as its describes default).
const STAGES: &[(&str, f64, &str, bool, bool)] = &[
    ("Prospecting", 10.0, "Pipeline", false, false),
    ("Qualification", 10.0, "Pipeline", false, false),
    ("Needs Analysis", 20.0, "Pipeline", false, false),
    ("Value Proposition", 50.0, "Pipeline", false, false),
    ("Id. Decision Makers", 60.0, "Pipeline", false, false),
    ("Perception Analysis", 70.0, "Pipeline", false, false),
    ("Proposal/Price Quote", 75.0, "Pipeline", false, false),
    ("Negotiation/Review", 90.0, "Pipeline", false, false),
    ("Closed Won", 100.0, "Closed", true, true),
    ("Closed Lost", 0.0, "Omitted", true, false),
];

/// What a value of a status or stage means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// A case's status: whether the case is closed.
    CaseStatus(bool),
    /// A lead's status: whether the lead is converted.
    LeadStatus(bool),
    /// A stage of opportunities.
    OpportunityStage {
        /// The opportunity is closed.
        closed: bool,
        /// The probability that it begins with, in percent.
        probability: f64,
        /// The forecast category that it begins with.
        category: &'static str,
        /// The opportunity is won.
        won: bool,
    },
}

/// What a value of a field means; `None` for values and fields that mean nothing further.
pub fn meaning(object: &str, field: &str, value: &str) -> Option<Meaning> {
    match (object, field) {
        ("Case", "Status") => Some(Meaning::CaseStatus(value.eq_ignore_ascii_case("Closed"))),
        ("Lead", "Status") => {
            Some(Meaning::LeadStatus(value.eq_ignore_ascii_case("Closed - Converted")))
        }
        ("Opportunity", "StageName") => {
            let known = STAGES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(value));
            known.map(|(_, probability, category, closed, won)| Meaning::OpportunityStage {
                closed: *closed,
                probability: *probability,
                category,
                won: *won,
            })
        }
        _ => None,
    }
}

/// Derives what an opportunity's stage and close date say.
pub(super) fn save_opportunity(
    saving: &Saving<'_>,
    draft: &mut Draft,
) -> Result<Vec<FollowUp>, Faults> {
    let stage = saving.text(draft, "StageName").unwrap_or_default();
    let known = STAGES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&stage));
    if let Some((_, probability, category, closed, won)) = known {
        let given =
            saving.changes(draft, "Probability") && !saving.value(draft, "Probability").is_null();
        if saving.changes(draft, "StageName") && !given {
            saving.set(draft, "Probability", Value::Double(*probability));
        }
        if saving.changes(draft, "StageName") {
            saving.pick(draft, "ForecastCategory", category);
            saving.pick(draft, "ForecastCategoryName", category);
        }
        saving.set(draft, "IsClosed", Value::Bool(*closed));
        saving.set(draft, "IsWon", Value::Bool(*won));
    }
    if let Value::Double(amount) = *saving.value(draft, "Amount") {
        let probability = match saving.value(draft, "Probability") {
            Value::Double(probability) => *probability,
            _ => 0.0,
        };
        saving.set(draft, "ExpectedRevenue", Value::Double(amount * probability / 100.0));
    }
    if let Value::Date(days) = *saving.value(draft, "CloseDate") {
        let (year, month, _) = time::ymd(days);
        let quarter = i64::from((month - 1) / 3 + 1);
        saving.set(draft, "FiscalYear", Value::Int(i64::from(year)));
        saving.set(draft, "FiscalQuarter", Value::Int(quarter));
        saving.set(draft, "Fiscal", Value::text(&format!("{year} {quarter}")));
    }
    Ok(Vec::new())
}

/// A line's total is its quantity times its price.
pub(super) fn save_line_item(
    saving: &Saving<'_>,
    draft: &mut Draft,
) -> Result<Vec<FollowUp>, Faults> {
    let number = |name| match saving.value(draft, name) {
        Value::Double(number) => Some(*number),
        _ => None,
    };
    if let (Some(quantity), Some(price)) = (number("Quantity"), number("UnitPrice")) {
        saving.set(draft, "TotalPrice", Value::Double(quantity * price));
    }
    Ok(Vec::new())
}

/// A case is closed while its status is.
pub(super) fn save_case(saving: &Saving<'_>, draft: &mut Draft) -> Result<Vec<FollowUp>, Faults> {
    let status = saving.text(draft, "Status").unwrap_or_default();
    let closed = status.eq_ignore_ascii_case("Closed");
    saving.set(draft, "IsClosed", Value::Bool(closed));
    if saving.changes(draft, "Status") {
        let at = if closed { Value::DateTime(saving.now) } else { Value::Null };
        saving.set(draft, "ClosedDate", at);
    }
    Ok(Vec::new())
}
