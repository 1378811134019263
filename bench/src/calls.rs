//! Calls: how long the list takes, by every filter, with a million calls and with ten thousand, and how much it reads.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::{bars::Bars, load, subject::Subject};

const FEW: i64 = 10_000;
const MANY: i64 = 1_000_000;
/// Pages of 8 KiB that one answer may read, signing in included.
const PAGES: f64 = 2_000.0;
const SLOWER: f64 = 1.5;

/// What is asked, by what the lines are called. `{agent}` is the one with calls.
const ASKED: &[(&str, &str)] = &[
    ("first_page", ""),
    ("status", "status=failed"),
    ("end_reason", "end_reason=busy"),
    ("at_fault", "at_fault=telephony"),
    ("medium", "medium=text"),
    ("number", "number=%2B14155550042"),
    ("placed_by", "placed_by=user_rare"),
    ("tag", "tag=vip"),
    ("min_talk", "min_talk_s=3000"),
    ("min_price", "min_price=2500000"),
    ("days", "first_day=2026-09-01&last_day=2026-09-02"),
    ("status_and_tag", "status=completed&tag=vip"),
    ("said_often", "said=w1"),
    ("said_sometimes", "said=w900"),
    ("said_rarely", "said=needle"),
    ("said_two", "said=w300+w700"),
];

pub async fn run(bars: &mut Bars, subject: &Subject) -> anyhow::Result<()> {
    fill(subject, FEW).await?;
    let mut few = Vec::new();
    for (_, query) in ASKED {
        few.push(measure(subject, query).await?.0);
    }
    fill(subject, MANY).await?;
    for ((name, query), few) in ASKED.iter().zip(few) {
        let (many, pages) = measure(subject, query).await?;
        let ratio = many.as_secs_f64() / few.as_secs_f64();
        bars.tell(&format!("calls:{name}"), many.as_secs_f64() * 1000.0, "ms");
        bars.at_most(&format!("calls:{name}_slower_at_1M"), ratio, "x", SLOWER);
        bars.at_most(&format!("calls:{name}_pages_at_1M"), pages, "pages", PAGES);
    }
    Ok(())
}

/// The middle of a second's answers, one at a time, and how many pages Postgres read for each.
async fn measure(subject: &Subject, query: &str) -> anyhow::Result<(Duration, f64)> {
    let request = subject.request(&format!("/api/v1/calls?limit=50&{query}"), subject.key());
    load::run(&subject.addr, &request, 1, 1).await?;
    let mut warden = subject.warden_login.connect().await?;
    let before = pages(&mut warden).await?;
    let load = load::run(&subject.addr, &request, 1, 1).await?;
    let read = pages(&mut warden).await? - before;
    warden.close().await?;
    Ok((load.p50, read as f64 / (load.per_second).max(1.0)))
}

/// Of the whole database; nobody else asks it anything. Sessions tell what they have read a second later at most.
async fn pages(warden: &mut PgConnection) -> anyhow::Result<i64> {
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    Ok(
        sqlx::query_scalar("select blks_hit + blks_read from pg_stat_database where datname = current_database()")
            .fetch_one(warden)
            .await?,
    )
}

/// Brings the organization to `count` calls, one each half minute back from now: words as unevenly spread as in a language, a
/// hundredth tagged, a thousandth of the rare kinds.
async fn fill(subject: &Subject, count: i64) -> anyhow::Result<()> {
    let mut warden = subject.warden_login.connect().await?;
    let there: i64 = sqlx::query_scalar("select count(*) from app.calls where org_id = $1")
        .bind(&subject.org_id)
        .fetch_one(&mut warden)
        .await?;
    // The n-th call always has the same id.
    for statement in [
        "insert into app.calls (org_id, id, agent_name, medium, status, end_reason, to_number, placed_by, created_at, joined_at, ended_at,
                billed_ms, price_micros, billing)
         select $1, id, 'Front desk', case when n % 50 = 0 then 'text' else 'phone' end,
           case when n % 1000 = 7 then 'failed' when n % 20 = 3 then 'not_connected' else 'completed' end,
           case when n % 1000 = 7 then 'telephony_failed' when n % 20 = 3 then 'busy' else 'agent_hangup' end,
           '+1415555' || lpad((n % 5000)::text, 4, '0'), case when n % 1000 = 1 then 'user_rare' else 'user_bench' end, at, at + interval '8 s',
           at + interval '8 s' + case when n % 1000 = 2 then interval '1 hour' else (n % 300) * interval '1 s' end,
           60000, case when n % 1000 = 2 then 3000000 else (n % 300) * 1000 end, 'billed'
         from (select n, md5('call' || n)::uuid as id, now() - n * interval '30 s' as at from generate_series($2, $3) n) placed",
        "insert into app.call_tags (org_id, call_id, tag, at)
         select c.org_id, c.id, 'vip', c.created_at from generate_series($2, $3) n join app.calls c on c.org_id = $1 and c.id = md5('call' || n)::uuid where n % 100 = 5",
        // Word k is said about as often as the k-th word of a language.
        "insert into app.call_messages (org_id, call_id, seq, role, text, start_ms, end_ms)
         select $1, md5('call' || n)::uuid, seq, case when seq % 2 = 0 then 'agent' else 'person' end,
           'w1 ' || string_agg('w' || (2 + 3000 * power(random(), 4))::int, ' ') || case when n % 10000 = 11 then ' needle' else '' end,
           seq * 4000, seq * 4000 + 3000
         from generate_series($2, $3) n, generate_series(0, 3) seq, generate_series(1, 6) word
         group by n, seq",
        "insert into app.call_texts (org_id, call_id, day, words, indexed)
         select $1, c.id, (c.created_at at time zone 'UTC')::date, to_tsvector('simple', string_agg(m.text, ' ')), true
         from generate_series($2, $3) n join app.calls c on c.org_id = $1 and c.id = md5('call' || n)::uuid
           join app.call_messages m on m.org_id = $1 and m.call_id = c.id
         group by c.id, c.created_at",
        "insert into app.call_words as w (org_id, word, day, calls)
         select $1, u.lexeme, t.day, array_agg(t.call_id)
         from generate_series($2, $3) n join app.call_texts t on t.org_id = $1 and t.call_id = md5('call' || n)::uuid
           cross join lateral unnest(t.words) u
         group by u.lexeme, t.day
         on conflict (org_id, word, day) do update set calls = w.calls || excluded.calls",
    ] {
        sqlx::query(statement)
            .bind(&subject.org_id)
            .bind(there + 1)
            .bind(count)
            .execute(&mut warden)
            .await?;
    }
    for table in ["calls", "call_tags", "call_messages", "call_texts", "call_words"] {
        let vacuum = format!("vacuum analyze app.{table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(vacuum)).execute(&mut warden).await?;
    }
    warden.close().await?;
    Ok(())
}
