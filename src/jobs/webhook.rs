//! The webhook: sees to it that the provider tells us about calls.

use serde::{Deserialize, Serialize};

use super::{Context, Failure, Job, Outcome};
use crate::{config::is_loopback, core::Core, error::Result, providers::ultravox::shape::Webhook};

const EVENTS: [&str; 4] = ["call.started", "call.joined", "call.ended", "call.billed"];

/// Looks after our webhook at the provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnsureWebhook {}

impl Job for EnsureWebhook {
    const NAME: &'static str = "webhook";

    fn dedup_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        ensure(&context.core).await?;
        Ok(Outcome::Done)
    }
}

/// Makes sure that the account has one webhook that posts every event here, signed with our secret. Asking again changes
/// nothing; a hook that somebody changed or that the provider has given up is repaired. Answers
/// whether anything had to be done.
pub async fn ensure(core: &Core) -> Result<bool> {
    if is_loopback(&core.public_url) && !core.ultravox.is_local() {
        tracing::info!(
            "the provider cannot reach this installation: PUBLIC_URL names this machine only. Calls are polled"
        );
        return Ok(false);
    }
    let mut url = core.public_url.clone();
    url.set_path("/webhooks/ultravox");
    let hooks = core.ultravox.webhooks().await?;
    match hooks
        .iter()
        .find(|hook| hook.url == url.as_str() && hook.agent_id.is_none())
    {
        Some(hook) if core.ultravox.is_ours(hook) && is_whole(hook) => return Ok(false),
        Some(hook) => {
            core.ultravox
                .update_webhook(&hook.webhook_id, url.as_str(), &EVENTS)
                .await?
        }
        None => core.ultravox.create_webhook(url.as_str(), &EVENTS).await?,
    };
    tracing::info!(%url, "the provider reports calls here");
    Ok(true)
}

fn is_whole(hook: &Webhook) -> bool {
    hook.status.as_deref() != Some("unhealthy")
        && EVENTS
            .iter()
            .all(|event| hook.events.iter().any(|known| known == event))
}
