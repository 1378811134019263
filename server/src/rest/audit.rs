//! `/audit`

use axum::Json as Answer;
use switchboard::{
    audit::{self, Entry, EntryFilter},
    listing::Listing,
    resource::{Action, Kind},
};

use super::{
    context::RequestContext,
    crud::{ListQuery, csv_export},
    endpoint::{Endpoint, get},
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/audit", "listAuditEntries", "List who did what")
            .needs(Action::Read, Kind::Audit)
            .params::<EntryFilter>()
            .lists::<Entry>()
            .by(list),
        csv_export::<Entry>(),
    ]
}

async fn list(context: RequestContext, query: ListQuery<EntryFilter>) -> Result<Answer<Listing<Entry>>, Failure> {
    Ok(Answer(
        audit::list(&context.core, &context.caller, &query.filter, &query.page).await?,
    ))
}
