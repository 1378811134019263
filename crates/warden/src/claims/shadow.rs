//! `warden.shadow(person, org)`: what a running program calls with the organization of its token, before tokens count.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    name::quoted,
    plan::{Plan, Source},
};

/// People whose mismatch is kept; all others share one row.
const MOST: u32 = 10_000;

/// Makes the function and the table it fills, and lets the application's roles call the one and not read the other.
///
/// It answers whether token and database agree. It never waits for another transaction and never fails one: a mismatch that
/// somebody else is just noting, that comes in a read-only transaction, or that cannot be noted, is only answered.
pub async fn install(connection: &mut PgConnection, plan: &Plan) -> sqlx::Result<()> {
    let kind = &plan.users.r#type;
    let mapped = match plan.users.source {
        Source::Personal => "person::text".to_owned(),
        _ => "(select o.org::text from warden.user_org o where o.user_key = person)".to_owned(),
    };
    let mut statements = vec![
        "create table if not exists warden.shadow_mismatch (
             user_hash text primary key,
             claimed text,
             mapped text,
             n bigint not null,
             last_at timestamptz not null
         )"
        .to_owned(),
        format!(
            "create or replace function warden.shadow(person {kind}, org text) returns boolean
             language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $shadow$
             declare
                 mapped text;
                 who text;
             begin
                 mapped := {mapped};
                 if org is not distinct from mapped then
                     return true;
                 end if;
                 if current_setting('transaction_read_only')::boolean then
                     return false;
                 end if;
                 who := encode(sha256(convert_to(person::text, 'UTF8')), 'hex');
                 if not exists (select from warden.shadow_mismatch m where m.user_hash = who)
                    and (select count(*) from (select from warden.shadow_mismatch limit {MOST}) m) >= {MOST} then
                     who := '';
                 end if;
                 if pg_try_advisory_xact_lock(hashtextextended('warden.shadow ' || who, 0)) then
                     insert into warden.shadow_mismatch as m values (who, left(org, 200), mapped, 1, clock_timestamp())
                     on conflict (user_hash) do update
                     set claimed = excluded.claimed, mapped = excluded.mapped, n = m.n + 1, last_at = excluded.last_at;
                 end if;
                 return false;
             exception when others then
                 return false;
             end $shadow$"
        ),
        format!("revoke all on function warden.shadow({kind}, text) from public"),
    ];
    for role in &plan.seal.roles {
        let role = quoted(role);
        statements.push(format!("grant usage on schema warden to {role}"));
        statements.push(format!(
            "grant execute on function warden.shadow({kind}, text) to {role}"
        ));
    }
    let mut transaction = connection.begin().await?;
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}
