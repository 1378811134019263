//! Refusals: what an endpoint may answer beside what it is asked for, as the document of the REST API says it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchboard::check::Limit;
use utoipa::{
    ToSchema,
    openapi::{
        Content, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, path::Operation,
        schema::Type,
    },
};

use super::problem::Problem;

/// Every status of a problem, what it is called in the document, and what it means.
const ALL: [(u16, &str, &str); 15] = [
    (400, "Malformed", "The request cannot be read"),
    (
        401,
        "Unauthenticated",
        "No credential, or one that is not good any more",
    ),
    (403, "Forbidden", "The credential does not carry the permission"),
    (404, "NotFound", "There is nothing of this name in the organization"),
    (
        409,
        "Conflict",
        "It does not go with how things are: a name is taken, something is in use or under way",
    ),
    (412, "Changed", "It was saved since `If-Match` was read"),
    (413, "TooLarge", "The body is too large"),
    (
        415,
        "MediaType",
        "The body is of another media type than one that is named here",
    ),
    (416, "Range", "The range begins after the end"),
    (422, "Invalid", "Fields are wrong; `errors` says which, and why"),
    (429, "TooOften", "Asked too often"),
    (
        500,
        "Failed",
        "A fault of the program, which its log names by the answer's `x-request-id`",
    ),
    (
        502,
        "ProviderFailed",
        "The provider failed, or said what nobody understands",
    ),
    (
        503,
        "Unavailable",
        "The database or the provider is away or busy for a moment",
    ),
    (504, "ProviderSilent", "The provider did not answer in time"),
];

/// What every body may be refused for: no JSON, too large, another media type, nothing of that name, a field that is wrong.
pub const BODY: [u16; 5] = [400, 404, 413, 415, 422];

/// How a provider that is asked may fail.
pub const PROVIDER: &[u16] = &[502, 504];

/// The reference to where a problem with this status is described.
pub fn mention(status: u16) -> Ref {
    let named = ALL.iter().find(|(known, ..)| *known == status);
    let (_, name, _) = named.unwrap_or_else(|| panic!("nobody says what {status} means"));
    Ref::from_response_name(*name)
}

/// By status: which fields are refused though they fit the schema, each with the case.
pub type Reasons = BTreeMap<u16, Vec<(String, String)>>;

/// What no schema can say: of the fields of a body, and of what else a request has.
pub fn beyond(limits: &[(String, Limit)], others: Vec<(u16, String, String)>) -> Reasons {
    let mut reasons = Reasons::new();
    let of_body = limits.iter().filter_map(|(field, limit)| match limit {
        Limit::Beyond(says) => Some((422, field.clone(), (*says).to_owned())),
        // What cannot be held anywhere is looked for before anything is read.
        Limit::Free => Some((400, field.clone(), "a text in it holds U+0000".to_owned())),
        _ => None,
    });
    for (status, field, says) in of_body.chain(others) {
        let field = of_each(&field);
        let known = reasons.entry(status).or_default();
        if !known.iter().any(|(name, case)| (name, case) == (&field, &says)) {
            known.push((field, says));
        }
    }
    reasons
}

/// `silence[1].message` is `silence[].message`: what is asked of one thing in a list is asked of each.
fn of_each(field: &str) -> String {
    let mut parts = field.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| {
        path + "[" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// Writes beside each status why a request that fits the schema may be answered so: the fields, each in backticks, and when.
pub fn explain(operation: &mut Value, reasons: &Reasons) {
    for (status, fields) in reasons {
        let named = ALL.iter().find(|(known, ..)| known == status);
        let (.., says) = named.unwrap_or_else(|| panic!("nobody says what {status} means"));
        let cases = fields.iter().map(|(field, case)| format!("`{field}`: {case}"));
        let cases = cases.collect::<Vec<_>>().join("; ");
        operation["responses"][status.to_string()]["description"] =
            json!(format!("{says}. What fits the schema is refused for {cases}."));
    }
}

/// The descriptions, by their names.
pub fn all() -> impl Iterator<Item = (&'static str, Response)> {
    ALL.into_iter()
        .map(|(status, name, says)| (name, problem(status, says)))
}

fn problem(status: u16, says: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name(Problem::name())));
    let mut answer = ResponseBuilder::new()
        .description(says)
        .content("application/problem+json", content)
        .build();
    if matches!(status, 429 | 503) {
        let says = "Seconds until it may be asked again";
        answer.headers.insert("Retry-After".to_owned(), number(says).into());
    }
    counted(&mut answer);
    answer
}

/// Says of every answer how many more may be asked for; of refusals it is said where they are described.
pub fn count(operation: &mut Operation) {
    for answer in operation.responses.responses.values_mut() {
        if let RefOr::T(answer) = answer {
            counted(answer);
        }
    }
}

fn counted(answer: &mut Response) {
    for (name, says) in [
        ("RateLimit-Limit", "How many requests may come at once"),
        ("RateLimit-Remaining", "How many of them are left"),
        ("RateLimit-Reset", "Seconds until all of them are there again"),
    ] {
        answer.headers.insert(name.to_owned(), number(says).into());
    }
}

/// A header that says a number.
fn number(says: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::Integer);
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(says))
        .build()
}
