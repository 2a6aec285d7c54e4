//! Stored rows that contradict the code: a column that can't be read, or an update that missed its rows.

use std::fmt::Display;

/// What this release can't have written: the cause is a defect, or a manual change of the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistency {
    #[error("{table}.{column} of {id} can't be read: {problem}")]
    Column { table: &'static str, column: &'static str, id: String, problem: String },
    /// A guarded update found rows in another state than the one that was read under their lock.
    #[error("{changed} of {expected} rows of {table} were changed")]
    LostUpdate { table: &'static str, expected: usize, changed: u64 },
}

/// A row as errors name it: its table, with the schema, and its id.
#[derive(Debug, Clone, Copy)]
pub struct StoredRow<I> {
    table: &'static str,
    id: I,
}

impl<I: Display> StoredRow<I> {
    pub const fn new(table: &'static str, id: I) -> Self {
        Self { table, id }
    }

    /// The value of a column that has been parsed or converted.
    pub fn read_column<T, E: Display>(&self, column: &'static str, value: Result<T, E>) -> Result<T, Inconsistency> {
        value.map_err(|problem| self.inconsistent(column, problem))
    }

    pub fn inconsistent(&self, column: &'static str, problem: impl Display) -> Inconsistency {
        let (id, problem) = (self.id.to_string(), problem.to_string());
        Inconsistency::Column { table: self.table, column, id, problem }
    }
}

/// Fails unless a guarded update changed every expected row. `changed` is what the statement reports: it may be signed,
/// because Postgres counts with signed numbers.
pub fn ensure_rows(table: &'static str, expected: usize, changed: impl TryInto<u64>) -> Result<(), Inconsistency> {
    let changed = changed.try_into().unwrap_or_default();
    if usize::try_from(changed).is_ok_and(|changed| changed == expected) {
        return Ok(());
    }
    Err(Inconsistency::LostUpdate { table, expected, changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_table_the_column_and_the_row() {
        let row = StoredRow::new("shop.orders", 7);

        assert_eq!(row.read_column("quantity", "12".parse::<u8>()), Ok(12));
        let error = row.read_column("quantity", "many".parse::<u8>()).expect_err("no number");

        assert_eq!(error.to_string(), "shop.orders.quantity of 7 can't be read: invalid digit found in string");
    }

    #[test]
    fn an_update_that_missed_a_row_is_an_error() {
        assert_eq!(ensure_rows("shop.orders", 2, 2_u64), Ok(()));
        let error = ensure_rows("shop.orders", 2, 1_i64).expect_err("one row is missing");

        assert_eq!(error.to_string(), "1 of 2 rows of shop.orders were changed");
    }
}
