//! Mail against a real SMTP conversation: it leaves once, and stays when it is not taken.

use serde_json::{Value, json};
use switchboard::{
    Error,
    auth::Caller,
    jobs::{self, Jobs},
    mail::{self, SendMail},
    org::{Invitation, InvitationDraft, Role, store},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::identity::common::{World, world};

/// Plays a mail server: takes every mail, or refuses every recipient.
async fn smtp(refuses: bool) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (taken, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, refuses, taken.clone()));
        }
    });
    (url, mails)
}

async fn converse(stream: TcpStream, refuses: bool, taken: mpsc::UnboundedSender<String>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let _ = write.write_all(b"220 test\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250 test\r\n",
            "RCPT" if refuses => "451 later\r\n",
            "DATA" => {
                let _ = write.write_all(b"354 go on\r\n").await;
                let mut mail = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                let _ = taken.send(mail);
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 fine\r\n",
        };
        let _ = write.write_all(answer.as_bytes()).await;
    }
}

#[tokio::test]
async fn a_mail_leaves_once_and_its_link_is_forgotten_here() {
    let (url, mut mails) = smtp(false).await;
    let world = world(&[("SMTP_URL", &url)]).await;
    world.sign_up("ada@example.com", "long enough password").await.unwrap();
    let (one, two) = tokio::join!(send_due(&world), send_due(&world));
    assert_eq!(one + two, 1);
    let mail = mails.recv().await.unwrap();
    assert!(
        mail.contains("To: ada@example.com") && mail.contains("Subject: Confirm your email address"),
        "{mail}"
    );
    assert!(mail.contains("/verify?token"), "{mail}");
    assert_eq!(send_due(&world).await, 0);
    assert_eq!(
        world
            .count("select count(*) from identity.outbox where sent_at is not null and body = ''")
            .await,
        1
    );
    assert_eq!(
        mail::recent(&world.core).await,
        Err(Error::NotFound),
        "no such page where mail is sent"
    );
}

#[tokio::test]
async fn a_mail_that_is_not_taken_stays_and_waits() {
    let (url, _mails) = smtp(true).await;
    let world = world(&[("SMTP_URL", &url)]).await;
    world.sign_up("ada@example.com", "long enough password").await.unwrap();
    assert_eq!(send_due(&world).await, 1);
    assert_eq!(
        world
            .count("select count(*) from identity.outbox where sent_at is null and error is not null and body <> ''")
            .await,
        1
    );
    assert_eq!(
        world
            .count(
                "select count(*) from ops.jobs where kind = 'mail' and attempts = 1 and error not like '%ada%'
                   and run_at > now() + interval '20 seconds'"
            )
            .await,
        1
    );
    assert_eq!(send_due(&world).await, 0, "not due yet");
}

#[tokio::test]
async fn an_invitation_is_a_job_of_its_organization() {
    let world = world(&[]).await;
    let caller = invite(&world).await;
    let jobs: Vec<(String, Value)> = sqlx::query_as("select org_id, payload from ops.jobs where kind = 'mail'")
        .fetch_all(world.admin())
        .await
        .unwrap();
    let mail = mail::recent(&world.core).await.unwrap().remove(0);
    assert_eq!(
        jobs,
        [(caller.org().to_string(), json!({ "mail": mail.id }))],
        "nothing of what it says"
    );
}

/// Invites somebody into a new organization, as its owner.
async fn invite(world: &World) -> Caller {
    let owner = world.person("ada@example.com").await;
    let org = world.org(&owner, "Larkfield Dental").await;
    let caller = world.caller(&owner, &org).await;
    let draft = InvitationDraft {
        email: "ben@example.com".into(),
        role: Role::Viewer,
    };
    store::invite(&world.core, &caller, draft).await.unwrap();
    caller
}

/// An invitation whose mail was tried once, as those who invited see it.
async fn invited(url: &str) -> Invitation {
    let world = world(&[("SMTP_URL", url)]).await;
    let caller = invite(&world).await;
    let before = store::invitations(&world.core, &caller).await.unwrap().remove(0);
    assert_eq!((before.mail_sent_at, before.mail_error), (None, None));
    assert_eq!(send_due(&world).await, 1);
    store::invitations(&world.core, &caller).await.unwrap().remove(0)
}

#[tokio::test]
async fn an_invitation_says_whether_its_mail_has_left() {
    let (url, _mails) = smtp(false).await;
    let sent = invited(&url).await;
    assert!(sent.mail_sent_at.is_some() && sent.mail_error.is_none(), "{sent:?}");

    let (url, _mails) = smtp(true).await;
    let kept = invited(&url).await;
    let error = kept.mail_error.unwrap();
    assert!(kept.mail_sent_at.is_none() && error.contains("later"), "{error}");
}

#[tokio::test]
async fn a_mail_server_that_encrypts_otherwise_is_explained() {
    // It speaks in the clear and knows no STARTTLS.
    let (url, mut mails) = smtp(false).await;
    for (url, advice) in [
        (
            url.replace("smtp://", "smtps://"),
            "with `smtp://` instead of `smtps://`",
        ),
        (format!("{url}?tls=required"), "add `?tls=none`"),
    ] {
        let error = invited(&url).await.mail_error.unwrap();
        assert!(error.contains(advice), "{error}");
    }
    assert!(mails.try_recv().is_err(), "nothing was said in the clear");
}

async fn send_due(world: &World) -> usize {
    jobs::run_due(&world.core, &Jobs::<SendMail>::default()).await.unwrap()
}
