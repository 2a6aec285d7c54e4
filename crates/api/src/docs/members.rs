//! Bounds of the members of request bodies, by name: what their parsers accept, as far as a schema can say it. A text
//! must be of visible characters as well.

use super::components;
use super::parameters::bound_time;
use domain::inventory::UNITS_MAX;
use domain::order::order_request::{LINES_MAX, PAYMENT_METHOD_LENGTH_MAX};
use domain::order::{METADATA_ENTRIES_MAX, METADATA_KEY_LENGTH_MAX, METADATA_VALUE_LENGTH_MAX};
use operations::replays::{RAMP_SECONDS_MAX, RATE_MAX};
use std::collections::BTreeSet;
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema, SchemaType, Type};
use utoipa::openapi::{OpenApi as Spec, RefOr};

const EMAIL: &str = "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\
                     (\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$";
/// Of tax, discount and shipping.
const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;

/// Adds the bounds to the schemas with these names.
///
/// # Panics
/// If a member without a format or a set of values has no bounds here.
pub fn describe(spec: &mut Spec, bodies: &BTreeSet<String>) {
    for (schema_name, schema) in &mut components(spec).schemas {
        let RefOr::T(Schema::Object(body)) = schema else { continue };
        if !bodies.contains(schema_name) {
            continue;
        }
        for (name, member) in &mut body.properties {
            let RefOr::T(Schema::Object(member)) = member else { continue };
            bound_time(member);
            match name.as_str() {
                "metadata" => bound_metadata(member),
                "reason" => has_length(member, 1, 200),
                _ if is_bounded(member) => {}
                _ => bound(name, member, schema_name),
            }
        }
    }
}

fn is_bounded(member: &Object) -> bool {
    let is_of = |one: &Type| match &member.schema_type {
        SchemaType::Type(only) => only == one,
        SchemaType::Array(types) => types.contains(one),
        SchemaType::AnyValue => false,
    };
    let has_bounds = member.max_length.is_some() || member.pattern.is_some() || member.maximum.is_some();
    let is_number = is_of(&Type::Integer) || is_of(&Type::Number);
    let has_format = member.format.is_some() && !is_number;
    has_bounds || has_format || member.enum_values.is_some() || is_of(&Type::Boolean) || is_of(&Type::Object)
}

fn bound(name: &str, member: &mut Object, schema: &str) {
    match name {
        "sku" => matches(member, "^[A-Za-z0-9._-]{1,64}$"),
        "code" | "warehouse_code" | "from_warehouse_code" | "to_warehouse_code" => {
            matches(member, "^[A-Za-z0-9_-]{1,32}$");
        }
        "fingerprint" => matches(member, "^[0-9a-f]{1,64}$"),
        "tracking_number" => matches(member, "^[A-Za-z0-9-]{1,40}$"),
        "currency" => matches(member, "^[A-Za-z]{3}$"),
        "email" => {
            matches(member, EMAIL);
            member.max_length = Some(254);
        }
        "name" | "evidence" => has_length(member, 1, 200),
        "description" => has_length(member, 0, 4_000),
        "payment_method" => has_length(member, 1, PAYMENT_METHOD_LENGTH_MAX),
        "password" | "current_password" | "refresh_token" => has_length(member, 0, 2_048),
        "tax_minor" | "discount_minor" | "shipping_minor" => is_between(member, 0, AMOUNT_MINOR_MAX),
        "amount_minor" => is_between(member, 0, i64::MAX),
        "quantity" => is_between(member, -i64::from(UNITS_MAX), UNITS_MAX.into()),
        "line_no" => is_between(member, 1, i64::try_from(LINES_MAX).unwrap_or(i64::MAX)),
        "low_stock_threshold" => is_between(member, 0, UNITS_MAX.into()),
        "priority" => is_between(member, i32::MIN.into(), i32::MAX.into()),
        "generation" => is_between(member, 0, u32::MAX.into()),
        "rate_per_s" => is_between(member, 1, RATE_MAX.into()),
        "ramp_s" => is_between(member, 0, RAMP_SECONDS_MAX.into()),
        _ => panic!("give the bounds of the member {name} of {schema} in docs/members.rs"),
    }
}

fn bound_metadata(member: &mut Object) {
    let key = format!("^[A-Za-z0-9._-]{{1,{METADATA_KEY_LENGTH_MAX}}}$");
    let value = Object::builder().schema_type(Type::String).max_length(Some(METADATA_VALUE_LENGTH_MAX));
    member.max_properties = Some(METADATA_ENTRIES_MAX);
    member.property_names = Some(Box::new(Object::builder().schema_type(Type::String).pattern(Some(key)).into()));
    member.additional_properties = Some(Box::new(AdditionalProperties::RefOr(value.into())));
}

fn matches(member: &mut Object, pattern: &str) {
    member.pattern = Some(pattern.to_owned());
}

fn has_length(member: &mut Object, min: usize, max: usize) {
    (member.min_length, member.max_length) = ((min > 0).then_some(min), Some(max));
}

/// A minimum that the member has already stays.
fn is_between(member: &mut Object, min: i64, max: i64) {
    member.minimum.get_or_insert(min.into());
    member.maximum = Some(max.into());
}
