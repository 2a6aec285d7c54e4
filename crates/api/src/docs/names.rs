//! Names of schemas for generated clients: what the code calls `OrderBody` is an `Order` there, and a page of them an
//! `OrderPage`.

use super::components;
use super::visit::visit;
use utoipa::openapi::{OpenApi as Spec, RefOr};

const SUFFIX: &str = "Body";
const PAGE_PREFIX: &str = "Page_";
const REFERENCE: &str = "#/components/schemas/";

/// # Panics
/// If two schemas would get the same name.
pub fn shorten(spec: &mut Spec) {
    visit(spec, &mut |schema| {
        if let RefOr::Ref(reference) = schema
            && let Some(name) = reference.ref_location.strip_prefix(REFERENCE)
        {
            reference.ref_location = format!("{REFERENCE}{}", short(name));
        }
    });
    let schemas = &mut components(spec).schemas;
    let count = schemas.len();
    *schemas = std::mem::take(schemas).into_iter().map(|(name, schema)| (short(&name), schema)).collect();
    assert_eq!(schemas.len(), count, "two schemas have the same name");
}

fn short(name: &str) -> String {
    match name.strip_prefix(PAGE_PREFIX) {
        Some(item) => format!("{}Page", short(item)),
        None => name.strip_suffix(SUFFIX).unwrap_or(name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_named_after_what_it_describes() {
        assert_eq!(["OrderBody", "Page_OrderBody", "FieldError"].map(short), ["Order", "OrderPage", "FieldError"]);
    }
}
