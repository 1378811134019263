//! `/organization`: the organization of the credential itself.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use switchboard::{
    check::Check,
    org::{OrgColor, OrgDraft, Organization, store},
    resource::{
        Action::{Read, Update},
        Kind,
    },
    sample::Fixtures,
};

use super::{
    context::RequestContext,
    endpoint::{Endpoint, get, patch, put},
    etag::{self, expected_revision, tag_of, unless_known},
    extract::{Json, from_value},
    merge::{as_object, draft_in, merge_into},
    problem::Failure,
};

const PATH: &str = Kind::Organization.about().path;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(PATH, "getOrganization", "Read the organization of this key or token")
            .needs(Read, Kind::Organization)
            .header(etag::IF_NONE_MATCH.0, etag::IF_NONE_MATCH.1)
            .answers::<Organization>(200, "As it is now")
            .answers_nothing_as(304, "Not changed since")
            .by(read),
        put(
            PATH,
            "replaceOrganization",
            "Replace what people decide about the organization",
        )
        .needs(Update, Kind::Organization)
        .header(etag::IF_MATCH.0, etag::IF_MATCH.1)
        .body::<OrgDraft>(|fixtures| json!(sample(fixtures)))
        .limits(|fixtures| Check::limits(&sample(fixtures)))
        .answers::<Organization>(200, "Saved")
        .by(update),
        patch(
            PATH,
            "updateOrganization",
            "Change the organization's name, colour or time zone",
        )
        .needs(Update, Kind::Organization)
        .header(etag::IF_MATCH.0, etag::IF_MATCH.1)
        .merges::<OrgDraft>(|_| json!({"color": "fern", "time_zone": "Europe/Berlin"}))
        .limits(|fixtures| Check::limits(&sample(fixtures)))
        .answers::<Organization>(200, "Saved")
        .by(merge),
    ]
}

fn sample(fixtures: &Fixtures) -> OrgDraft {
    OrgDraft {
        name: fixtures.name(),
        color: OrgColor::Cobalt,
        time_zone: "Europe/Berlin".to_owned(),
    }
}

fn with_etag(organization: Organization) -> Response {
    let tag = tag_of(&organization.id, organization.revision);
    (StatusCode::OK, [(header::ETAG, tag)], axum::Json(organization)).into_response()
}

async fn read(context: RequestContext, headers: HeaderMap) -> Result<Response, Failure> {
    let organization = store::organization(&context.core, &context.caller).await?;
    Ok(unless_known(&headers, with_etag(organization)))
}

async fn update(
    context: RequestContext,
    headers: HeaderMap,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Failure> {
    let there = store::organization_to_change(&context.core, &context.caller).await?;
    let draft = draft_of(&there, body)?;
    save(&context, &there, &headers, draft).await
}

async fn merge(
    context: RequestContext,
    headers: HeaderMap,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Failure> {
    let there = store::organization_to_change(&context.core, &context.caller).await?;
    let parts = draft_of(&there, body)?;
    let mut whole = as_object(&there.draft());
    merge_into(&mut whole, parts);
    save(&context, &there, &headers, whole).await
}

fn draft_of(there: &Organization, body: Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    draft_in(Kind::Organization, &as_object(there), &as_object(&there.draft()), body)
}

async fn save(
    context: &RequestContext,
    there: &Organization,
    headers: &HeaderMap,
    draft: Map<String, Value>,
) -> Result<Response, Failure> {
    let draft: OrgDraft = from_value(Value::Object(draft))?;
    let expected = expected_revision(headers, &there.id)?;
    let revision = expected.unwrap_or(there.revision);
    let saved = store::update(&context.core, &context.caller, draft, revision).await;
    Ok(with_etag(saved.map_err(|error| etag::refused(error, expected))?))
}
