//! Ended in the middle, again and again: what comes of it is what would have come of it undisturbed.
//!
//! `WARDEN_KILLS` says how often (25 unless it is set; `make warden-kills` takes 500).

use std::{
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use warden::steps::Phase;

use crate::{
    database::{Database, Subject, same},
    there_and_back::clean,
};

fn kills() -> u32 {
    std::env::var("WARDEN_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(25)
}

#[tokio::test]
async fn killed_at_any_moment_it_ends_where_it_would_have_ended() {
    let undisturbed = Subject::new("shop").await;
    let template = Database::copy(&undisturbed.database.name).await;
    for phase in [Phase::Add, Phase::Backfill, Phase::Constrain, Phase::Seal] {
        undisturbed
            .phase(phase)
            .await
            .unwrap_or_else(|error| panic!("{phase}: {error}"));
    }
    let (rows, schema) = (undisturbed.rows().await, undisturbed.schema().await);
    let mut dice = StdRng::seed_from_u64(7);
    let mut killed = 0;
    while killed < kills() {
        let subject = Subject {
            database: Database::copy(&template.name).await,
            fixture: undisturbed.fixture,
            frozen: undisturbed.frozen.clone(),
            key: std::env::temp_dir().join("warden-killed-has-no-key"),
        };
        // There, killed on the way.
        killed += until_done(&subject, &["resume", "--through", "seal"], &mut dice).await;
        assert_eq!(subject.rows().await, rows);
        same(&schema, &subject.schema().await);
        clean(&subject).await;
        // And back.
        killed += until_done(&subject, &["rollback", "--to", "start"], &mut dice).await;
        let before = Subject {
            database: Database::copy(&template.name).await,
            fixture: undisturbed.fixture,
            frozen: undisturbed.frozen.clone(),
            key: subject.key.clone(),
        };
        assert_eq!(subject.rows().await, before.rows().await);
        same(&before.schema().await, &subject.schema().await);
    }
    println!("{killed} times killed");
}

/// Runs a command and kills it after a moment, until it ends by itself; how often that was.
async fn until_done(subject: &Subject, command: &[&str], dice: &mut StdRng) -> u32 {
    let mut killed = 0;
    loop {
        let moment = Duration::from_millis(dice.random_range(5..400));
        match for_a_moment(subject, command, moment).await {
            None => killed += 1,
            Some(status) => {
                assert!(status.success(), "{command:?} ended with {status}");
                return killed;
            }
        }
    }
}

async fn for_a_moment(subject: &Subject, command: &[&str], moment: Duration) -> Option<ExitStatus> {
    let mut child = tokio::process::Command::from({
        let mut process = Command::new(env!("CARGO_BIN_EXE_warden"));
        process
            .args(command)
            .arg("--key")
            .arg(&subject.key)
            .env("WARDEN_DATABASE_URL", subject.database.url())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        process
    })
    .spawn()
    .unwrap();
    match tokio::time::timeout(moment, child.wait()).await {
        Ok(status) => Some(status.unwrap()),
        Err(_) => {
            // SIGKILL: nothing is put in order.
            child.kill().await.unwrap();
            subject.database.alone().await;
            None
        }
    }
}
