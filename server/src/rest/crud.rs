//! The routes of a resource, written once for all of them.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use switchboard::{
    Error, Id, crud,
    export::Sheet,
    listing::Page,
    mirror::{self, Mirrored},
    resource::Action::{Create, Delete, Read, Update},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    context::CallContext,
    endpoint::{Endpoint, delete, get, post, put},
    extract::{Json, Params},
    problem::Failure,
};
use crate::download;

/// The paths of one resource; literals, because a router keeps them for good.
pub struct Paths {
    pub many: &'static str,
    pub one: &'static str,
    pub sync: &'static str,
}

/// Filter and page share one query string.
#[derive(Deserialize)]
#[serde(bound = "F: serde::de::DeserializeOwned")]
pub struct Wanted<F> {
    #[serde(flatten)]
    pub filter: F,
    #[serde(default, deserialize_with = "number")]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Flattened query parameters arrive as text.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom))
        .transpose()
}

impl<F> Wanted<F> {
    pub fn page(&self) -> Page {
        Page {
            limit: self.limit,
            cursor: self.cursor.clone(),
        }
    }
}

pub fn routes<R>(paths: &Paths) -> Vec<Endpoint>
where
    R: Mirrored + ToSchema,
    R::Draft: ToSchema,
    R::Row: ToSchema,
    R::Filter: IntoParams,
{
    let (one, many, kind) = (R::KIND.singular(), R::KIND.plural().to_lowercase(), R::KIND);
    vec![
        get(paths.many, &format!("List {many}"))
            .needs(Read, kind)
            .params::<R::Filter>()
            .lists::<R::Row>()
            .by(list::<R>),
        post(paths.many, &format!("Create an {one}"))
            .needs(Create, kind)
            .body::<R::Draft>()
            .answers::<R>(201, "Created, here and at the provider")
            .by(create::<R>),
        get(paths.one, &format!("Read an {one}"))
            .needs(Read, kind)
            .answers::<R>(200, "With its revision as ETag")
            .by(read::<R>),
        put(paths.one, &format!("Replace what an {one} is made of"))
            .needs(Update, kind)
            .header(
                "If-Match",
                "The ETag the change started from; a newer save is then never overwritten.",
            )
            .body::<R::Draft>()
            .answers::<R>(200, "Saved, here and at the provider")
            .by(update::<R>),
        delete(paths.one, &format!("Delete an {one}"))
            .needs(Delete, kind)
            .answers_nothing("Deleted, here and at the provider")
            .by(remove::<R>),
        post(
            paths.sync,
            &format!("Publish an {one} again, over whatever the provider has"),
        )
        .needs(Update, kind)
        .answers::<R>(200, "In agreement")
        .by(sync::<R>),
    ]
}

/// The whole list as it is narrowed to, as a file.
pub fn sheet<S>(path: &'static str, what: &str) -> Endpoint
where
    S: Sheet,
    S::Filter: DeserializeOwned + IntoParams,
{
    get(path, what)
        .needs(Read, S::KIND)
        .params::<S::Filter>()
        .answers_file("text/csv", "All of them, newest first")
        .by(export::<S>)
}

async fn export<S: Sheet>(context: CallContext, Params(filter): Params<S::Filter>) -> Result<Response, Failure>
where
    S::Filter: DeserializeOwned,
{
    Ok(download::sheet::<S>(context.core, context.caller, filter).await?)
}

/// An id that is not even one names nothing, like one that names nothing here.
pub fn id<T>(text: &str) -> Result<Id<T>, Failure> {
    text.parse().map_err(|_| Error::NotFound.into())
}

fn tagged<R: Mirrored>(status: StatusCode, row: R) -> Response {
    let tag = format!("\"{}\"", row.revision());
    (status, [(header::ETAG, tag)], axum::Json(row)).into_response()
}

async fn list<R: Mirrored>(
    context: CallContext,
    Params(wanted): Params<Wanted<R::Filter>>,
) -> Result<Response, Failure> {
    let listing = crud::list::<R>(&context.core, &context.caller, &wanted.filter, &wanted.page()).await?;
    Ok(axum::Json(listing).into_response())
}

async fn create<R: Mirrored>(context: CallContext, Json(draft): Json<R::Draft>) -> Result<Response, Failure> {
    Ok(tagged(
        StatusCode::CREATED,
        mirror::create::<R>(&context.core, &context.caller, draft).await?,
    ))
}

async fn read<R: Mirrored>(context: CallContext, Path(text): Path<String>) -> Result<Response, Failure> {
    Ok(tagged(
        StatusCode::OK,
        crud::get::<R>(&context.core, &context.caller, id(&text)?).await?,
    ))
}

async fn update<R: Mirrored>(
    context: CallContext,
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
    Ok(tagged(
        StatusCode::OK,
        mirror::update::<R>(&context.core, &context.caller, id, draft, revision).await?,
    ))
}

async fn remove<R: Mirrored>(context: CallContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    mirror::delete::<R>(&context.core, &context.caller, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sync<R: Mirrored>(context: CallContext, Path(text): Path<String>) -> Result<Response, Failure> {
    Ok(tagged(
        StatusCode::OK,
        mirror::sync::<R>(&context.core, &context.caller, id(&text)?).await?,
    ))
}
