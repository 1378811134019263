//! Timing: can one tell by the clock what the answer does not say? Two questions with the same answer are asked in turn,
//! and the pairs of times are held against chance.

use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::{ConnectOptions, Connection};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use uuid::Uuid;

use crate::{bars::Bars, load, subject::Subject};

/// Beyond this a difference would come by chance once in a hundred times (two-sided).
const CHANCE: f64 = 2.58;

pub async fn run(bars: &mut Bars, subject: &Subject) -> anyhow::Result<()> {
    // As many of each, and each asked for as often: one that comes again and again is found in warmer caches.
    let foreign = foreign_agents(subject).await?;
    let unknown: Vec<Uuid> = foreign.iter().map(|_| Uuid::new_v4()).collect();
    let read =
        |ids: &[Uuid], n: usize| subject.request(&format!("/api/v1/agents/{}", ids[n % ids.len()]), subject.key());
    let pairs = pairs(subject, 5_000, 404, |n| (read(&foreign, n), read(&unknown, n))).await?;
    bars.at_most("timing_foreign_id", deviation(&pairs), "sigma", CHANCE);

    // A key that is there with a wrong secret, and one that is not.
    let short = subject.key().split('_').nth(2).context("a key has a short half")?;
    let known = format!("sb_live_{short}");
    let guess = |short: &str| {
        subject.request(
            "/api/v1/agents",
            &format!("{short}_{}{}", Uuid::new_v4().simple(), "a".repeat(11)),
        )
    };
    let unknown = || format!("sb_live_{}", &Uuid::new_v4().simple().to_string()[..12]);
    let pairs = self::pairs(subject, 10_000, 401, |_| (guess(&known), guess(&unknown()))).await?;
    bars.at_most("timing_key", deviation(&pairs), "sigma", CHANCE);
    Ok(())
}

/// One organization more, with agents.
async fn foreign_agents(subject: &Subject) -> anyhow::Result<Vec<Uuid>> {
    let mut warden = subject.warden_login.connect().await?;
    sqlx::query("insert into app.clients (org_id, id, name) values ('org_foreign', gen_random_uuid(), 'Foreign')")
        .execute(&mut warden)
        .await?;
    let ids = sqlx::query_scalar(
        "insert into app.agents (org_id, id, name, first_speaker, language, voice_id, join_timeout_s, max_duration_s, turn_delay_ms,
                interruption_ms, recording, provider_id, sync, updated_by)
         select 'org_foreign', gen_random_uuid(), 'Foreign ' || n, 'agent', 'en-US', 'v', 30, 600, 0, 0, false, 'x' || n, 'synced', 'x'
         from generate_series(1, 500) n returning id",
    )
    .fetch_all(&mut warden)
    .await?;
    warden.close().await?;
    Ok(ids)
}

/// How much longer the first of each two took than the second, in seconds. Which is asked first changes from pair to pair.
async fn pairs(
    subject: &Subject,
    count: usize,
    status: u16,
    questions: impl Fn(usize) -> (String, String),
) -> anyhow::Result<Vec<f64>> {
    let mut stream = TcpStream::connect(&subject.addr).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    let mut differences = Vec::with_capacity(count);
    for number in 0..count {
        let (first, second) = questions(number);
        let (a, b) = if number % 2 == 0 {
            let a = time(&mut stream, &mut buffer, &first, status).await?;
            (a, time(&mut stream, &mut buffer, &second, status).await?)
        } else {
            let b = time(&mut stream, &mut buffer, &second, status).await?;
            (time(&mut stream, &mut buffer, &first, status).await?, b)
        };
        differences.push(a.as_secs_f64() - b.as_secs_f64());
    }
    Ok(differences)
}

async fn time(stream: &mut TcpStream, buffer: &mut Vec<u8>, question: &str, status: u16) -> anyhow::Result<Duration> {
    let asked = Instant::now();
    stream.write_all(question.as_bytes()).await?;
    load::answer(stream, buffer, status).await?;
    Ok(asked.elapsed())
}

/// Wilcoxon's signed ranks: how many standard deviations the differences are from being as often above nothing as below.
/// Ranks, because single times are far off whenever the machine did something else.
fn deviation(differences: &[f64]) -> f64 {
    let mut ranked: Vec<f64> = differences
        .iter()
        .copied()
        .filter(|difference| *difference != 0.0)
        .collect();
    ranked.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let signed: f64 = ranked
        .iter()
        .zip(1_u32..)
        .map(|(difference, rank)| f64::from(rank).copysign(*difference))
        .sum();
    let n = ranked.len() as f64;
    signed.abs() / (n * (n + 1.0) * (2.0 * n + 1.0) / 6.0).sqrt()
}

#[test]
fn a_difference_is_told_from_chance() {
    let wave = |n: u32| f64::from(n).sin();
    let even: Vec<f64> = (1..5_000).map(wave).collect();
    let shifted: Vec<f64> = even.iter().map(|time| time + 0.1).collect();
    assert!(deviation(&even) < CHANCE, "{}", deviation(&even));
    assert!(deviation(&shifted) > CHANCE, "{}", deviation(&shifted));
}
