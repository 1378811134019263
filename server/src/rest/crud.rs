//! The routes of a resource, written once for all of them.

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use switchboard::{
    Error, Id,
    crud::{self, Rows},
    export::CsvList,
    listing::Page,
    provider_sync::{self, ProviderBacked},
    registry::{self, Registered, ResourceVisitor},
    resource::Action::{Create, Delete, Read, Update},
    sample::Fixtures,
};
use utoipa::IntoParams;

use super::{
    context::RequestContext,
    endpoint::{Endpoint, delete, get, post, put},
    extract::{Json, Params},
    problem::Failure,
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
    vec![
        get(path, &format!("List {many}"))
            .needs(Read, R::KIND)
            .params::<R::Filter>()
            .lists::<R::Row>()
            .by(list::<R>),
        post(path, &format!("Create {a} {one}"))
            .needs(Create, R::KIND)
            .body::<R::Draft>(sample::<R>)
            .answers::<R>(201, "Created")
            .by(create::<R>),
        get(&each, &format!("Read {a} {one}"))
            .needs(Read, R::KIND)
            .answers::<R>(200, "With its revision as ETag")
            .by(read::<R>),
        put(&each, &format!("Replace what {a} {one} is made of"))
            .needs(Update, R::KIND)
            .header(
                "If-Match",
                "The ETag the change started from; a newer save is then never overwritten.",
            )
            .body::<R::Draft>(sample::<R>)
            .answers::<R>(200, "Saved")
            .by(update::<R>),
        delete(&each, &format!("Delete {a} {one}"))
            .needs(Delete, R::KIND)
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
    post(&format!("{}/{{id}}/sync", about.path), &what)
        .needs(Update, R::KIND)
        .answers::<R>(200, "In agreement")
        .by(sync::<R>)
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
    Ok(download::csv::<L>(context.core, context.caller, filter).await?)
}

/// An id that is not even one names nothing, like one that names nothing here.
pub fn id<T>(text: &str) -> Result<Id<T>, Failure> {
    text.parse().map_err(|_| Error::NotFound.into())
}

fn with_etag<R: Rows>(status: StatusCode, row: R) -> Response {
    let tag = format!("\"{}\"", row.revision());
    (status, [(header::ETAG, tag)], axum::Json(row)).into_response()
}

async fn list<R: Rows>(context: RequestContext, query: ListQuery<R::Filter>) -> Result<Response, Failure> {
    let listing = crud::list::<R>(&context.core, &context.caller, &query.filter, &query.page).await?;
    Ok(axum::Json(listing).into_response())
}

async fn create<R: Rows>(context: RequestContext, Json(draft): Json<R::Draft>) -> Result<Response, Failure> {
    Ok(with_etag(
        StatusCode::CREATED,
        crud::create::<R>(&context.core, &context.caller, draft).await?,
    ))
}

async fn read<R: Rows>(context: RequestContext, Path(text): Path<String>) -> Result<Response, Failure> {
    Ok(with_etag(
        StatusCode::OK,
        crud::get::<R>(&context.core, &context.caller, id(&text)?).await?,
    ))
}

async fn update<R: Rows>(
    context: RequestContext,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(draft): Json<R::Draft>,
) -> Result<Response, Failure> {
    let id = id::<R>(&text)?;
    let revision = match headers.get(header::IF_MATCH) {
        Some(tag) => tag
            .to_str()
            .ok()
            .and_then(|tag| tag.trim_matches('"').parse().ok())
            .ok_or_else(|| Failure::from(Error::invalid("If-Match", "Use the ETag as it was given.")))?,
        None => crud::get::<R>(&context.core, &context.caller, id).await?.revision(),
    };
    Ok(with_etag(
        StatusCode::OK,
        crud::update::<R>(&context.core, &context.caller, id, draft, revision).await?,
    ))
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
