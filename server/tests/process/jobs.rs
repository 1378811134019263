//! kill -9: a worker dies while its jobs run, and the next one begins them anew.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};

use crate::{
    killed::database,
    support::{Api, Installation, until},
};

/// Plays a mail server that keeps its answer to a mail back until it is let go.
struct Smtp {
    url: String,
    mails: mpsc::UnboundedReceiver<String>,
    answers: watch::Sender<bool>,
}

impl Smtp {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (taken, mails) = mpsc::unbounded_channel();
        let answers = watch::Sender::new(false);
        let waiting = answers.subscribe();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, taken.clone(), waiting.clone()));
            }
        });
        Self { url, mails, answers }
    }
}

async fn converse(stream: TcpStream, taken: mpsc::UnboundedSender<String>, mut answers: watch::Receiver<bool>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let _ = write.write_all(b"220 test\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.get(..4).unwrap_or_default() {
            "DATA" => {
                let _ = write.write_all(b"354 go on\r\n").await;
                let mut id = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    match line.strip_prefix("Message-ID: ") {
                        Some(named) => id = named.to_owned(),
                        None if line == "." => break,
                        None => {}
                    }
                }
                let _ = taken.send(id);
                let _ = answers.wait_for(|answers| *answers).await;
                "250 taken\r\n"
            }
            _ => "250 fine\r\n",
        };
        let _ = write.write_all(answer.as_bytes()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_a_killed_worker_was_sending_is_sent_by_the_next() {
    let mut smtp = Smtp::start().await;
    let installation = Installation::new().with("SMTP_URL", &smtp.url);
    let server = installation.only_serve().await;
    let first = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let api = Api::new(&server.url(), first["api_key"].as_str().unwrap());
    let worker = installation.work().await;
    let invited = json!({ "email": "ben@example.com", "role": "viewer" });
    api.send(reqwest::Method::POST, "/invitations", &invited).await;
    let id = smtp.mails.recv().await.unwrap();
    worker.kill();

    let mut database = database(&installation).await;
    let left: (String, i32) = sqlx::query_as("select state, attempts from ops.jobs where kind = 'mail'")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(left, ("leased".to_owned(), 1), "a dead process settles nothing");
    // As if its lease had ended.
    sqlx::query("update ops.jobs set run_at = now() where kind = 'mail'")
        .execute(&mut database)
        .await
        .unwrap();
    smtp.answers.send_replace(true);
    let _worker = installation.work().await;
    assert_eq!(
        smtp.mails.recv().await.unwrap(),
        id,
        "a mail server that has it already can tell"
    );
    until("the job is done", async || {
        let left: i64 = sqlx::query_scalar("select count(*) from ops.jobs where kind = 'mail'")
            .fetch_one(&mut database)
            .await
            .unwrap();
        (left == 0).then_some(())
    })
    .await;
    let sent: i64 = sqlx::query_scalar("select count(*) from identity.outbox where sent_at is not null and body = ''")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_shown_to_the_operator_and_can_be_begun_anew() {
    let installation = Installation::new();
    // Postgres runs as long as somebody uses it, and this one works on nothing.
    let _server = installation.only_serve().await;
    assert_eq!(installation.run(&["admin", "jobs"]), "");
    let mut database = database(&installation).await;
    sqlx::query(
        "insert into ops.jobs (id, kind, org_id, payload, state, attempts, error)
         values (gen_random_uuid(), 'mail', '', '{}', 'parked', 12, 'It is full.')",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let shown: Value = serde_json::from_str(&installation.run(&["admin", "jobs"])).unwrap();
    assert_eq!(
        (&shown["kind"], &shown["attempts"], &shown["error"]),
        (&json!("mail"), &json!(12), &json!("It is full."))
    );
    let retry = ["admin", "retry-jobs", "--id", shown["id"].as_str().unwrap()];
    assert_eq!(installation.run(&retry), "1\n");
    assert_eq!(installation.run(&["admin", "retry-jobs", "--kind", "mail"]), "0\n");
    let state: String = sqlx::query_scalar("select state from ops.jobs")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(state, "ready");
}
