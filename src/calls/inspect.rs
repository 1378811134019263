//! Inspecting: what a call ran with, and what the provider has written down of it.

use serde::{Deserialize, Serialize};

use crate::agents::AgentDraft;

/// What of its agent a call ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallConfiguration {
    /// Absent where it tried the draft, as that was then.
    pub agent_version: Option<i32>,
    pub settings: AgentDraft,
}

#[cfg(feature = "ssr")]
pub use ssr::{configuration, provider_record};

#[cfg(feature = "ssr")]
mod ssr {
    use serde_json::Value;
    use sqlx::types::Json;

    use super::{AgentDraft, CallConfiguration};
    use crate::{
        agents::version_store,
        auth::Caller,
        calls::{Call, store},
        core::Core,
        error::{Error, Result},
        id::Id,
        resource::{Action, Kind},
        tools::{self, SecretValue, secret::mask},
    };

    /// `NotFound` also where the agent is deleted, with all its versions.
    pub async fn configuration(core: &Core, caller: &Caller, id: Id<Call>) -> Result<CallConfiguration> {
        let mut tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
        if !tx.permissions().permit(Action::Read, Kind::Call) {
            return Err(Error::Forbidden);
        }
        let call = store::find(&mut tx, id).await?.call;
        let settings = match (call.agent_id, call.agent_version) {
            (Some(agent), Some(number)) => version_store::find(&mut tx, agent, Some(number)).await?.draft,
            (None, Some(_)) => return Err(Error::NotFound),
            (_, None) => sqlx::query_scalar!(
                r#"select c.tried_draft as "draft: Json<AgentDraft>" from app.calls c where c.org_id = $1 and c.id = $2"#,
                tx.org() as _,
                id.uuid(),
            )
            .fetch_one(tx.conn())
            .await?
            .ok_or(Error::NotFound)?
            .0,
        };
        tx.commit().await?;
        Ok(CallConfiguration {
            agent_version: call.agent_version,
            settings,
        })
    }

    /// What Ultravox answers of the call now, as it is, without what signs in at the servers of tools or lets others onto the line.
    pub async fn provider_record(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Value> {
        let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
        let call = store::find(&mut tx, id).await?.call;
        let secrets = tools::store::secrets(&mut tx).await?;
        tx.commit().await?;
        let mut record = core
            .ultravox
            .call_record(call.provider_id.as_deref().ok_or(Error::NotFound)?)
            .await?;
        if let Some(members) = record.as_object_mut() {
            members.remove("joinUrl");
        }
        hide(&mut record, &secrets);
        Ok(record)
    }

    fn hide(value: &mut Value, secrets: &[SecretValue]) {
        match value {
            Value::String(text) => {
                for secret in secrets {
                    *text = mask(text, Some(secret));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| hide(item, secrets)),
            Value::Object(members) => members.values_mut().for_each(|member| hide(member, secrets)),
            _ => {}
        }
    }
}
