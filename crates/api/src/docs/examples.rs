//! Example bodies, composed from the examples of their fields, so that no example becomes outdated.

use super::{JSON, components, operations};
use serde_json::{Map, Value, json};
use utoipa::openapi::{Content, OpenApi as Spec, RefOr};

const SOME_TIME: &str = "2026-01-15T09:30:00Z";

/// Adds an example to each JSON body that has none. A body with a required field without an example gets none, which a
/// test reports.
pub fn add(spec: &mut Spec) {
    let schemas = json!(components(spec).schemas);
    for operation in operations(spec) {
        let requests = operation.request_body.iter_mut().filter_map(inline);
        let requests = requests.filter_map(|body| body.content.get_mut(JSON));
        let responses = operation.responses.responses.values_mut().filter_map(inline);
        let responses = responses.filter_map(|response| response.content.get_mut(JSON));
        for content in requests.chain(responses).filter_map(inline) {
            fill(content, &schemas);
        }
    }
}

fn inline<T>(one: &mut RefOr<T>) -> Option<&mut T> {
    match one {
        RefOr::T(one) => Some(one),
        RefOr::Ref(_) => None,
    }
}

fn fill(content: &mut Content, schemas: &Value) {
    if content.example.is_none() && content.examples.is_empty() {
        content.example = content.schema.as_ref().and_then(|schema| example(&json!(schema), schemas));
    }
}

fn example(schema: &Value, schemas: &Value) -> Option<Value> {
    if let Some(given) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
        return Some(given.clone());
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return example(&schemas[name], schemas);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return all_of(parts, schemas);
    }
    // The other alternative is null.
    if let Some(alternatives) = schema["oneOf"].as_array() {
        return alternatives.iter().rev().find_map(|one| example(one, schemas));
    }
    if let Some(item) = schema.get("items") {
        return Some(json!([example(item, schemas)?]));
    }
    schema["properties"].as_object().and_then(|members| object(members, &schema["required"], schemas))
}

fn all_of(parts: &[Value], schemas: &Value) -> Option<Value> {
    let mut merged = Map::new();
    for part in parts {
        merged.extend(example(part, schemas)?.as_object()?.clone());
    }
    Some(merged.into())
}

/// Optional fields are left out unless they have an example.
fn object(members: &Map<String, Value>, required: &Value, schemas: &Value) -> Option<Value> {
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|known| known == name));
    let mut object = Map::new();
    for (name, schema) in members {
        let found = example(schema, schemas);
        let found = if is_required(name) { Some(found.or_else(|| default_example(name, schema))?) } else { found };
        object.extend(found.map(|value| (name.clone(), value)));
    }
    Some(object.into())
}

/// Default examples by type and format: of a closed set, its first value. A field of any type gets an empty object:
/// utoipa drops its example.
fn default_example(name: &str, schema: &Value) -> Option<Value> {
    if let Some(first) = schema.pointer("/enum/0") {
        return Some(first.clone());
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("boolean"), _) => Some(json!(true)),
        (Some("string"), Some("uuid")) => Some(json!(id_of(name))),
        (Some("string"), Some("date-time")) => Some(json!(SOME_TIME)),
        (Some("object"), _) if schema.get("properties").is_none() => Some(json!({})),
        (None, _) if schema.as_object()?.keys().all(|key| key == "description") => Some(json!({})),
        _ => None,
    }
}

/// Derived from the field's name, so that different ids differ in an example.
fn id_of(name: &str) -> String {
    let tail = name.bytes().fold(7_u64, |tail, byte| tail.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
    format!("019ab1c2-7f3e-7c41-9d1a-{:012x}", tail & 0xffff_ffff_ffff)
}
