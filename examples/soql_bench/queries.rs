//! The queries, in SOQL and in SQL.

use crate::Org;
use crate::data;

/// How `SQLite`'s columns are written as the JSON of a record.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Columns of one object, Id first. The object and the columns' names.
    Records(&'static str, &'static [&'static str]),
    /// A contact's columns, then Id and Name of its account.
    WithAccount(&'static [&'static str]),
    /// Groups.
    Groups(&'static [&'static str]),
    /// An account's Id and Name, then the JSON of its contacts, made by `SQLite`.
    WithContacts,
    /// An account's Id and Name; its contacts by a second statement for each.
    WithContactsBySecond,
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    soql: &'static str,
    sql: &'static str,
    pub(crate) shape: Shape,
    /// The statement is prepared for each execution.
    pub(crate) unprepared: bool,
    /// How many executions make one round.
    pub(crate) repeats: usize,
    /// How many times as fast as `SQLite` it shall be.
    pub(crate) target: f64,
}

impl Row {
    /// The query and the statement; `$ID` is another contact each time.
    pub(crate) fn texts(&self, org: &Org, round: usize) -> (String, String) {
        let number = (round as u64 * 7919) % 100_000 + 1;
        let id = data::id(&org.state.schema, "Contact", number).to_string();
        (self.soql.replace("$ID", &id), self.sql.replace("$ID", &id))
    }
}

const ROW: Row = Row {
    name: "",
    soql: "",
    sql: "",
    shape: Shape::Groups(&[]),
    unprepared: false,
    repeats: 1,
    target: 1.0,
};

const CHILDREN: &str =
    "SELECT Id, Name, (SELECT Id, LastName, Email FROM Contacts) FROM Account LIMIT 200";

/// All rows, in the order of the table.
pub(crate) fn all() -> Vec<Row> {
    vec![
        Row {
            name: "point read by Id",
            soql: "SELECT Id, LastName, Email FROM Contact WHERE Id = '$ID'",
            sql: "SELECT Id, LastName, Email FROM Contact WHERE Id = '$ID'",
            shape: Shape::Records("Contact", &["Id", "LastName", "Email"]),
            unprepared: true,
            repeats: 2000,
            target: 1.5,
        },
        Row {
            name: "filter, two sort keys, 200 of 200,000",
            soql: "SELECT Id, Name, Amount, CloseDate FROM Opportunity WHERE StageName = \
                   'Closed Won' AND Amount > 50000 ORDER BY Amount DESC, CloseDate LIMIT 200",
            sql: "SELECT Id, Name, Amount, CloseDate FROM Opportunity WHERE StageName = \
                  'Closed Won' AND Amount > 50000 ORDER BY Amount DESC, CloseDate LIMIT 200",
            shape: Shape::Records("Opportunity", &["Id", "Name", "Amount", "CloseDate"]),
            target: 4.0,
            ..ROW
        },
        Row {
            name: "GROUP BY, four aggregates of 200,000",
            soql: "SELECT StageName, COUNT(Id) n, SUM(Amount) total, AVG(Amount) mean, \
                   MAX(Amount) most FROM Opportunity GROUP BY StageName",
            sql: "SELECT StageName, COUNT(Id) n, SUM(Amount) total, AVG(Amount) mean, \
                  MAX(Amount) most FROM Opportunity GROUP BY StageName",
            shape: Shape::Groups(&["StageName", "n", "total", "mean", "most"]),
            target: 15.0,
            ..ROW
        },
        Row {
            name: "parent filter and sort, 2,000 of 100,000",
            soql: "SELECT Id, LastName, Account.Name FROM Contact WHERE Account.Industry = \
                   'Banking' ORDER BY Account.Name, LastName LIMIT 2000",
            sql: "SELECT c.Id, c.LastName, a.Id, a.Name FROM Contact c LEFT JOIN Account a ON \
                  a.Id = c.AccountId WHERE a.Industry = 'Banking' ORDER BY a.Name, c.LastName \
                  LIMIT 2000",
            shape: Shape::WithAccount(&["Id", "LastName"]),
            target: 15.0,
            ..ROW
        },
        Row {
            name: "the same, half of the parents pass",
            soql: "SELECT Id, LastName, Account.Name FROM Contact WHERE Account.AnnualRevenue > \
                   50000000 ORDER BY Account.Name, LastName LIMIT 2000",
            sql: "SELECT c.Id, c.LastName, a.Id, a.Name FROM Contact c LEFT JOIN Account a ON \
                  a.Id = c.AccountId WHERE a.AnnualRevenue > 50000000 ORDER BY a.Name, c.LastName \
                  LIMIT 2000",
            shape: Shape::WithAccount(&["Id", "LastName"]),
            target: 15.0,
            ..ROW
        },
        Row {
            name: "semi-join, 200,000 into 10,000",
            soql: "SELECT Id, Name FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity \
                   WHERE StageName = 'Closed Won' AND Amount > 86000) LIMIT 2000",
            sql: "SELECT Id, Name FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity \
                  WHERE StageName = 'Closed Won' AND Amount > 86000) LIMIT 2000",
            shape: Shape::Records("Account", &["Id", "Name"]),
            target: 4.0,
            ..ROW
        },
        Row {
            name: "200 parents with child sub-select",
            soql: CHILDREN,
            sql: "SELECT a.Id, a.Name, (SELECT json_group_array(json_object('attributes', \
                  json_object('type', 'Contact', 'url', '/services/data/v66.0/sobjects/Contact/' \
                  || c.Id), 'Id', c.Id, 'LastName', c.LastName, 'Email', c.Email)) FROM Contact c \
                  WHERE c.AccountId = a.Id) FROM Account a LIMIT 200",
            shape: Shape::WithContacts,
            target: 5.0,
            ..ROW
        },
        Row {
            name: "the same, SQLite by a second statement",
            soql: CHILDREN,
            sql: "SELECT Id, Name FROM Account LIMIT 200",
            shape: Shape::WithContactsBySecond,
            target: 1.0,
            ..ROW
        },
        Row {
            name: "page of 2,000 × 9 columns",
            soql: "SELECT Id, FirstName, LastName, Email, Phone, Title, AccountId, Birthdate, \
                   CreatedDate FROM Contact LIMIT 2000",
            sql: "SELECT Id, FirstName, LastName, Email, Phone, Title, AccountId, Birthdate, \
                  CreatedDate FROM Contact LIMIT 2000",
            shape: Shape::Records(
                "Contact",
                &[
                    "Id",
                    "FirstName",
                    "LastName",
                    "Email",
                    "Phone",
                    "Title",
                    "AccountId",
                    "Birthdate",
                    "CreatedDate",
                ],
            ),
            target: 3.0,
            ..ROW
        },
        Row {
            name: "equality without index, 256 of 100,000",
            soql: "SELECT Id, LastName FROM Contact WHERE LastName = 'smith'",
            sql: "SELECT Id, LastName FROM Contact WHERE LastName = 'smith'",
            shape: Shape::Records("Contact", &["Id", "LastName"]),
            target: 3.0,
            ..ROW
        },
    ]
}

/// Queries whose cost is shown for more and more rows.
pub(crate) fn growing() -> [(&'static str, &'static str); 7] {
    [
        (
            "filter, two sort keys, LIMIT 200",
            "SELECT Id, Name, Amount, CloseDate FROM Opportunity WHERE StageName = 'Closed Won' \
             AND Amount > 50000 ORDER BY Amount DESC, CloseDate LIMIT 200",
        ),
        ("sort all by text", "SELECT Id FROM Opportunity ORDER BY Name"),
        (
            "GROUP BY, four aggregates",
            "SELECT StageName, COUNT(Id) n, SUM(Amount) total, AVG(Amount) mean, MAX(Amount) most \
             FROM Opportunity GROUP BY StageName",
        ),
        (
            "parent filter and sort, LIMIT 2000",
            "SELECT Id, Name FROM Opportunity WHERE Account.Industry = 'Banking' ORDER BY \
             Account.Name, Name LIMIT 2000",
        ),
        (
            "semi-join, a twentieth as many parents",
            "SELECT COUNT() FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity WHERE \
             StageName = 'Closed Won' AND Amount > 86000)",
        ),
        ("children of all parents", "SELECT Id, (SELECT Id FROM Contacts) FROM Account"),
        ("equality without index", "SELECT COUNT() FROM Contact WHERE LastName = 'smith'"),
    ]
}
