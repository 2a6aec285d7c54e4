//! Checks responses against the OpenAPI document.

use crate::client::ApiResponse;
use api::AppState;
use axum::http::Method;
use serde_json::{Map, Value};
use std::sync::OnceLock;

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Headers that a response may have only if the document declares them.
const HEADERS: [&str; 6] =
    ["location", "etag", "idempotent-replayed", "retry-after", "www-authenticate", "x-request-id"];

#[derive(Debug, Clone, Copy)]
pub struct OpenApiDocument(&'static Value);

/// A method of a path.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'d> {
    /// `POST`
    pub method: &'d str,
    /// `/api/v1/orders/{id}`
    pub path: &'d str,
    pub definition: &'d Value,
}

impl OpenApiDocument {
    /// Built once per process: it is the same in every test.
    pub fn of(state: &AppState) -> Self {
        static DOCUMENT: OnceLock<Value> = OnceLock::new();
        Self(DOCUMENT.get_or_init(|| serde_json::to_value(api::documentation(state)).expect("plain data")))
    }

    /// As it is committed: indented, with a line break at the end.
    pub fn to_json(self) -> String {
        serde_json::to_string_pretty(self.0).expect("plain data") + "\n"
    }

    pub fn components(self) -> Value {
        self.0["components"].clone()
    }

    pub fn operations(self) -> Vec<Operation<'static>> {
        let of_path = |(path, item): (&'static String, &'static Value)| {
            let definitions = METHODS.into_iter().filter_map(move |method| Some((method, item.get(method)?)));
            definitions.map(|(method, definition)| Operation { method, path: path.as_str(), definition })
        };
        members(&self.0["paths"]).iter().flat_map(of_path).collect()
    }

    pub fn operation(self, method: &str, path: &str) -> Option<Operation<'static>> {
        let matching = self.operations().into_iter();
        let matching =
            matching.filter(|one| one.method.eq_ignore_ascii_case(method) && matches_template(path, one.path));
        matching.min_by_key(|one| one.path.matches('{').count())
    }

    /// Follows a `$ref`.
    pub fn resolve(self, value: &Value) -> &Value {
        match value["$ref"].as_str() {
            Some(path) => self.0.pointer(&path[1..]).unwrap_or_else(|| panic!("{path} leads nowhere")),
            None => value,
        }
    }

    /// The codes of the problems that a response declares.
    pub fn codes(self, response: &Value) -> Vec<&str> {
        members(&self.resolve(response)["content"][PROBLEM_JSON]["examples"]).keys().map(String::as_str).collect()
    }

    /// Fails when the operation does not declare such a response.
    pub fn expect_documented(self, method: &Method, path: &str, response: &ApiResponse) {
        let Some(operation) = self.operation(method.as_str(), path) else { return };
        let (name, status) = (operation.name(), response.status.as_str());
        let code = if response.status.is_success() { "" } else { response.code() };
        let declared = self.resolve(&operation.definition["responses"][status]);
        let is_declared = declared.is_object() && (code.is_empty() || self.codes(declared).contains(&code));
        assert!(
            is_declared,
            "{name} answered {status} {code}, which its description does not declare: name the Kind in the \
             `x-problems` of its #[utoipa::path], or the status in its `responses`"
        );
        let headers: Vec<_> = members(&declared["headers"]).keys().map(|name| name.to_ascii_lowercase()).collect();
        for header in HEADERS.into_iter().filter(|header| response.headers.contains_key(*header)) {
            assert!(headers.iter().any(|name| name == header), "{name} {status} does not declare its header {header}");
        }
        let media_type = response.headers.get("content-type").and_then(|value| value.to_str().ok()?.split(';').next());
        let media_type = if code.is_empty() { media_type.unwrap_or(JSON) } else { PROBLEM_JSON };
        let schema = &declared["content"][media_type]["schema"];
        if schema.is_object() {
            self.expect_matches_schema(&response.body, schema, &format!("{name} {status}: "));
        }
    }

    /// Fails when `value` has an undeclared member, lacks a required one, or has one of another type.
    pub fn expect_matches_schema(self, value: &Value, schema: &Value, place: &str) {
        let schema = self.resolve(schema);
        if let Some(wanted) = schema["type"].as_str() {
            assert!(is_a(value, wanted), "{place} is described as {wanted}, but is {value}");
        }
        if let Some(values) = schema["enum"].as_array() {
            assert!(values.contains(value), "{place} is one of {values:?}, but is {value}");
        }
        for item in value.as_array().into_iter().flatten() {
            self.expect_matches_schema(item, &schema["items"], &format!("{place}/0"));
        }
        let described = self.properties(schema);
        if let (Some(members), false) = (value.as_object(), described.is_empty()) {
            for (name, value) in members {
                let schema = described.iter().find(|(known, ..)| known == name);
                let (_, schema, _) = schema.unwrap_or_else(|| panic!("{place}/{name} is not described"));
                self.expect_matches_schema(value, schema, &format!("{place}/{name}"));
            }
            let missing = described.iter().find(|(name, _, required)| *required && !members.contains_key(*name));
            assert!(missing.is_none(), "{place} lacks {missing:?}");
        }
    }

    /// The required members without an example, which keep a body from having one.
    pub fn members_without_example(self, schema: &Value, place: &str) -> Vec<String> {
        let schema = self.resolve(schema);
        let (items, members) = (schema.get("items"), self.properties(schema));
        if items.is_none() && members.is_empty() {
            let has_default_example =
                schema["type"] == "boolean" || schema["format"] == "uuid" || schema["format"] == "date-time";
            let has_example = has_default_example || schema.get("example").is_some();
            return if has_example { Vec::new() } else { vec![place.to_owned()] };
        }
        let required = members.into_iter().filter(|(.., required)| *required);
        let of_members =
            required.flat_map(|(name, schema, _)| self.members_without_example(schema, &format!("{place}/{name}")));
        items
            .into_iter()
            .flat_map(|item| self.members_without_example(item, &format!("{place}/0")))
            .chain(of_members)
            .collect()
    }

    /// The members of an object: name, schema and whether it is required.
    fn properties(self, schema: &Value) -> Vec<(&str, &Value, bool)> {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let inherited = parts.flat_map(|part| self.properties(self.resolve(part)));
        let required = schema["required"].as_array();
        let own = members(&schema["properties"]).iter().map(|(name, schema)| {
            (name.as_str(), schema, required.is_some_and(|required| required.iter().any(|known| known == name)))
        });
        inherited.chain(own).collect()
    }
}

impl Operation<'_> {
    /// `POST /api/v1/orders`
    pub fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// The media type, schema and example of its JSON request body.
    pub fn request_body(&self) -> Option<&Value> {
        self.definition["requestBody"]["content"].get(JSON)
    }

    pub fn responses(&self) -> &Map<String, Value> {
        members(&self.definition["responses"])
    }
}

fn members(value: &Value) -> &Map<String, Value> {
    static NONE: OnceLock<Map<String, Value>> = OnceLock::new();
    value.as_object().unwrap_or_else(|| NONE.get_or_init(Map::new))
}

/// Whether the path of a request is one of `template`. System routes exist both below `/api/v1` and at the root.
fn matches_template(path: &str, template: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let full = if path.starts_with("/system") { format!("/api/v1{path}") } else { path.to_owned() };
    let (parts, template): (Vec<_>, Vec<_>) = (full.split('/').collect(), template.split('/').collect());
    parts.len() == template.len()
        && parts.iter().zip(&template).all(|(part, known)| known.starts_with('{') || part == known)
}

fn is_a(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => true,
    }
}
