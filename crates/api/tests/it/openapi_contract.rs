//! The description, as the tests hold answers against it.

use crate::client::Answer;
use api::AppState;
use axum::http::Method;
use serde_json::{Map, Value};
use std::sync::OnceLock;

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Headers that an answer must not have without the description saying so.
const HEADERS: [&str; 6] =
    ["location", "etag", "idempotent-replayed", "retry-after", "www-authenticate", "x-request-id"];

#[derive(Debug, Clone, Copy)]
pub struct Description(&'static Value);

/// One thing that can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'d> {
    /// `POST`
    pub method: &'d str,
    /// `/api/v1/orders/{id}`
    pub path: &'d str,
    pub told: &'d Value,
}

impl Description {
    /// The same for every test: it is made once.
    pub fn of(state: &AppState) -> Self {
        static WRITTEN: OnceLock<Value> = OnceLock::new();
        Self(WRITTEN.get_or_init(|| serde_json::to_value(api::documentation(state)).expect("plain data")))
    }

    pub fn operations(self) -> Vec<Operation<'static>> {
        let of_path = |(path, item): (&'static String, &'static Value)| {
            let there = METHODS.into_iter().filter_map(move |method| Some((method, item.get(method)?)));
            there.map(|(method, told)| Operation { method, path: path.as_str(), told })
        };
        members(&self.0["paths"]).iter().flat_map(of_path).collect()
    }

    pub fn operation(self, method: &str, path: &str) -> Option<Operation<'static>> {
        let fitting = self.operations().into_iter();
        let fitting = fitting.filter(|one| one.method.eq_ignore_ascii_case(method) && fits(path, one.path));
        fitting.min_by_key(|one| one.path.matches('{').count())
    }

    /// What stands at `place`, wherever it is written.
    pub fn resolved(self, place: &Value) -> &Value {
        match place["$ref"].as_str() {
            Some(path) => self.0.pointer(&path[1..]).unwrap_or_else(|| panic!("{path} leads nowhere")),
            None => place,
        }
    }

    /// The codes that a response lists, each with an example.
    pub fn codes(self, response: &Value) -> Vec<&str> {
        members(&self.resolved(response)["content"][PROBLEM_JSON]["examples"]).keys().map(String::as_str).collect()
    }

    /// Fails when the operation says nothing of such an answer.
    pub fn expect_known(self, method: &Method, path: &str, answer: &Answer) {
        let Some(operation) = self.operation(method.as_str(), path) else { return };
        let (name, status) = (operation.name(), answer.status.as_str());
        let code = if answer.status.is_success() { "" } else { answer.code() };
        let response = self.resolved(&operation.told["responses"][status]);
        let known = response.is_object() && (code.is_empty() || self.codes(response).contains(&code));
        assert!(
            known,
            "{name} answered {status} {code}, of which its description says nothing: name the Kind in the \
             `x-problems` of its #[utoipa::path], or the status in its `responses`"
        );
        let told: Vec<_> = members(&response["headers"]).keys().map(|name| name.to_ascii_lowercase()).collect();
        for header in HEADERS.into_iter().filter(|header| answer.headers.contains_key(*header)) {
            assert!(told.iter().any(|name| name == header), "{name} {status} does not describe its header {header}");
        }
        let media_type = if code.is_empty() { JSON } else { PROBLEM_JSON };
        let schema = &response["content"][media_type]["schema"];
        if schema.is_object() {
            self.expect_fitting(&answer.body, schema, &format!("{name} {status}: "));
        }
    }

    /// Fails when `value` has a member too many or too few, or one of another type.
    pub fn expect_fitting(self, value: &Value, schema: &Value, place: &str) {
        let schema = self.resolved(schema);
        if let Some(wanted) = schema["type"].as_str() {
            assert!(is_a(value, wanted), "{place} is described as {wanted}, but is {value}");
        }
        for item in value.as_array().into_iter().flatten() {
            self.expect_fitting(item, &schema["items"], &format!("{place}/0"));
        }
        let described = self.properties(schema);
        if let (Some(members), false) = (value.as_object(), described.is_empty()) {
            for (name, value) in members {
                let schema = described.iter().find(|(known, ..)| known == name);
                let (_, schema, _) = schema.unwrap_or_else(|| panic!("{place}/{name} is not described"));
                self.expect_fitting(value, schema, &format!("{place}/{name}"));
            }
            let missing = described.iter().find(|(name, _, required)| *required && !members.contains_key(*name));
            assert!(missing.is_none(), "{place} lacks {missing:?}");
        }
    }

    /// Members that must be there and show nothing, for whoever has to find out why a body has no example.
    pub fn bare(self, schema: &Value, place: &str) -> Vec<String> {
        let schema = self.resolved(schema);
        let (items, members) = (schema.get("items"), self.properties(schema));
        if items.is_none() && members.is_empty() {
            let usual = schema["type"] == "boolean" || schema["format"] == "uuid" || schema["format"] == "date-time";
            let shows = usual || schema.get("example").is_some();
            return if shows { Vec::new() } else { vec![place.to_owned()] };
        }
        let required = members.into_iter().filter(|(.., required)| *required);
        let of_members = required.flat_map(|(name, schema, _)| self.bare(schema, &format!("{place}/{name}")));
        items.into_iter().flat_map(|item| self.bare(item, &format!("{place}/0"))).chain(of_members).collect()
    }

    /// The members that an object may have, and which it must have.
    fn properties(self, schema: &Value) -> Vec<(&str, &Value, bool)> {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let inherited = parts.flat_map(|part| self.properties(self.resolved(part)));
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
    pub fn takes(&self) -> Option<&Value> {
        self.told["requestBody"]["content"].get(JSON)
    }

    pub fn responses(&self) -> &Map<String, Value> {
        members(&self.told["responses"])
    }
}

fn members(value: &Value) -> &Map<String, Value> {
    static NONE: OnceLock<Map<String, Value>> = OnceLock::new();
    value.as_object().unwrap_or_else(|| NONE.get_or_init(Map::new))
}

/// Whether a path that was asked for is one of `template`. Routes of the system also stand outside the base.
fn fits(asked: &str, template: &str) -> bool {
    let asked = asked.split('?').next().unwrap_or_default();
    let based = if asked.starts_with("/system") { format!("/api/v1{asked}") } else { asked.to_owned() };
    let (asked, template): (Vec<_>, Vec<_>) = (based.split('/').collect(), template.split('/').collect());
    asked.len() == template.len()
        && asked.iter().zip(&template).all(|(part, known)| known.starts_with('{') || part == known)
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
