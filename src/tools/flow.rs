//! What people do with tools beyond creating and changing them.

use std::time::Duration;

use super::{SecretValue, TestRequest, TestResult, Tool, ToolAgent, ToolUse, bindings, request, send, store};
use crate::{
    audit,
    auth::Caller,
    check::Check,
    core::Core,
    crud::Rows,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    resource::{Action, Kind, Resource},
};

/// The agents that use a tool, by name.
pub async fn agents(core: &Core, caller: &Caller, id: Id<Tool>) -> Result<Vec<ToolAgent>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Tool).await?;
    Tool::find(&mut tx, id).await?;
    let agents = bindings::agents(&mut tx, id).await?;
    tx.commit().await?;
    Ok(agents)
}

/// The last uses of a tool on calls, newest first, by its present name: parts of calls, for whoever may see these.
pub async fn uses(core: &Core, caller: &Caller, id: Id<Tool>) -> Result<Vec<ToolUse>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let tool = Tool::find(&mut tx, id).await?;
    let uses = store::uses(&mut tx, &tool.draft.model_name).await?;
    tx.commit().await?;
    Ok(uses)
}

/// Sends the request of a tool once, as an agent would cause it. Whoever may change the tool may: it acts at somebody's
/// server, with the tool's secret.
pub async fn test(core: &Core, caller: &Caller, id: Id<Tool>, given: TestRequest) -> Result<TestResult> {
    if let Some(draft) = &given.draft {
        Check::run(draft).map_err(in_draft)?;
    }
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Tool).await?;
    let tool = Tool::find(&mut tx, id).await?;
    if let Some(draft) = &given.draft {
        // Above all: the stored secret goes nowhere but where it was meant for.
        Tool::check(&mut tx, id, draft).await.map_err(in_draft)?;
    }
    let draft = given.draft.clone().unwrap_or_else(|| tool.draft());
    let secret = secret(&mut tx, id, &draft.secret).await?;
    let prepared = request::prepare(&draft, &given, secret.as_ref())?;
    audit::record_verb(&mut tx, "test", Kind::Tool, &id.to_string(), tool.name()).await?;
    tx.commit().await?;
    let limit = Duration::from_secs(u64::try_from(draft.timeout_s).unwrap_or_default());
    send::send(prepared, limit, core.installation.public, secret.as_ref()).await
}

/// What the draft brings, or what is stored; nothing for a tool without.
async fn secret(tx: &mut OrgTx, id: Id<Tool>, secret: &super::ToolSecret) -> Result<Option<SecretValue>> {
    if secret.header.is_empty() {
        Ok(None)
    } else if secret.value.is_empty() {
        store::stored_secret(tx, id).await
    } else {
        Ok(Some(secret.value.clone()))
    }
}

/// The same errors, with the fields as they are called in the request.
fn in_draft(error: Error) -> Error {
    match error {
        Error::Invalid(mut fields) => {
            for field in &mut fields {
                field.field.insert_str(0, "draft.");
            }
            Error::Invalid(fields)
        }
        other => other,
    }
}
