//! What a person decides about a tool, and what is wrong with it.

use std::{collections::HashSet, fmt, ops::RangeInclusive};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Parameter, ParameterKind, Place,
    address::{in_path, is_name, wrong_address},
};
use crate::{
    agents::placeholders,
    check::{Check, Checked},
};

/// Seconds a tool may take; the provider allows no more.
pub const TIME_LIMIT: RangeInclusive<i64> = 1..=40;

/// The body of create and of update. Limits are ours unless a provider's is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ToolDraft {
    /// 1 to 80 characters, unique in the organization: what people call it.
    pub name: String,
    /// What the model calls it: 1 to 64 letters, digits, `_` and `-`, unique in the organization.
    pub model_name: String,
    /// Tells the model what it does and when to use it.
    pub description: String,
    pub method: Method,
    /// Where it is sent. `{name}` in the path stands for a parameter.
    pub url: String,
    /// In the order in which people are shown them.
    pub parameters: Vec<Parameter>,
    pub secret: ToolSecret,
    /// Seconds until the agent goes on without an answer.
    pub timeout_s: i32,
    pub tags: Vec<String>,
}

impl Default for ToolDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            model_name: String::new(),
            description: String::new(),
            method: Method::Post,
            url: String::new(),
            parameters: Vec::new(),
            secret: ToolSecret::default(),
            timeout_s: 10,
            tags: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "UPPERCASE")
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    #[default]
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// The header that signs in at the tool's server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ToolSecret {
    /// Such as `Authorization`; empty where the server asks for nothing.
    pub header: String,
    /// All of the header's value. Written only: it is stored sealed and never shown again. Left out, the stored one stays.
    #[cfg_attr(feature = "ssr", schema(write_only))]
    #[serde(skip_serializing_if = "SecretValue::is_empty")]
    pub value: SecretValue,
    /// The last characters of the stored value, where it is long enough to show some.
    #[cfg_attr(feature = "ssr", schema(read_only))]
    pub ends_with: String,
    /// When the value was stored; absent where there is none.
    #[cfg_attr(feature = "ssr", schema(read_only, nullable))]
    pub set_at: Option<DateTime<Utc>>,
}

/// A secret on its way in. It shows in no log and no debug output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = Password))]
#[serde(transparent)]
pub struct SecretValue(String);

impl SecretValue {
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
impl From<String> for SecretValue {
    fn from(typed: String) -> Self {
        Self(typed)
    }
}
impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue")
    }
}

/// Headers that belong to the connection, or that whoever sends the request sets.
const FOREIGN_HEADERS: [&str; 10] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Tools that every agent can have, of the provider's and ours; two tools of one call cannot share a name.
const BUILT_IN: [&str; 7] = [
    "search_knowledge",
    "hangup",
    "leavevoicemail",
    "querycorpus",
    "playdtmfsounds",
    "coldtransfer",
    "warmtransfer",
];
const PARAMETERS: usize = 30;

impl Checked for ToolDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=80);
        let is_good = check.form(
            "model_name",
            is_name(&self.model_name, false),
            "^[A-Za-z0-9_-]{1,64}$",
            "Use 1 to 64 letters, digits, _ and -.",
        );
        if is_good && BUILT_IN.contains(&self.model_name.to_ascii_lowercase().as_str()) {
            check.fail(
                "model_name",
                "There is a tool of this name that every agent can have. Choose another.",
            );
        }
        check.text("description", &self.description, 1..=1000);
        let wrong = wrong_address(&self.url);
        if check.form(
            "url",
            wrong.is_none(),
            "^https?://[!-~]{1,493}$",
            wrong.unwrap_or_default(),
        ) {
            for name in in_path(&self.url) {
                if !self.parameters.iter().any(|p| p.place == Place::Path && p.name == name) {
                    check.fail(
                        "url",
                        format!("{{{name}}} has no parameter. Add one that stands in the address."),
                    );
                }
            }
        }
        self.check_parameters(check);
        self.check_secret(check);
        let limit = TIME_LIMIT;
        check.number("timeout_s", self.timeout_s.into(), limit, "seconds");
        self.check_tags(check);
        check.free("parameters[].schema");
        check.free("parameters[].value");
        check.beyond("name", "another tool has it");
        check.beyond("model_name", "another tool has it, or one that every agent can have");
        check.beyond(
            "url",
            "it names no server, holds what is no part of an address, or has no parameter for a {name}",
        );
        check.beyond("description", "an agent that has the tool lacks a variable it mentions");
        check.beyond(
            "parameters[].name",
            "another parameter has it, or a value of this name cannot stand there",
        );
        check.beyond("parameters[].place", "a GET request has no body");
        check.beyond("parameters[].schema", "it goes beyond what models fill in reliably");
        let says =
            "it is too long, has control characters, cannot stand there, or mentions a variable that an agent lacks";
        check.beyond("parameters[].value", says);
        check.beyond(
            "parameters[].automatic",
            "it is more than one value, and those stand in the body",
        );
        check.beyond(
            "secret.header",
            "whoever sends the request sets it, or a value came without it",
        );
        check.beyond("secret.value", "none is stored that was meant for this server");
        check.beyond("tags", "one is there twice");
    }
}

impl ToolDraft {
    /// The variables it mentions, each with the field that does.
    pub fn variables(&self) -> Vec<(String, String)> {
        variables(&self.description, &self.parameters)
    }

    fn check_parameters(&self, check: &mut Check) {
        check.count("parameters", self.parameters.len(), PARAMETERS, "parameters");
        let mut names = HashSet::new();
        for (i, parameter) in self.parameters.iter().enumerate() {
            let at = |field: &str| format!("parameters[{i}].{field}");
            let same = match parameter.place {
                Place::Header => parameter.name.to_ascii_lowercase(),
                _ => parameter.name.clone(),
            };
            let is_good = check.form(
                &at("name"),
                is_name(&parameter.name, true),
                "^[A-Za-z0-9_.-]{1,64}$",
                "Use 1 to 64 letters, digits, _, - and dots.",
            );
            if is_good && !names.insert(same) {
                check.fail(at("name"), "Another parameter already has this name.");
            } else if let Some(wrong) = self.wrong_place(parameter).filter(|_| is_good) {
                check.fail(at("name"), wrong);
            }
            if parameter.place == Place::Body && self.method == Method::Get {
                check.fail(at("place"), "A GET request has no body. Put this into the query.");
            }
            match parameter.kind {
                ParameterKind::Dynamic => parameter.check_schema(check, at("schema")),
                ParameterKind::Static => parameter.check_value(check, at("value")),
                ParameterKind::Automatic if parameter.place != Place::Body && !parameter.automatic.is_plain() => {
                    check.fail(at("automatic"), "This is more than one value: put it into the body.");
                }
                ParameterKind::Automatic => {}
            }
        }
    }

    fn wrong_place(&self, parameter: &Parameter) -> Option<String> {
        let name = &parameter.name;
        match parameter.place {
            Place::Path if !in_path(&self.url).any(|placed| placed == name) => Some(format!(
                "The address has no {{{name}}}. Write it where the value belongs."
            )),
            Place::Header => {
                let lower = name.to_ascii_lowercase();
                if FOREIGN_HEADERS.contains(&lower.as_str()) {
                    Some("This header is set by whoever sends the request.".to_owned())
                } else if lower == "authorization" {
                    Some("What signs in belongs under Secret, where it is stored sealed.".to_owned())
                } else if lower == self.secret.header.to_ascii_lowercase() {
                    Some("The secret is sent in this header.".to_owned())
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    fn check_secret(&self, check: &mut Check) {
        let (header, value) = (&self.secret.header, self.secret.value.expose());
        if header.is_empty() {
            if !value.is_empty() {
                check.fail("secret.header", "Name the header that carries the secret.");
            }
            return;
        }
        if !is_name(header, true) {
            check.fail("secret.header", "Use 1 to 64 letters, digits, _, - and dots.");
        } else if FOREIGN_HEADERS.contains(&header.to_ascii_lowercase().as_str()) {
            check.fail("secret.header", "This header is set by whoever sends the request.");
        }
        if value.len() > 1000 {
            check.fail("secret.value", "Use at most 1000 characters.");
        } else if value.trim() != value || !value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            check.fail(
                "secret.value",
                "Use letters, digits and signs of ASCII, without space at the ends.",
            );
        } else if value.contains("{{") {
            // The provider would take it for a variable and send something else.
            check.fail("secret.value", "A secret cannot contain {{.");
        }
    }

    fn check_tags(&self, check: &mut Check) {
        check.count("tags", self.tags.len(), 20, "tags");
        let mut seen = HashSet::new();
        for (i, tag) in self.tags.iter().enumerate() {
            check.text(format!("tags[{i}]"), tag, 1..=40);
            if !seen.insert(tag.to_ascii_lowercase()) {
                check.fail(format!("tags[{i}]"), "This tag is there twice.");
            }
        }
    }
}

/// The variables that a tool's texts mention, each with the field that does. The provider fills them in per call.
pub(super) fn variables(description: &str, parameters: &[Parameter]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = placeholders(description)
        .map(|placeholder| ("description".to_owned(), placeholder.name.to_owned()))
        .collect();
    for (i, parameter) in parameters.iter().enumerate() {
        if parameter.kind == ParameterKind::Static {
            let field = format!("parameters[{i}].value");
            mentioned(&parameter.value, &mut |name| {
                found.push((field.clone(), name.to_owned()))
            });
        }
    }
    found
}

fn mentioned(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => placeholders(text).for_each(|placeholder| found(placeholder.name)),
        Value::Array(items) => items.iter().for_each(|item| mentioned(item, found)),
        Value::Object(members) => members.values().for_each(|member| mentioned(member, found)),
        _ => {}
    }
}

/// A name for the model, made of what people call the tool: "Book a visit" is `book_a_visit`.
pub fn model_name_of(name: &str) -> String {
    let mut made = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            made.push(c.to_ascii_lowercase());
        } else if !made.is_empty() && !made.ends_with('_') {
            made.push('_');
        }
    }
    made.truncate(64);
    made.trim_end_matches('_').to_owned()
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
