//! The hook: sees to it that the provider tells us about calls.

use crate::{config::is_loopback, core::Core, error::Result, providers::ultravox::shape::Webhook};

const EVENTS: [&str; 4] = ["call.started", "call.joined", "call.ended", "call.billed"];

/// Makes sure that the account has one webhook that posts every event here, signed with our secret. Asking again changes
/// nothing; a hook that somebody changed or that the provider has given up is repaired.
pub async fn ensure(core: &Core) -> Result<usize> {
    if is_loopback(&core.public_url) && !core.ultravox.is_local() {
        tracing::info!(
            "the provider cannot reach this installation: PUBLIC_URL names this machine only. Calls are polled"
        );
        return Ok(0);
    }
    let mut url = core.public_url.clone();
    url.set_path("/webhooks/ultravox");
    let hooks = core.ultravox.webhooks().await?;
    match hooks
        .iter()
        .find(|hook| hook.url == url.as_str() && hook.agent_id.is_none())
    {
        Some(hook) if core.ultravox.is_ours(hook) && is_whole(hook) => return Ok(0),
        Some(hook) => {
            core.ultravox
                .update_webhook(&hook.webhook_id, url.as_str(), &EVENTS)
                .await?
        }
        None => core.ultravox.create_webhook(url.as_str(), &EVENTS).await?,
    };
    tracing::info!(%url, "the provider reports calls here");
    Ok(1)
}

fn is_whole(hook: &Webhook) -> bool {
    hook.status.as_deref() != Some("unhealthy")
        && EVENTS
            .iter()
            .all(|event| hook.events.iter().any(|known| known == event))
}
