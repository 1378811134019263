//! `/contacts`: what is done with many contacts at once.

use axum::http::StatusCode;
use serde_json::{Value, json};
use switchboard::{
    check::Check,
    contacts::{DeleteContacts, MoveContacts, TagContacts, bulk},
    resource::{Action, Kind},
    sample::Fixtures,
};

use super::{
    context::RequestContext,
    endpoint::{Endpoint, post},
    extract::Json,
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        post("/contacts/move", "moveContacts", "Move contacts into a folder")
            .needs(Action::Update, Kind::Contact)
            .body::<MoveContacts>(|fixtures| json!({"ids": ids(fixtures), "folder_id": null}))
            .beyond(422, "folder_id", "there is no such folder")
            .answers_nothing("Moved, all of them")
            .by(move_to),
        post("/contacts/tag", "tagContacts", "Tag contacts, or take tags away")
            .needs(Action::Update, Kind::Contact)
            .body::<TagContacts>(tags)
            .limits(|fixtures| {
                let draft: TagContacts = serde_json::from_value(tags(fixtures)).expect("the sample is a draft");
                Check::limits(&draft)
            })
            .answers_nothing("Tagged, all of them")
            .by(tag),
        post("/contacts/delete", "deleteContacts", "Delete contacts")
            .needs(Action::Delete, Kind::Contact)
            .body::<DeleteContacts>(|fixtures| json!({"ids": ids(fixtures)}))
            .answers_nothing("Deleted, all of them")
            .by(delete),
    ]
}

fn tags(fixtures: &Fixtures) -> Value {
    json!({"ids": ids(fixtures), "add": ["vip"], "remove": ["recall"]})
}

fn ids(fixtures: &Fixtures) -> Vec<Value> {
    vec![json!(fixtures.id(Kind::Contact.about().path))]
}

async fn move_to(context: RequestContext, Json(what): Json<MoveContacts>) -> Result<StatusCode, Failure> {
    bulk::move_to(&context.core, &context.caller, what).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn tag(context: RequestContext, Json(what): Json<TagContacts>) -> Result<StatusCode, Failure> {
    bulk::tag(&context.core, &context.caller, what).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(context: RequestContext, Json(what): Json<DeleteContacts>) -> Result<StatusCode, Failure> {
    bulk::delete(&context.core, &context.caller, what).await?;
    Ok(StatusCode::NO_CONTENT)
}
