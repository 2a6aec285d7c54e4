//! Bounds of the parameters, by name: what their parsers accept.

use super::{inline_mut, operations};
use crate::params::TEXT_LENGTH_MAX;
use domain::order::{EXTERNAL_REF_LENGTH_MAX, METADATA_KEY_LENGTH_MAX, METADATA_VALUE_LENGTH_MAX};
use domain::page::SIZE_MAX;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi as Spec, RefOr};

/// Adds the bounds.
///
/// # Panics
/// If a parameter without a format or a set of values has no bounds here.
pub fn describe(spec: &mut Spec) {
    for operation in operations(spec) {
        let Operation { parameters, operation_id, .. } = operation;
        for parameter in parameters.iter_mut().flatten().filter_map(inline_mut) {
            if let Parameter { schema: Some(RefOr::T(Schema::Array(list))), .. } = parameter {
                list.min_items = Some(1);
            }
            let Parameter { name, schema: Some(RefOr::T(Schema::Object(schema))), .. } = parameter else { continue };
            remove_null(schema);
            bound_time(schema);
            if !is_bounded(schema) {
                bound(name, schema, operation_id.as_deref().unwrap_or_default());
            }
        }
    }
}

/// Times are those of this century.
pub(super) fn bound_time(schema: &mut Object) {
    if schema.format == Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)) {
        schema.pattern = Some("^20[0-9]{2}-".to_owned());
    }
}

/// A header or a parameter of a query is absent, not null.
fn remove_null(schema: &mut Object) {
    if let SchemaType::Array(types) = &mut schema.schema_type {
        types.retain(|one| *one != Type::Null);
        if let [only] = types.as_slice() {
            schema.schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn is_bounded(schema: &Object) -> bool {
    let is_text_with_format = schema.format.is_some() && schema.schema_type == SchemaType::Type(Type::String);
    let is_flag = schema.schema_type == SchemaType::Type(Type::Boolean);
    is_text_with_format || is_flag || schema.enum_values.is_some() || schema.max_length.is_some()
}

fn bound(name: &str, schema: &mut Object, operation: &str) {
    let mut matches = |pattern: &str| schema.pattern = Some(pattern.to_owned());
    match name {
        "sku" => matches("^[A-Za-z0-9._-]{1,64}$"),
        "tracking_number" => matches("^[A-Za-z0-9-]{1,40}$"),
        "warehouse_code" => matches("^[A-Za-z0-9_-]{1,32}$"),
        // An id or a code of a warehouse.
        "id" => matches("^[A-Za-z0-9_-]{1,36}$"),
        // Of a task.
        "name" => matches("^[a-z_]{1,64}$"),
        // Of a problem.
        "code" => matches("^[a-z0-9-]{1,64}$"),
        "order_number" => matches("^[0-9A-Za-z -]{8,32}$"),
        "fingerprint" => matches("^[0-9a-f]{1,64}$"),
        "If-None-Match" => matches(r#"^(\*|(W/)?"[^"]*"(, ?(W/)?"[^"]*")*)$"#),
        "currency" => matches("^[A-Z]{3}$"),
        "ticket" => schema.max_length = Some(128),
        "cursor" => schema.max_length = Some(512),
        "action" | "actor" | "subject" => schema.max_length = Some(TEXT_LENGTH_MAX),
        "external_ref" => schema.max_length = Some(EXTERNAL_REF_LENGTH_MAX),
        "metadata" => {
            matches(&format!("^[A-Za-z0-9._-]{{1,{METADATA_KEY_LENGTH_MAX}}}="));
            schema.max_length = Some(METADATA_KEY_LENGTH_MAX + 1 + METADATA_VALUE_LENGTH_MAX);
        }
        "q" if operation == "list_users" => (schema.min_length, schema.max_length) = (Some(1), Some(254)),
        "q" => (schema.min_length, schema.max_length) = (Some(1), Some(200)),
        "limit" => (schema.minimum, schema.maximum) = (Some(1.into()), Some(SIZE_MAX.into())),
        "Last-Event-ID" => (schema.minimum, schema.maximum) = (Some(0.into()), Some(i32::MAX.into())),
        "Idempotency-Key" => (schema.min_length, schema.max_length) = (Some(1), Some(255)),
        _ => panic!("give the bounds of the parameter {name} of {operation} in docs/parameters.rs"),
    }
}
