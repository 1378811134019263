//! `/members` and `/invitations`

use axum::{Json as Answer, extract::Path, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard::{
    Error, Id,
    check::Check,
    org::{Invitation, InvitationDraft, Member, Role, UserId, store},
    resource::{
        Action::{Create, Delete, Read, Update},
        Kind,
    },
};
use utoipa::ToSchema;

use super::{
    context::RequestContext,
    created::Created,
    crud::id,
    endpoint::{Endpoint, delete, get, post, put},
    extract::Json,
    problem::Failure,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: Role,
}

#[derive(Serialize, ToSchema)]
struct Invited {
    id: Id<Invitation>,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/members", "listMembers", "List the members")
            .needs(Read, Kind::Member)
            .answers_all::<Member>("Oldest first")
            .by(list),
        put("/members/{user_id}/role", "setMemberRole", "Change a member's role")
            .needs(Update, Kind::Member)
            .body::<NewRole>(|_| json!({"role": "operator"}))
            .answers_nothing("Changed")
            .by(set_role),
        delete("/members/{user_id}", "removeMember", "Remove a member")
            .needs(Delete, Kind::Member)
            .answers_nothing("Removed; their next request is refused")
            .by(remove),
        get("/invitations", "listInvitations", "List open invitations")
            .needs(Read, Kind::Member)
            .answers_all::<Invitation>("Newest first")
            .by(invitations),
        post("/invitations", "inviteMember", "Invite somebody by mail")
            .needs(Create, Kind::Member)
            .body::<InvitationDraft>(|fixtures| json!({"email": fixtures.email(), "role": "viewer"}))
            .limits(|fixtures| {
                Check::limits(&InvitationDraft {
                    email: fixtures.email(),
                    role: Role::Viewer,
                })
            })
            .answers::<Invited>(201, "The link goes only to the person invited")
            .by(invite),
        delete("/invitations/{id}", "revokeInvitation", "Take an invitation back")
            .needs(Delete, Kind::Member)
            .answers_nothing("Its link no longer works")
            .by(revoke),
    ]
}

fn person(text: &str) -> Result<UserId, Failure> {
    UserId::parse(text).map_err(|_| Error::NotFound.into())
}

async fn list(context: RequestContext) -> Result<Answer<Vec<Member>>, Failure> {
    Ok(Answer(store::members(&context.core, &context.caller).await?))
}

async fn set_role(
    context: RequestContext,
    Path(user): Path<String>,
    Json(new): Json<NewRole>,
) -> Result<StatusCode, Failure> {
    store::set_role(&context.core, &context.caller, &person(&user)?, new.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(context: RequestContext, Path(user): Path<String>) -> Result<StatusCode, Failure> {
    store::remove_member(&context.core, &context.caller, &person(&user)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn invitations(context: RequestContext) -> Result<Answer<Vec<Invitation>>, Failure> {
    Ok(Answer(store::invitations(&context.core, &context.caller).await?))
}

async fn invite(context: RequestContext, Json(draft): Json<InvitationDraft>) -> Result<Created<Invited>, Failure> {
    let id = store::invite(&context.core, &context.caller, draft).await?;
    Ok(Created::new("/invitations", id, Invited { id }))
}

async fn revoke(context: RequestContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    store::revoke_invitation(&context.core, &context.caller, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
