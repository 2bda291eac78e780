//! What was found out about numbers, so that it is found out once: the truth of a condition about a
//! parent, the group of a picklist value.

use super::hash::Map;

/// Numbers of the first object, or small ones, are kept in a list; no more than this.
const MOST_LISTED: i64 = 1 << 20;

/// Remembers something about each number: a `store::page` number of an id, a date, a code.
pub(super) struct Memo<T> {
    base: Option<i64>,
    listed: Vec<Option<T>>,
    others: Map<i64, T>,
}

impl<T> Default for Memo<T> {
    fn default() -> Memo<T> {
        Memo { base: None, listed: Vec::new(), others: Map::default() }
    }
}

impl<T: Copy> Memo<T> {
    /// What is known about a number, found out if need be.
    pub(super) fn get(&mut self, number: i64, find: impl FnOnce() -> T) -> T {
        // Ids of one object differ in the lower 32 bits only.
        let base = *self.base.get_or_insert(number & !0xFFFF_FFFF);
        let at = number.wrapping_sub(base);
        if !(0..MOST_LISTED).contains(&at) {
            return *self.others.entry(number).or_insert_with(find);
        }
        let at = at as usize;
        if at >= self.listed.len() {
            self.listed.resize((at + 1).next_power_of_two(), None);
        }
        *self.listed[at].get_or_insert_with(find)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_out_once() {
        let mut memo = Memo::default();
        let mut asked = 0;
        let numbers = [5 << 32, (5 << 32) + 70_000, (5 << 32) + (1 << 31), 6 << 32, -1, i64::MIN];
        for round in 0..3 {
            for (at, number) in numbers.into_iter().enumerate() {
                let found = memo.get(number, || {
                    asked += 1;
                    at
                });
                assert_eq!(found, at, "{round}");
            }
        }
        assert_eq!(asked, numbers.len());
    }
}
