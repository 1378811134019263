//! Rows to measure against: written straight into the table, because making a million agents at a provider would not be
//! the thing measured.

use sqlx::{ConnectOptions, Connection};

use crate::subject::Subject;

/// Brings the organization to `count` agents, and the planner's knowledge up to date.
pub async fn fill(subject: &Subject, count: i64) -> anyhow::Result<()> {
    let mut warden = subject.warden_login.connect().await?;
    sqlx::query(
        "insert into app.agents (org_id, id, name, description, prompt, first_speaker, language, voice_id, voice_name, join_timeout_s,
                max_duration_s, turn_delay_ms, interruption_ms, recording, tags, provider_id, sync, sync_checked_at, created_at, updated_by)
         select $1, gen_random_uuid(), 'Agent ' || n, 'Answers line ' || n, repeat('Be brief. ', 20), 'agent', 'en-US', 'v', 'Iris', 30,
                600, 384, 90, true, array['bench'], gen_random_uuid()::text, 'synced', now(), now() - n * interval '1 second', $2
         from generate_series((select count(*) from app.agents where org_id = $1) + 1, $3) n",
    )
    .bind(&subject.org_id)
    .bind(&subject.user_id)
    .bind(count)
    .execute(&mut warden)
    .await?;
    sqlx::query("vacuum analyze app.agents").execute(&mut warden).await?;
    warden.close().await?;
    Ok(())
}
