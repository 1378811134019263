//! `/audit`

use axum::Json as Answer;
use switchboard::{
    audit::{self, Entry, EntryFilter},
    listing::Listing,
    resource::{Action, Kind},
};

use super::{
    context::CallContext,
    crud::{Wanted, sheet},
    endpoint::{Endpoint, get},
    extract::Params,
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/audit", "List who did what")
            .needs(Action::Read, Kind::Audit)
            .params::<EntryFilter>()
            .lists::<Entry>()
            .by(list),
        sheet::<Entry>("/audit/export", "Export the log as CSV"),
    ]
}

async fn list(
    context: CallContext,
    Params(wanted): Params<Wanted<EntryFilter>>,
) -> Result<Answer<Listing<Entry>>, Failure> {
    Ok(Answer(
        audit::list(&context.core, &context.caller, &wanted.filter, &wanted.page()).await?,
    ))
}
