//! Points on which sources disagree about what the real org does, each a switch with the default
//! that the evidence favours: `reference/soql.md` §11.

/// The disputed points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disputed {
    /// Where nulls go under `DESC` when the query does not say; default: last.
    pub nulls_first_when_descending: bool,
    /// `NULLS LAST` counts for references too; the documentation says that it does not. Default:
    /// false.
    pub nulls_last_on_references: bool,
    /// `f NOT IN ('x')` keeps rows without a value, as `f != 'x'` does. Default: true.
    pub not_in_keeps_null: bool,
    /// `f NOT IN (SELECT …)` keeps rows without a value. Default: false.
    pub anti_join_keeps_null: bool,
    /// `> LAST_N_DAYS:n` compares with the start of the window, as much code in the field expects,
    /// instead of its end. Default: false, the documentation's reading.
    pub greater_than_window_start: bool,
    /// `LAST_N_DAYS` ends now instead of at the end of today. Default: false.
    pub last_days_end_now: bool,
    /// `NOT f < 5` keeps rows without a value. Default: false, three-valued logic.
    pub not_keeps_unknown: bool,
    /// `Owner.Type` of a queue is `Queue` instead of `Group`. Default: true.
    pub queues_are_queues: bool,
    /// The type in the attributes of a polymorphic parent is `Name`, as recorded answers have it,
    /// instead of the object's own. Default: true.
    pub polymorphic_parents_are_names: bool,
    /// `LIMIT` and `OFFSET` change nothing in queries of the metadata catalog (`EntityDefinition`
    /// and kin). Default: true, as the Tooling API guide says.
    pub catalog_ignores_limits: bool,
}

impl Default for Disputed {
    fn default() -> Disputed {
        Disputed {
            nulls_first_when_descending: false,
            nulls_last_on_references: false,
            not_in_keeps_null: true,
            anti_join_keeps_null: false,
            greater_than_window_start: false,
            last_days_end_now: false,
            not_keeps_unknown: false,
            queues_are_queues: true,
            polymorphic_parents_are_names: true,
            catalog_ignores_limits: true,
        }
    }
}
