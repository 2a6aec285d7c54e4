//! The schema of a closed set: a string with the names of an enum's variants.

use std::marker::PhantomData;
use strum::VariantNames;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::RefOr;
use utoipa::{PartialSchema, ToSchema};

/// For `#[schema(value_type = OneOf<T>, inline)]` and for parameters: one of the names of `T`. The description of the
/// field says what each name means, as a test checks.
#[derive(Debug)]
pub struct OneOf<T>(PhantomData<T>);

impl<T: VariantNames> PartialSchema for OneOf<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(T::VARIANTS.iter().copied())).into()
    }
}

impl<T: VariantNames> ToSchema for OneOf<T> {}
