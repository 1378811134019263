//! The outbox: what each letter says, and how it leaves.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::AsyncSmtpTransportBuilder,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use url::Url;
use uuid::Uuid;

use super::Mail;
use crate::{
    config::{self, is_loopback},
    core::Core,
    db,
    error::{Error, Result},
    jobs::{Backoff, Context, Failure, Job, Limits, Outcome},
    org::Role,
};

/// Writes the letters of this installation, and sends them where it has been told how.
pub struct Mailer {
    from: Mailbox,
    public_url: Url,
    smtp: Option<AsyncSmtpTransport<Tokio1Executor>>,
    mailbox: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("MAIL_FROM is not an address such as `Switchboard <switchboard@example.com>`")]
    From,
    // The URL holds a password, and the parser's message may quote it.
    #[error(
        "SMTP_URL is not a URL such as `smtps://user:password@smtp.example.com`, or `smtp://…:587` for a server that encrypts with \
         STARTTLS. In a name or password the characters @ : / ? # % are written %40 %3A %2F %3F %23 %25"
    )]
    Smtp,
}

/// What a mail says. Plain text: it is a sentence and a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub body: String,
}

impl Mailer {
    pub fn new(mail: &config::Mail, public_url: &Url) -> Result<Self, MailError> {
        let smtp = mail
            .smtp
            .as_ref()
            .map(|url| transport(url.expose_secret()))
            .transpose()?;
        Ok(Self {
            from: mail.from.parse().map_err(|_| MailError::From)?,
            public_url: public_url.clone(),
            // Whoever reads it can follow its links, and so be anybody.
            mailbox: smtp.is_none() && mail.mailbox.unwrap_or_else(|| is_loopback(public_url)),
            smtp: smtp.map(|smtp| smtp.timeout(Some(Duration::from_secs(15))).build()),
        })
    }

    /// Whether mail leaves.
    pub fn sends(&self) -> bool {
        self.smtp.is_some()
    }

    /// Whether anybody may read at `/dev/mail` what did not leave.
    pub fn shows(&self) -> bool {
        self.mailbox
    }

    fn link(&self, path: &str, token: &str) -> String {
        let mut link = self.public_url.clone();
        link.set_path(path);
        link.query_pairs_mut().append_pair("token", token);
        link.into()
    }

    pub(crate) fn verify(&self, token: &str) -> Letter {
        Letter {
            subject: "Confirm your email address".into(),
            body: format!(
                "Open this link to confirm your address and start using Switchboard. It works for a day.\n\n{}\n\n\
                 If you did not create an account, ignore this mail: nothing happens without the link.\n",
                self.link("/verify", token)
            ),
        }
    }

    pub(crate) fn known(&self, token: &str) -> Letter {
        Letter {
            subject: "You already have an account".into(),
            body: format!(
                "Somebody, probably you, tried to create a Switchboard account with this address, which has one. \
                 Sign in with your password, or choose a new one here within the hour.\n\n{}\n\n\
                 If it was not you, ignore this mail: nothing has changed.\n",
                self.link("/reset", token)
            ),
        }
    }

    pub(crate) fn reset(&self, token: &str) -> Letter {
        Letter {
            subject: "Choose a new password".into(),
            body: format!(
                "Open this link within the hour to choose a new password. It works once, and signs you out everywhere \
                 else.\n\n{}\n\nIf you did not ask for it, ignore this mail: your password stays as it is.\n",
                self.link("/reset", token)
            ),
        }
    }

    pub(crate) fn password_changed(&self, email: &str) -> Letter {
        let mut forgot = self.public_url.clone();
        forgot.set_path("/forgot");
        Letter {
            subject: "Your password was changed".into(),
            body: format!(
                "The password of {email} on Switchboard has just been changed, and whoever was signed in with the old one no \
                 longer is. If that was you, there is nothing to do.\n\nIf it was not you, choose a new password at once:\n\n{forgot}\n",
            ),
        }
    }

    pub(crate) fn confirm(&self, token: &str) -> Letter {
        Letter {
            subject: "Confirm your email address".into(),
            body: format!(
                "Open this link within the hour to confirm your address and choose your password.\n\n{}\n\n\
                 If you did not ask for it, ignore this mail: nothing happens without the link.\n",
                self.link("/reset", token)
            ),
        }
    }

    pub(crate) fn invitation(&self, token: &str, org_name: &str, inviter: &str, role: Role) -> Letter {
        // A name is one line here, whatever it is elsewhere: a line break would end the subject.
        let org_name = org_name.split_whitespace().collect::<Vec<_>>().join(" ");
        let inviter = inviter.split_whitespace().collect::<Vec<_>>().join(" ");
        Letter {
            subject: format!("Join {org_name} on Switchboard"),
            body: format!(
                "{inviter} invites you to {org_name} as {}. The link works once, for 7 days.\n\n{}\n\n\
                 If you do not know them, ignore this mail.\n",
                role.label(),
                self.link("/join", token)
            ),
        }
    }
}

/// How mail leaves. It holds links that are credentials, so it is encrypted: from the first byte with `smtps`, by STARTTLS with
/// `smtp`. In the clear it goes only to this machine itself, or where `?tls=none` or `?tls=opportunistic` says so.
fn transport(url: &str) -> Result<AsyncSmtpTransportBuilder, MailError> {
    let url = encrypted(url).ok_or(MailError::Smtp)?;
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str()).map_err(|_| MailError::Smtp)
}

fn encrypted(url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok()?;
    let said = url
        .query_pairs()
        .find(|(name, _)| name == "tls")
        .map(|(_, said)| said.into_owned());
    match said.as_deref() {
        // To the library that is a URL which says nothing.
        Some("none") => url.set_query(None),
        None if url.scheme() == "smtp" && !is_loopback(&url) => url.set_query(Some("tls=required")),
        _ => {}
    }
    Some(url)
}

/// Puts a letter into the outbox, in the transaction of what it is about, with the job that sends it.
pub(crate) async fn enqueue(conn: &mut PgConnection, recipient: &str, letter: &Letter) -> Result<()> {
    sqlx::query!(
        "select identity.enqueue_mail($1, $2, $3, $4)",
        Uuid::now_v7(),
        recipient,
        letter.subject,
        letter.body,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sends one mail. A process without SMTP leaves it to others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail {
    pub mail: Uuid,
}

struct Unsent {
    id: Uuid,
    recipient: String,
    subject: String,
    body: String,
}

impl Job for SendMail {
    const NAME: &'static str = "mail";
    /// Twelve attempts are a day and a half.
    const LIMITS: Limits = Limits {
        slots: 4,
        per_org: 2,
        attempts: 12,
        timeout: Duration::from_secs(60),
        backoff: Backoff {
            first: Duration::from_secs(30),
            longest: Duration::from_secs(6 * 3600),
        },
        ..Limits::USUAL
    };

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let core = &context.core;
        let Some(smtp) = &core.mailer.smtp else {
            return Err(Failure::Retry("This process has no SMTP_URL.".into()));
        };
        let pool = core.db.identity.pool();
        let unsent = sqlx::query_as!(
            Unsent,
            "select o.id, o.recipient, o.subject, o.body from identity.outbox o where o.id = $1 and o.sent_at is null",
            self.mail,
        )
        .fetch_optional(pool)
        .await?;
        let Some(mail) = unsent else {
            return Ok(Outcome::Done);
        };
        if let Err(error) = send(smtp, &core.mailer.from, &mail).await {
            tracing::warn!(mail = %mail.id, attempt = context.attempt, %error, "mail was not accepted");
            // What a mail server says may quote the address, so it stays with the mail.
            sqlx::query!(
                "with kept as (update identity.outbox set error = $2 where id = $1)
                 update identity.invitations set mail_error = $2 where mail_id = $1 and mail_error is distinct from $2",
                mail.id,
                error
            )
            .execute(pool)
            .await?;
            return Err(Failure::Retry(
                "The mail server did not take it. The outbox says why.".into(),
            ));
        }
        // The links in it are credentials; once it has left, nobody needs them here.
        sqlx::query!(
            "with sent as (update identity.outbox set sent_at = now(), body = '', error = null where id = $1)
             update identity.invitations set mail_sent_at = now(), mail_error = null where mail_id = $1",
            mail.id
        )
        .execute(pool)
        .await?;
        Ok(Outcome::Done)
    }
}

async fn send(smtp: &AsyncSmtpTransport<Tokio1Executor>, from: &Mailbox, mail: &Unsent) -> Result<(), String> {
    db::assert_none("the mail server");
    let message = Message::builder()
        .from(from.clone())
        .to(mail.recipient.parse().map_err(|_| "not an address".to_owned())?)
        .subject(&mail.subject)
        // The same on every try, so that a server that has it already can tell.
        .message_id(Some(format!("<{}@switchboard>", mail.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(mail.body.clone())
        .map_err(|error| error.to_string())?;
    smtp.send(message).await.map(|_| ()).map_err(|error| refusal(&error))
}

/// Why a mail was not taken, and what the operator may do about it where the server's own words do not say.
fn refusal(error: &lettre::transport::smtp::Error) -> String {
    let told = error.to_string();
    let advice = if told.contains("InvalidContentType") || told.contains("InvalidMessage") {
        " The server does not begin with encryption on this port: with `smtp://` instead of `smtps://` in SMTP_URL, STARTTLS is used."
    } else if told.contains("STARTTLS") {
        " The server offers no encryption: name one that does in SMTP_URL, or add `?tls=none` to let passwords and links be read on the way."
    } else {
        ""
    };
    format!("{}.{advice}", told.trim_end_matches('.'))
}

/// The newest mails, for the development mailbox. Where mail is really sent, or strangers come, there is no such page.
pub async fn recent(core: &Core) -> Result<Vec<Mail>> {
    if !core.mailer.shows() {
        return Err(Error::NotFound);
    }
    let rows = sqlx::query!(
        "select o.id, o.recipient, o.subject, o.body, o.created_at from identity.outbox o order by o.created_at desc, o.id desc limit 50"
    )
    .fetch_all(core.db.identity.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Mail {
            id: row.id,
            recipient: row.recipient,
            subject: row.subject,
            link: link_in(&row.body),
            body: row.body,
            created_at: row.created_at,
        })
        .collect())
}

/// A letter's link stands on a line of its own.
fn link_in(body: &str) -> Option<String> {
    body.lines().find(|line| line.starts_with("http")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(smtp: Option<&str>) -> Result<Mailer, MailError> {
        at("https://voice.example.com", smtp, None)
    }

    fn at(url: &str, smtp: Option<&str>, mailbox: Option<bool>) -> Result<Mailer, MailError> {
        let mail = config::Mail {
            smtp: smtp.map(|url| url.to_owned().into()),
            mailbox,
            from: "Switchboard <switchboard@example.com>".into(),
        };
        Mailer::new(&mail, &Url::parse(url).unwrap())
    }

    #[tokio::test]
    async fn mail_is_shown_only_where_nobody_else_comes_or_somebody_said_so() {
        let shows = |url, smtp, mailbox| at(url, smtp, mailbox).unwrap().shows();
        for here in [
            "http://localhost:3000",
            "http://127.0.0.1:3000",
            "https://[::1]:3000",
            "http://127.8.8.8",
            "http://voice.localhost:3000",
        ] {
            assert!(shows(here, None, None), "{here}");
            assert!(!shows(here, None, Some(false)), "{here}");
            assert!(!shows(here, Some("smtp://mail.example.com"), Some(true)), "{here}");
        }
        for there in [
            "https://voice.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://0.0.0.0:3000",
            "http://192.168.1.2:3000",
            "http://[2001:db8::1]",
        ] {
            assert!(!shows(there, None, None), "{there}");
            assert!(shows(there, None, Some(true)), "{there}");
        }
    }

    #[test]
    fn every_letter_has_its_link_on_a_line_of_its_own() {
        let mailer = mailer(None).unwrap();
        for (letter, link) in [
            (mailer.verify("t-1"), "https://voice.example.com/verify?token=t-1"),
            (mailer.known("t-1"), "https://voice.example.com/reset?token=t-1"),
            (mailer.reset("t-1"), "https://voice.example.com/reset?token=t-1"),
            (mailer.confirm("t-1"), "https://voice.example.com/reset?token=t-1"),
            (
                mailer.invitation("t-1", "Acme", "Ada", Role::Viewer),
                "https://voice.example.com/join?token=t-1",
            ),
        ] {
            assert_eq!(link_in(&letter.body).as_deref(), Some(link));
        }
    }

    #[test]
    fn a_name_with_line_breaks_adds_no_header() {
        let letter = mailer(None).unwrap().invitation(
            "t",
            "Acme\r\nBcc: x@example.com",
            "Ada\nhttp://evil.example",
            Role::Viewer,
        );
        assert_eq!(letter.subject, "Join Acme Bcc: x@example.com on Switchboard");
        assert_eq!(
            link_in(&letter.body).as_deref(),
            Some("https://voice.example.com/join?token=t")
        );
    }

    #[test]
    fn mail_that_leaves_this_machine_is_encrypted_unless_somebody_says_no() {
        for (said, meant) in [
            (
                "smtp://u:p@mail.example.com",
                "smtp://u:p@mail.example.com?tls=required",
            ),
            (
                "smtp://mail.example.com:587",
                "smtp://mail.example.com:587?tls=required",
            ),
            ("smtp://10.0.0.5:25", "smtp://10.0.0.5:25?tls=required"),
            ("smtp://mail.example.com?tls=none", "smtp://mail.example.com"),
            ("smtps://u:p@mail.example.com", "smtps://u:p@mail.example.com"),
            ("smtp://localhost:1025", "smtp://localhost:1025"),
            ("smtp://127.0.0.1:1025", "smtp://127.0.0.1:1025"),
        ] {
            assert_eq!(encrypted(said).unwrap().as_str(), meant);
            assert!(mailer(Some(said)).is_ok(), "{said}");
        }
    }

    #[test]
    fn a_bad_smtp_url_is_reported_without_its_password() {
        let error = mailer(Some("hunter2")).err().unwrap().to_string();
        assert!(error.starts_with("SMTP_URL") && !error.contains("hunter2"));
    }
}
