//! Visits every schema of a description, the outer ones first.

use super::{components, inline_mut, operations};
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{OpenApi as Spec, RefOr};

pub fn visit(spec: &mut Spec, visitor: &mut impl FnMut(&mut RefOr<Schema>)) {
    for schema in components(spec).schemas.values_mut() {
        visit_schema(schema, visitor);
    }
    let shared = components(spec).responses.values_mut().filter_map(inline_mut).map(|response| &mut response.content);
    let shared = shared.flat_map(|content| content.values_mut()).filter_map(inline_mut);
    for schema in shared.filter_map(|content| content.schema.as_mut()) {
        visit_schema(schema, visitor);
    }
    for operation in operations(spec) {
        let parameters = operation.parameters.iter_mut().flatten().filter_map(inline_mut);
        let bodies = operation.request_body.iter_mut().filter_map(inline_mut).map(|body| &mut body.content);
        let responses = operation.responses.responses.values_mut().filter_map(inline_mut);
        let contents = bodies.flat_map(|content| content.values_mut());
        let contents =
            contents.chain(responses.flat_map(|response| response.content.values_mut())).filter_map(inline_mut);
        let schemas = parameters.filter_map(|parameter| parameter.schema.as_mut());
        for schema in schemas.chain(contents.filter_map(|content| content.schema.as_mut())) {
            visit_schema(schema, visitor);
        }
    }
}

fn visit_schema(schema: &mut RefOr<Schema>, visitor: &mut impl FnMut(&mut RefOr<Schema>)) {
    visitor(schema);
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => object.properties.values_mut().for_each(|inner| visit_schema(inner, visitor)),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(item) = &mut array.items {
                visit_schema(item, visitor);
            }
        }
        Schema::OneOf(alternatives) => alternatives.items.iter_mut().for_each(|inner| visit_schema(inner, visitor)),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(|inner| visit_schema(inner, visitor)),
        Schema::AnyOf(alternatives) => alternatives.items.iter_mut().for_each(|inner| visit_schema(inner, visitor)),
        _ => {}
    }
}
