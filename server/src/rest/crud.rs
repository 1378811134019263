//! The routes of a resource, written once for all of them.

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
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
    created,
    endpoint::{Endpoint, delete, get, patch, post, put},
    etag::{self, expected_revision, refused, tag_of, unless_known},
    extract::{Json, Params, from_value},
    merge::{as_object, draft_in, merge_into},
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
    let outside: &[u16] = if R::Writes::ASKS_PROVIDER { PROVIDER } else { &[] };
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
            .header(etag::IF_NONE_MATCH.0, etag::IF_NONE_MATCH.1)
            .answers::<R>(200, "As it is now")
            .answers_nothing_as(304, "Not changed since")
            .by(read::<R>),
        put(&each, &named("replace"), &format!("Replace what {a} {one} is made of"))
            .needs(Update, R::KIND)
            .refuses(outside)
            .header(etag::IF_MATCH.0, etag::IF_MATCH.1)
            .body::<R::Draft>(sample::<R>)
            .limits(limits::<R>)
            .answers::<R>(200, "Saved")
            .by(update::<R>),
        patch(&each, &named("update"), &format!("Change parts of {a} {one}"))
            .needs(Update, R::KIND)
            .refuses(outside)
            .header(etag::IF_MATCH.0, etag::IF_MATCH.1)
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

/// As [`id`], for what is numbered within something.
pub fn number(text: &str) -> Result<i32, Failure> {
    text.parse().map_err(|_| Error::NotFound.into())
}

pub fn with_etag<R: Rows>(status: StatusCode, row: R) -> Response {
    let tag = tag_of(&row.id(), row.revision());
    (status, [(header::ETAG, tag)], axum::Json(row)).into_response()
}

async fn list<R: Rows>(context: RequestContext, query: ListQuery<R::Filter>) -> Result<Response, Failure> {
    let listing = crud::list::<R>(&context.core, &context.caller, &query.filter, &query.page).await?;
    Ok(axum::Json(listing).into_response())
}

async fn create<R: Rows>(context: RequestContext, Json(draft): Json<R::Draft>) -> Result<Response, Failure> {
    let row = crud::create::<R>(&context.core, &context.caller, draft).await?;
    let location = created::address(R::KIND.about().path, row.id());
    Ok(([(header::LOCATION, location)], with_etag(StatusCode::CREATED, row)).into_response())
}

async fn read<R: Rows>(
    context: RequestContext,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let row = crud::get::<R>(&context.core, &context.caller, id(&text)?).await?;
    Ok(unless_known(&headers, with_etag(StatusCode::OK, row)))
}

async fn update<R: Rows>(
    context: RequestContext,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Failure> {
    let row = crud::get_to_change::<R>(&context.core, &context.caller, id(&text)?).await?;
    let draft = draft_of(&row, body)?;
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
    let draft = draft_of(&row, patch)?;
    let mut whole = as_object(&row.draft());
    merge_into(&mut whole, draft);
    save(&context, &row, &headers, whole).await
}

fn draft_of<R: Rows>(row: &R, body: Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    draft_in(R::KIND, &as_object(row), &as_object(&row.draft()), body)
}

async fn save<R: Rows>(
    context: &RequestContext,
    row: &R,
    headers: &HeaderMap,
    draft: Map<String, Value>,
) -> Result<Response, Failure> {
    let draft: R::Draft = from_value(Value::Object(draft))?;
    let expected = expected_revision(headers, &row.id())?;
    let revision = expected.unwrap_or(row.revision());
    let saved = crud::update::<R>(&context.core, &context.caller, row.id(), draft, revision).await;
    let saved = saved.map_err(|error| refused(error, expected))?;
    Ok(with_etag(StatusCode::OK, saved))
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
