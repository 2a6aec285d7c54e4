//! Units of an order's lines, as requests name them.

use crate::body::{Field, integer_within};
use domain::product::Quantity;
use domain::refund::LineUnits;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the schema of `LineUnits` in the OpenAPI description")]
pub struct LineUnitsBody {
    #[schema(example = 1, minimum = 1)]
    line_no: i16,
    #[schema(example = 1, minimum = 1, maximum = 1000)]
    quantity: u32,
}

pub fn read_units(line: Field<'_>) -> Option<LineUnits> {
    line.members(|members| {
        let line_no = members.required("line_no", |field| integer_within(field, 1..=i16::MAX.into()));
        let quantity = members.required("quantity", |field| field.integer_as(Quantity::try_from));
        Some(LineUnits { line_no: line_no?, quantity: quantity? })
    })
}
