//! What arrived of a return: units of each line by their condition.

use super::condition::{Condition, CountedUnits};
use super::lines::ReturnLine;
use super::refusal::CountRefusal;
use std::collections::BTreeMap;

/// Every unit of every line is counted once, and missing units are not refunded.
pub fn check_counts(lines: &[ReturnLine], counts: &[CountedUnits]) -> Result<(), CountRefusal> {
    let mut counted: BTreeMap<i16, i64> = BTreeMap::new();
    for (index, count) in counts.iter().enumerate() {
        let line_no = count.line_no;
        let is_same = |other: &CountedUnits| (other.line_no, other.condition) == (line_no, count.condition);
        if !lines.iter().any(|line| line.line_no == line_no) {
            return Err(CountRefusal::UnknownLine(line_no));
        }
        if counts[..index].iter().any(is_same) {
            return Err(CountRefusal::Repeated { line_no, condition: count.condition });
        }
        if count.condition == Condition::Missing && count.is_refunded {
            return Err(CountRefusal::MissingRefunded(line_no));
        }
        *counted.entry(line_no).or_default() += i64::from(count.quantity.get());
    }
    let differs = lines.iter().find_map(|line| {
        let (expected, counted) = (i64::from(line.quantity.get()), counted.get(&line.line_no).copied().unwrap_or(0));
        (expected != counted).then_some(CountRefusal::Different { line_no: line.line_no, expected, counted })
    });
    differs.map_or(Ok(()), Err)
}
