//! What an operator can get wrong: each is refused in one sentence, and nothing goes on running.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
};

use reqwest::{Method, StatusCode};

use crate::support::{Api, Installation};

/// `nobody` on Debian, and a user whom no system has a name for.
const NOBODY: u32 = 65_534;
const UNKNOWN: u32 = 54_321;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_secret_is_not_replaced_in_silence() {
    let installation = Installation::new();
    let made = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let secret = installation.data().join("secret");
    let kept = fs::read(&secret).unwrap();
    fs::remove_file(&secret).unwrap();

    for command in [&["serve"][..], &["worker"], &["admin", "jobs"]] {
        let said = installation.refused(command);
        assert!(said.contains("this database belongs to another secret"), "{said}");
        assert!(said.contains("replace-secret"), "{said}");
    }
    let left = installation.data().join("postgres/data/postmaster.pid");
    assert!(!left.exists(), "a refusal left Postgres running");

    fs::write(&secret, &kept).unwrap();
    let key = made["api_key"].as_str().unwrap();
    let server = installation.serve().await;
    let listed = Api::new(&server.url(), key).request(Method::GET, "/agents");
    assert_eq!(listed.send().await.unwrap().status(), StatusCode::OK);
    server.terminate();
    server.ended().await;

    fs::remove_file(&secret).unwrap();
    installation.run(&["admin", "replace-secret"]);
    let server = installation.serve().await;
    let listed = Api::new(&server.url(), key).request(Method::GET, "/agents");
    assert_eq!(listed.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_the_server_that_runs_wherever_that_is_reached() {
    let installation = Installation::new();
    let server = installation
        .serve_with(&[("PUBLIC_URL", "https://voice.example.com")])
        .await;
    // Not told where the server is reached, as in another terminal.
    let made = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let listed = Api::new(&server.url(), made["token"].as_str().unwrap()).request(Method::GET, "/agents");
    assert_eq!(listed.send().await.unwrap().status(), StatusCode::OK);
}

#[test]
fn a_data_folder_that_cannot_be_used_is_refused_in_one_sentence() {
    if !is_root() {
        return; // Only root can be somebody else.
    }
    let installation = Installation::new();
    let folder = installation.data();
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    for (owner, user, expected) in [
        (0, NOBODY, "cannot be written by the user that runs this program"),
        (UNKNOWN, UNKNOWN, "a user that the system has no name for"),
    ] {
        chown(folder, Some(owner), Some(owner)).unwrap();
        let said = installation.refused_to(user, &["serve"]);
        assert!(said.contains(expected), "{said}");
        assert_eq!(sentences(&said), 1, "{said}");
    }
}

/// Lines of a person's language, not of the log.
fn sentences(said: &str) -> usize {
    said.lines().filter(|line| !line.starts_with('{')).count()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
