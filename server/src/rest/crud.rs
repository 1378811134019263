//! The routes of a resource, written once for all of them.

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use switchboard::{
    Error, Id,
    check::{Check, Limit},
    crud::{self, Rows, WriteFlow},
    export::{CsvList, Reader},
    listing::Page,
    provider_sync::{self, ProviderBacked},
    registry::{self, Registered, ResourceVisitor},
    resource::Action::{Create, Delete, Read, Update},
    sample::Fixtures,
};
use utoipa::IntoParams;

use super::{
    context::RequestContext,
    endpoint::{Endpoint, delete, get, patch, post, put},
    extract::{Json, Params, from_value},
    problem::Failure,
    refusals::PROVIDER,
};
use crate::download;

/// Filter and page share one query string: each takes from it the parameters it knows.
pub struct ListQuery<F> {
    pub filter: F,
    pub page: Page,
}

impl<S: Send + Sync, F: DeserializeOwned> FromRequestParts<S> for ListQuery<F> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Params(page) = Params::from_request_parts(parts, state).await?;
        let Params(filter) = Params::from_request_parts(parts, state).await?;
        Ok(Self { filter, page })
    }
}

/// The routes of every resource.
pub fn all() -> Vec<Endpoint> {
    let mut routes = Routes(Vec::new());
    registry::visit_all(&mut routes);
    routes.0
}

struct Routes(Vec<Endpoint>);

impl ResourceVisitor for Routes {
    fn visit<R: Registered>(&mut self) {
        self.0.extend(routes::<R>());
    }
}

fn routes<R: Registered>() -> Vec<Endpoint> {
    let about = R::KIND.about();
    let (many, a, one) = (about.plural.to_lowercase(), about.article, about.singular);
    let (path, each) = (about.path, format!("{}/{{id}}", about.path));
    let named = |verb: &str| format!("{verb}{}", capitals(one));
    let outside: &[u16] = if R::Flow::ASKS_PROVIDER { PROVIDER } else { &[] };
    vec![
        get(
            path,
            &format!("list{}", capitals(about.plural)),
            &format!("List {many}"),
        )
        .needs(Read, R::KIND)
        .params::<R::Filter>()
        .lists::<R::Row>()
        .by(list::<R>),
        post(path, &named("create"), &format!("Create {a} {one}"))
            .needs(Create, R::KIND)
            .refuses(outside)
            .body::<R::Draft>(sample::<R>)
            .limits(limits::<R>)
            .answers::<R>(201, "Created")
            .by(create::<R>),
        get(&each, &named("get"), &format!("Read {a} {one}"))
            .needs(Read, R::KIND)
            .header(
                "If-None-Match",
                "An ETag that is known already; while it is right the answer is 304 without a body.",
            )
            .answers::<R>(200, "As it is now")
            .answers_nothing_as(304, "Not changed since")
            .by(read::<R>),
        put(&each, &named("replace"), &format!("Replace what {a} {one} is made of"))
            .needs(Update, R::KIND)
            .refuses(outside)
            .header(
                "If-Match",
                "The ETag the change started from; a newer save is then never overwritten.",
            )
            .body::<R::Draft>(sample::<R>)
            .limits(limits::<R>)
            .answers::<R>(200, "Saved")
            .by(update::<R>),
        patch(&each, &named("update"), &format!("Change parts of {a} {one}"))
            .needs(Update, R::KIND)
            .refuses(outside)
            .header(
                "If-Match",
                "The ETag the change started from; a newer save is then never overwritten.",
            )
            .merges::<R::Draft>(sample::<R>)
            .limits(limits::<R>)
            .answers::<R>(200, "Saved")
            .by(merge::<R>),
        delete(&each, &named("delete"), &format!("Delete {a} {one}"))
            .needs(Delete, R::KIND)
            .refuses(outside)
            .answers_nothing("Deleted")
            .by(remove::<R>),
        csv_export::<R>(),
    ]
}

/// What a resource with a copy at a provider has besides.
pub fn sync_route<R: Registered + ProviderBacked>() -> Endpoint {
    let about = R::KIND.about();
    let what = format!(
        "Publish {} {} again, over whatever the provider has",
        about.article, about.singular
    );
    post(
        &format!("{}/{{id}}/sync", about.path),
        &format!("sync{}", capitals(about.singular)),
        &what,
    )
    .needs(Update, R::KIND)
    .refuses(PROVIDER)
    .answers::<R>(200, "In agreement")
    .by(sync::<R>)
}

/// What is asked of each field, of an example that has as much of everything as the demo organization's first.
fn limits<R: Registered>(fixtures: &Fixtures) -> Vec<(String, Limit)> {
    let name = R::DEMO.first().copied().unwrap_or("Example");
    Check::limits(&R::sample(name, fixtures))
}

/// `ContactFolder`: a name as it stands in the name of an operation.
fn capitals(words: &str) -> String {
    words.split(' ').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn sample<R: Registered>(fixtures: &Fixtures) -> Value {
    serde_json::to_value(R::sample(&fixtures.name(), fixtures)).expect("a draft is plain data")
}

/// The whole list as it is narrowed to, as a file.
pub fn csv_export<L>() -> Endpoint
where
    L: CsvList,
    L::Filter: DeserializeOwned + IntoParams,
{
    let about = L::KIND.about();
    get(
        &format!("{}/export", about.path),
        &format!("export{}", capitals(about.plural)),
        &format!("Export {} as CSV", about.plural.to_lowercase()),
    )
    .needs(Read, L::KIND)
    .params::<L::Filter>()
    .answers_file("text/csv", "All of them, newest first")
    .by(export::<L>)
}

async fn export<L: CsvList>(context: RequestContext, Params(filter): Params<L::Filter>) -> Result<Response, Failure>
where
    L::Filter: DeserializeOwned,
{
    Ok(download::csv::<L>(context.core, context.caller, filter, Reader::Program).await?)
}

/// An id that is not even one names nothing, like one that names nothing here.
pub fn id<T>(text: &str) -> Result<Id<T>, Failure> {
    text.parse().map_err(|_| Error::NotFound.into())
}

fn with_etag<R: Rows>(status: StatusCode, row: R) -> Response {
    let tag = tag_of(&row, row.revision());
    (status, [(header::ETAG, tag)], axum::Json(row)).into_response()
}

async fn list<R: Rows>(context: RequestContext, query: ListQuery<R::Filter>) -> Result<Response, Failure> {
    let listing = crud::list::<R>(&context.core, &context.caller, &query.filter, &query.page).await?;
    Ok(axum::Json(listing).into_response())
}

async fn create<R: Rows>(context: RequestContext, Json(draft): Json<R::Draft>) -> Result<Response, Failure> {
    let row = crud::create::<R>(&context.core, &context.caller, draft).await?;
    let location = format!("/api/v1{}/{}", R::KIND.about().path, row.id());
    Ok(([(header::LOCATION, location)], with_etag(StatusCode::CREATED, row)).into_response())
}

async fn read<R: Rows>(
    context: RequestContext,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let row = crud::get::<R>(&context.core, &context.caller, id(&text)?).await?;
    let response = with_etag(StatusCode::OK, row);
    let tag = &response.headers()[header::ETAG];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let known = known.is_some_and(|tags| tags.split(',').any(|known| is_tag(known, tag)));
    Ok(if known {
        (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.clone())]).into_response()
    } else {
        response
    })
}

/// Names the thing as well: revisions of different things are the same numbers.
fn tag_of<R: Rows>(row: &R, revision: i64) -> String {
    format!("\"{}.{revision}\"", row.id())
}

/// Whether it is this tag, or any. A tag may be weak: what it is asked for is whether anything changed.
fn is_tag(known: &str, tag: &HeaderValue) -> bool {
    let known = known.trim();
    known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes()
}

async fn update<R: Rows>(
    context: RequestContext,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Failure> {
    let row = crud::get_to_change::<R>(&context.core, &context.caller, id(&text)?).await?;
    let draft = draft_in(&row, body)?;
    save(&context, &row, &headers, draft).await
}

/// RFC 7396: what the patch leaves out stays as it is.
async fn merge<R: Rows>(
    context: RequestContext,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(patch): Json<Map<String, Value>>,
) -> Result<Response, Failure> {
    let row = crud::get_to_change::<R>(&context.core, &context.caller, id(&text)?).await?;
    let draft = draft_in(&row, patch)?;
    let mut whole = as_object(&row.draft());
    merge_into(&mut whole, draft);
    save(&context, &row, &headers, whole).await
}

async fn save<R: Rows>(
    context: &RequestContext,
    row: &R,
    headers: &HeaderMap,
    draft: Map<String, Value>,
) -> Result<Response, Failure> {
    let draft: R::Draft = from_value(Value::Object(draft))?;
    let expected = headers.get(header::IF_MATCH).filter(|tag| *tag != "*");
    let revision = match expected {
        Some(tag) => {
            let text = tag.to_str().unwrap_or_default().trim().trim_matches('"');
            let revision = text.rsplit('.').next().and_then(|revision| revision.parse().ok());
            let revision = revision.filter(|revision| *tag == tag_of(row, *revision));
            revision.ok_or_else(|| Failure::from(Error::invalid("If-Match", "Use the ETag as it was given.")))?
        }
        None => row.revision(),
    };
    let saved = crud::update::<R>(&context.core, &context.caller, row.id(), draft, revision).await;
    let saved = saved.map_err(|error| match (Failure::from(error), expected) {
        (failure, Some(_)) => failure.precondition(),
        (failure, None) => failure,
    })?;
    Ok(with_etag(StatusCode::OK, saved))
}

/// What of a body is the draft: what was read can be sent back as it was, and the rest of it changes nothing.
fn draft_in<R: Rows>(row: &R, body: Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    let (whole, draft) = (as_object(row), as_object(&row.draft()));
    let mut kept = Map::new();
    for (name, value) in body {
        match whole.get(&name).filter(|_| !draft.contains_key(&name)) {
            None => drop(kept.insert(name, value)),
            Some(fixed) if is_same(fixed, &value) => {}
            Some(_) if name == "revision" => {
                let title = format!(
                    "This {} has changed since it was read. Read it again.",
                    R::KIND.about().singular
                );
                return Err(Error::Conflict(title).into());
            }
            Some(_) => {
                return Err(
                    Error::invalid(name, "This cannot be changed. Leave it out, or send it as it was read.").into(),
                );
            }
        }
    }
    Ok(kept)
}

/// Whether both say the same, though a client may write it in its own way: a moment in another zone, nothing where there was null.
fn is_same(one: &Value, other: &Value) -> bool {
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            one == other || moment(one).is_some_and(|at| moment(other) == Some(at))
        }
        (Value::Number(one), Value::Number(other)) => {
            one == other || ((one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64())
        }
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys());
            let of = |object: &Map<String, Value>, name: &str| object.get(name).cloned().unwrap_or_default();
            names.into_iter().all(|name| is_same(&of(one, name), &of(other, name)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        _ => one == other,
    }
}

fn as_object(of: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

fn merge_into(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (value, target.get_mut(&name)) {
            (Value::Null, _) => drop(target.remove(&name)),
            (Value::Object(patch), Some(Value::Object(inner))) => merge_into(inner, patch),
            (Value::Object(patch), _) => {
                let mut inner = Map::new();
                merge_into(&mut inner, patch);
                target.insert(name, Value::Object(inner));
            }
            (value, _) => drop(target.insert(name, value)),
        }
    }
}

async fn remove<R: Rows>(context: RequestContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    crud::delete::<R>(&context.core, &context.caller, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sync<R: ProviderBacked>(context: RequestContext, Path(text): Path<String>) -> Result<Response, Failure> {
    Ok(with_etag(
        StatusCode::OK,
        provider_sync::sync::<R>(&context.core, &context.caller, id(&text)?).await?,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_read_is_the_same_however_a_client_writes_it() {
        let read = json!({"at": "2026-11-30T02:01:48.034497Z", "sync": {"note": null, "seen": ["a"]}, "n": 1});
        for same in [
            read.clone(),
            json!({"at": "2026-11-30T02:01:48.034497+00:00", "sync": {"seen": ["a"]}, "n": 1}),
            json!({"at": "2026-11-30T03:01:48.034497+01:00", "sync": {"note": null, "seen": ["a"]}, "n": 1, "more": null}),
        ] {
            assert!(is_same(&read, &same), "{same}");
        }
        for other in [
            json!({"at": "2026-11-30T02:01:48.034498Z", "sync": {"seen": ["a"]}, "n": 1}),
            json!({"at": "2026-11-30T02:01:48.034497Z", "sync": {"seen": ["a", "b"]}, "n": 1}),
            json!({"at": "2026-11-30T02:01:48.034497Z", "sync": {"seen": ["a"]}, "n": "1"}),
        ] {
            assert!(!is_same(&read, &other), "{other}");
        }
    }

    /// The examples of RFC 7396, appendix A, that are about objects.
    #[test]
    fn a_patch_is_merged_as_the_rfc_says() {
        for (original, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut target = as_object(&original);
            merge_into(&mut target, as_object(&patch));
            assert_eq!(Value::Object(target), result, "{original} with {patch}");
        }
    }
}
