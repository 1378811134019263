//! `/reconciliation`

use axum::{Json as Answer, extract::Path, http::StatusCode};
use switchboard::{
    listing::Listing,
    reconciliation::{self, Difference, DifferenceFilter, Mended, ReconciliationStarted},
    resource::{
        Action::{Read, Update},
        Kind,
    },
};

use super::{
    context::RequestContext,
    crud::{ListQuery, id},
    endpoint::{Endpoint, get, post},
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/reconciliation",
            "listDifferences",
            "List what differs at the provider",
        )
        .needs(Read, Kind::Reconciliation)
        .params::<DifferenceFilter>()
        .lists::<Difference>()
        .by(list),
        get("/reconciliation/mended", "listMended", "List what has mended itself")
            .needs(Read, Kind::Reconciliation)
            .params::<DifferenceFilter>()
            .lists::<Mended>()
            .by(mended),
        post(
            "/reconciliation",
            "reconcileAll",
            "Have everything that differs reconciled now",
        )
        .needs(Update, Kind::Reconciliation)
        .answers::<ReconciliationStarted>(202, "So many are looked at next")
        .by(all),
        post(
            "/reconciliation/{id}",
            "reconcile",
            "Have one difference reconciled now",
        )
        .needs(Update, Kind::Reconciliation)
        .answers_nothing_as(
            202,
            "It is looked at next; `id` is that of the agent, the tool or the call",
        )
        .by(one),
    ]
}

async fn list(
    context: RequestContext,
    query: ListQuery<DifferenceFilter>,
) -> Result<Answer<Listing<Difference>>, Failure> {
    Ok(Answer(
        reconciliation::list(&context.core, &context.caller, &query.filter, &query.page).await?,
    ))
}

async fn mended(
    context: RequestContext,
    query: ListQuery<DifferenceFilter>,
) -> Result<Answer<Listing<Mended>>, Failure> {
    Ok(Answer(
        reconciliation::list_mended(&context.core, &context.caller, &query.filter, &query.page).await?,
    ))
}

async fn all(context: RequestContext) -> Result<(StatusCode, Answer<ReconciliationStarted>), Failure> {
    Ok((
        StatusCode::ACCEPTED,
        Answer(reconciliation::all(&context.core, &context.caller).await?),
    ))
}

async fn one(context: RequestContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    reconciliation::one(&context.core, &context.caller, id::<Difference>(&text)?.uuid()).await?;
    Ok(StatusCode::ACCEPTED)
}
