//! JSON schema of draft 7, as much of it as containerlab's schema uses; a keyword beyond that is a panic, not a yes.
//!
//! The crates for this bring eighty others; this is all that one schema needs.

use regex::Regex;
use serde_json::{Map, Value};

/// A schema document.
pub(crate) struct Schema {
    root: Value,
}

impl Schema {
    /// The schema document `root`.
    pub(crate) fn new(root: Value) -> Schema {
        Schema { root }
    }

    /// Every violation in `instance`, with its place.
    pub(crate) fn errors(&self, instance: &Value) -> Vec<String> {
        let mut errors = Vec::new();
        self.check(&self.root, instance, "", &mut errors);
        errors
    }

    fn holds(&self, schema: &Value, instance: &Value) -> bool {
        let mut errors = Vec::new();
        self.check(schema, instance, "", &mut errors);
        errors.is_empty()
    }

    fn check(&self, schema: &Value, instance: &Value, at: &str, errors: &mut Vec<String>) {
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return errors.push(format!("{at}: nothing may be here")),
            Value::Object(keywords) => keywords,
            other => panic!("not a schema: {other}"),
        };
        // Draft 7: beside $ref nothing counts.
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let pointer = reference.trim_start_matches('#');
            let target = self.root.pointer(pointer).unwrap_or_else(|| panic!("no {reference} in the schema"));
            return self.check(target, instance, at, errors);
        }
        for (keyword, value) in keywords {
            self.keyword(keywords, (keyword, value), instance, at, errors);
        }
    }

    fn keyword(
        &self,
        keywords: &Map<String, Value>,
        (keyword, value): (&str, &Value),
        instance: &Value,
        at: &str,
        errors: &mut Vec<String>,
    ) {
        let mut demand = |holds: bool| {
            if !holds {
                errors.push(format!("{at}: {instance} breaks {keyword}: {value}"));
            }
        };
        let schemas = || value.as_array().into_iter().flatten();
        match keyword {
            "type" => demand(is_of_type(value, instance)),
            "enum" => demand(schemas().any(|allowed| allowed == instance)),
            "const" => demand(value == instance),
            "anyOf" => demand(schemas().any(|schema| self.holds(schema, instance))),
            "oneOf" => demand(schemas().filter(|schema| self.holds(schema, instance)).count() == 1),
            "not" => demand(!self.holds(value, instance)),
            "minimum" => demand(instance.as_f64().is_none_or(|n| Some(n) >= value.as_f64())),
            "maximum" => demand(instance.as_f64().is_none_or(|n| Some(n) <= value.as_f64())),
            "minLength" => {
                demand(instance.as_str().is_none_or(|text| text.chars().count() as u64 >= number(value)));
            }
            "pattern" => demand(instance.as_str().is_none_or(|text| pattern(value.as_str()).is_match(text))),
            "minItems" => demand(instance.as_array().is_none_or(|list| list.len() as u64 >= number(value))),
            "maxItems" => demand(instance.as_array().is_none_or(|list| list.len() as u64 <= number(value))),
            "uniqueItems" => demand(instance.as_array().is_none_or(|list| {
                list.iter().enumerate().all(|(place, item)| !list[..place].contains(item))
            })),
            "required" => demand(instance.as_object().is_none_or(|object| {
                schemas().all(|key| key.as_str().is_some_and(|key| object.contains_key(key)))
            })),
            "allOf" => schemas().for_each(|schema| self.check(schema, instance, at, errors)),
            "if" => {
                let branch = if self.holds(value, instance) { "then" } else { "else" };
                if let Some(schema) = keywords.get(branch) {
                    self.check(schema, instance, at, errors);
                }
            }
            "items" => {
                for (place, item) in instance.as_array().into_iter().flatten().enumerate() {
                    self.check(value, item, &format!("{at}[{place}]"), errors);
                }
            }
            "properties" => self.properties(keywords, instance, at, errors),
            "patternProperties" | "additionalProperties" if keywords.contains_key("properties") => {}
            "patternProperties" => self.properties(keywords, instance, at, errors),
            "additionalProperties" if keywords.contains_key("patternProperties") => {}
            "additionalProperties" => self.properties(keywords, instance, at, errors),
            // Annotations; `prefixItems` is of a later draft, and `additionalItems` counts only beside an array of `items`.
            "$id"
            | "$schema"
            | "title"
            | "description"
            | "markdownDescription"
            | "definitions"
            | "default"
            | "then"
            | "else"
            | "prefixItems"
            | "additionalItems" => {}
            other => panic!("the schema uses '{other}', which is not checked here: add it"),
        }
    }

    fn properties(
        &self,
        keywords: &Map<String, Value>,
        instance: &Value,
        at: &str,
        errors: &mut Vec<String>,
    ) {
        let named = keywords.get("properties");
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        for (key, value) in instance.as_object().into_iter().flatten() {
            let at = format!("{at}/{key}");
            let mut known = false;
            if let Some(schema) = named.and_then(|named| named.get(key)) {
                known = true;
                self.check(schema, value, &at, errors);
            }
            for (pattern_of_key, schema) in patterns.into_iter().flatten() {
                if pattern(Some(pattern_of_key)).is_match(key) {
                    known = true;
                    self.check(schema, value, &at, errors);
                }
            }
            if let Some(schema) = keywords.get("additionalProperties").filter(|_| !known) {
                self.check(schema, value, &at, errors);
            }
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} in the schema is no number"))
}

fn pattern(text: Option<&str>) -> Regex {
    let text = text.unwrap_or_default();
    Regex::new(text).unwrap_or_else(|error| panic!("pattern of the schema: {error}"))
}

fn is_of_type(kind: &Value, instance: &Value) -> bool {
    match kind.as_str() {
        Some("object") => instance.is_object(),
        Some("array") => instance.is_array(),
        Some("string") => instance.is_string(),
        Some("integer") => instance.is_i64() || instance.is_u64(),
        Some("number") => instance.is_number(),
        Some("boolean") => instance.is_boolean(),
        Some("null") => instance.is_null(),
        _ => panic!("type {kind} in the schema"),
    }
}
