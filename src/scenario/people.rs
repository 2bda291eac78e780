//! Names for generated people and companies: a mix of origins, as in any larger firm. Addresses end
//! in domains that are reserved for examples.

use crate::random::Random;
use std::collections::HashSet;

const FIRST: [&str; 64] = [
    "Amara",
    "Aisha",
    "Akira",
    "Alejandro",
    "Amelia",
    "Anders",
    "Anika",
    "Arjun",
    "Astrid",
    "Ayumi",
    "Beatriz",
    "Bruno",
    "Camille",
    "Carlos",
    "Chiara",
    "Chinedu",
    "Clara",
    "Daniel",
    "Diego",
    "Elena",
    "Emeka",
    "Emma",
    "Farah",
    "Fatima",
    "Felix",
    "Freya",
    "Gabriel",
    "Grace",
    "Hana",
    "Hassan",
    "Ingrid",
    "Isabel",
    "Ivan",
    "Jamal",
    "Jin",
    "Julia",
    "Kavya",
    "Kenji",
    "Kwame",
    "Lars",
    "Leila",
    "Liam",
    "Lin",
    "Lucia",
    "Maja",
    "Marcus",
    "Mei",
    "Miguel",
    "Nadia",
    "Nikhil",
    "Noah",
    "Olga",
    "Omar",
    "Priya",
    "Rafael",
    "Rosa",
    "Samir",
    "Sofia",
    "Tariq",
    "Thandi",
    "Tomas",
    "Wei",
    "Yara",
    "Zoe",
];

const LAST: [&str; 64] = [
    "Abebe",
    "Adeyemi",
    "Ahmed",
    "Almeida",
    "Andersen",
    "Araya",
    "Bauer",
    "Becker",
    "Bianchi",
    "Carter",
    "Castro",
    "Chen",
    "Cohen",
    "Costa",
    "Dang",
    "Diallo",
    "Dubois",
    "Eriksson",
    "Fernandez",
    "Fischer",
    "Garcia",
    "Gupta",
    "Haddad",
    "Hansen",
    "Hoffmann",
    "Ibrahim",
    "Ito",
    "Ivanova",
    "Jansen",
    "Johnson",
    "Kamau",
    "Kaur",
    "Khan",
    "Kim",
    "Kowalski",
    "Larsen",
    "Lee",
    "Lopez",
    "Mbeki",
    "Meyer",
    "Moreau",
    "Mensah",
    "Nair",
    "Nakamura",
    "Nguyen",
    "Novak",
    "Okafor",
    "Oliveira",
    "Owusu",
    "Park",
    "Patel",
    "Petrov",
    "Ramirez",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Suzuki",
    "Tanaka",
    "Torres",
    "Walker",
    "Wang",
    "Yilmaz",
];

const TITLES: [&str; 12] = [
    "Account Executive",
    "Analyst",
    "Controller",
    "Customer Success Manager",
    "Designer",
    "Developer",
    "HR Generalist",
    "Operations Manager",
    "Product Manager",
    "Recruiter",
    "Support Agent",
    "Technician",
];

const DEPARTMENTS: [&str; 8] = [
    "Engineering",
    "Finance",
    "Human Resources",
    "IT",
    "Marketing",
    "Operations",
    "Sales",
    "Support",
];

const COMPANIES: [&str; 16] = [
    "Alder",
    "Birch",
    "Cascade",
    "Delta",
    "Ember",
    "Fjord",
    "Granite",
    "Harbor",
    "Juniper",
    "Lumen",
    "Meridian",
    "Northwind",
    "Orchard",
    "Quarry",
    "Summit",
    "Tidewater",
];

const TRADES: [&str; 8] =
    ["Analytics", "Foods", "Health", "Industries", "Labs", "Logistics", "Partners", "Systems"];

/// A generated person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    /// What stands before the `@`.
    pub(super) local: String,
    pub(super) title: &'static str,
    pub(super) department: &'static str,
    pub(super) phone: String,
}

/// Makes people whose addresses differ.
#[derive(Clone)]
pub(super) struct People {
    random: Random,
    used: HashSet<String>,
    /// Other people may be there already: every address gets a number.
    numbered: bool,
}

impl People {
    pub(super) fn new(random: Random, numbered: bool) -> People {
        People { random, used: HashSet::new(), numbered }
    }

    /// Person number `number`.
    pub(super) fn next(&mut self, number: usize) -> Person {
        let random = &mut self.random;
        let first = one(random, &FIRST);
        let last = one(random, &LAST);
        let mut local = format!("{first}.{last}").to_lowercase();
        if self.numbered || self.used.contains(&local) {
            local = format!("{local}.{number}");
        }
        self.used.insert(local.clone());
        Person {
            first,
            last,
            local,
            title: one(random, &TITLES),
            department: one(random, &DEPARTMENTS),
            // 555-0100 to 555-0199 are reserved for fiction.
            phone: format!("+1 415 555 01{:02}", random.below(100)),
        }
    }
}

/// The name of company number `number`.
pub(super) fn company(random: &mut Random, number: usize) -> String {
    let (name, trade) = (one(random, &COMPANIES), one(random, &TRADES));
    format!("{name} {trade} {number}")
}

fn one(random: &mut Random, from: &[&'static str]) -> &'static str {
    from[random.below(from.len())]
}
