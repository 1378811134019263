//! Ended in the middle, again and again: what comes of it is what would have come of it undisturbed.
//!
//! `WARDEN_KILLS` says how often (25 unless it is set; `make warden-kills` takes 500). The server itself goes down a tenth as often.

use std::{
    fs::File,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use cluster::Durability;
use rand::{Rng, SeedableRng, rngs::StdRng};
use testing::OwnCluster;
use tokio::process::{Child, Command};
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
    undisturbed.through(Phase::Seal).await;
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
        std::fs::remove_file(log(&subject)).unwrap();
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
                assert!(status.success(), "{command:?} ended with {status}: {}", said(subject));
                return killed;
            }
        }
    }
}

/// What the last process said.
fn log(subject: &Subject) -> PathBuf {
    std::env::temp_dir().join(format!("{}.log", subject.database.name))
}

fn said(subject: &Subject) -> String {
    std::fs::read_to_string(log(subject)).unwrap()
}

fn started(subject: &Subject, command: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_warden"))
        .args(command)
        .arg("--key")
        .arg(&subject.key)
        .env("WARDEN_TARGET_URL", subject.database.url())
        .stdout(Stdio::null())
        .stderr(File::create(log(subject)).unwrap())
        .spawn()
        .unwrap()
}

async fn for_a_moment(subject: &Subject, command: &[&str], moment: Duration) -> Option<ExitStatus> {
    let mut child = started(subject, command);
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

#[tokio::test]
async fn the_server_goes_down_at_any_moment_and_the_work_goes_on() {
    let undisturbed = Subject::new("shop").await;
    let before = (undisturbed.rows().await, undisturbed.schema().await);
    undisturbed.through(Phase::Seal).await;
    let after = (undisturbed.rows().await, undisturbed.schema().await);
    let mut server = OwnCluster::start("warden-crash", Durability::Full).await;
    let subject = Subject::on(server.cluster().options(), "shop").await;
    let mut dice = StdRng::seed_from_u64(11);
    let (mut crashes, wanted) = (0, (kills() / 10).max(2));
    while crashes < wanted {
        for (command, end) in [
            (&["resume", "--through", "seal"], &after),
            (&["rollback", "--to", "start"], &before),
        ] {
            loop {
                let mut child = started(&subject, command);
                let moment = Duration::from_millis(dice.random_range(5..1500));
                if let Ok(status) = tokio::time::timeout(moment, child.wait()).await {
                    let status = status.unwrap();
                    assert!(status.success(), "{command:?} ended with {status}: {}", said(&subject));
                    break;
                }
                server.crash().await;
                crashes += 1;
                // It says so, and that it can be taken up; or it had just ended.
                let status = child.wait().await.unwrap();
                assert!(
                    matches!(status.code(), Some(0 | 3)),
                    "{command:?} ended with {status}: {}",
                    said(&subject)
                );
            }
            assert_eq!(subject.rows().await, end.0);
            same(&end.1, &subject.schema().await);
        }
    }
    println!("{crashes} times down");
    std::fs::remove_file(log(&subject)).unwrap();
    drop(subject);
}
