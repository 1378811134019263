//! Asking for analyses: once by itself when a call is over, and again by whoever wants that.

use super::{AnalysesStarted, AnalysisOfCall, AnalyzeCall, AnalyzeCalls, store};
use crate::{
    auth::Caller,
    calls::{self, Call, Status, tags},
    core::Core,
    crud,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    jobs,
    resource::{Action, Kind},
};

pub async fn get(core: &Core, caller: &Caller, id: Id<Call>) -> Result<AnalysisOfCall> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    calls::store::find(&mut tx, id).await?;
    let analysis = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(AnalysisOfCall { analysis })
}

/// In the transaction in which a call is over and its transcript whole. Without a language model there is nobody to ask.
pub(crate) async fn request(core: &Core, tx: &mut OrgTx, id: Id<Call>) -> Result<()> {
    if core.language_model.is_some() && store::ask_first(tx, id).await? {
        jobs::enqueue(tx, &AnalyzeCall { call: id }).await?;
        tx.changed(Kind::Call);
    }
    Ok(())
}

/// Analyzes calls again, with what their agents ask for now; none where one of them is not there.
pub async fn again(core: &Core, caller: &Caller, what: AnalyzeCalls) -> Result<AnalysesStarted> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
    let ids = tags::lock_all(&mut tx, &what.ids).await?;
    if core.language_model.is_none() {
        let told = "This installation has no language model that could analyze calls. An operator has to set LLM_URL, LLM_KEY and LLM_MODEL.";
        return Err(Error::Conflict(told.to_owned()));
    }
    let over: Vec<&str> = Status::ALL
        .iter()
        .filter(|status| status.is_over())
        .map(|status| status.word())
        .collect();
    let started = store::ask_again(&mut tx, &ids, &over).await?;
    for call in &started {
        jobs::enqueue(&mut tx, &AnalyzeCall { call: *call }).await?;
    }
    let uuids: Vec<_> = started.iter().map(|call| call.uuid()).collect();
    tags::record(&mut tx, Action::Update, &uuids, Some("analysis")).await?;
    tx.changed(Kind::Call);
    crud::commit(core, tx).await?;
    Ok(AnalysesStarted {
        started: started.len() as i64,
        skipped: (ids.len() - started.len()) as i64,
    })
}
