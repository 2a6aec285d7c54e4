//! Request bodies have no members but those that are described: the server refuses others.

use super::{components, inline_mut, operations};
use std::collections::BTreeSet;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::{OpenApi as Spec, RefOr};

/// Closes the schemas that requests consist of, and returns their names. A schema that responses use as well is closed too: what is sent then
/// has no other members either.
pub fn close(spec: &mut Spec) -> BTreeSet<String> {
    let bodies = operations(spec).filter_map(|operation| operation.request_body.as_mut()).filter_map(inline_mut);
    let contents = bodies.flat_map(|body| body.content.values_mut()).filter_map(inline_mut);
    let mut names = BTreeSet::new();
    for schema in contents.filter_map(|content| content.schema.as_mut()) {
        close_schema(schema, &mut names);
    }
    let mut closed = BTreeSet::new();
    while let Some(name) = names.pop_first() {
        if closed.insert(name.clone())
            && let Some(schema) = components(spec).schemas.get_mut(&name)
        {
            close_schema(schema, &mut names);
        }
    }
    closed
}

/// Adds the names of the schemas that it refers to.
fn close_schema(schema: &mut RefOr<Schema>, names: &mut BTreeSet<String>) {
    let schema = match schema {
        RefOr::Ref(reference) => {
            names.extend(reference.ref_location.rsplit('/').next().map(str::to_owned));
            return;
        }
        RefOr::T(schema) => schema,
    };
    match schema {
        Schema::Object(object) => {
            if !object.properties.is_empty() && object.additional_properties.is_none() {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
            object.properties.values_mut().for_each(|inner| close_schema(inner, names));
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(item) = &mut array.items {
                close_schema(item, names);
            }
        }
        Schema::OneOf(alternatives) => alternatives.items.iter_mut().for_each(|inner| close_schema(inner, names)),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(|inner| close_schema(inner, names)),
        Schema::AnyOf(alternatives) => alternatives.items.iter_mut().for_each(|inner| close_schema(inner, names)),
        _ => {}
    }
}
