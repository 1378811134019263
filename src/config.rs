//! Configuration: every variable, its default and its meaning, read once.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use secrecy::SecretString;
use url::{Host, Url};

use crate::{money::Micros, providers::LanguageModelAccess};

#[derive(Clone, Debug)]
pub struct Config {
    /// `SWITCHBOARD_ADDR`, default `127.0.0.1:3000`: where `serve` listens. Port 0 takes a free one.
    pub addr: SocketAddr,
    /// `SWITCHBOARD_WORKER_ADDR`, default none: where `worker` answers `/healthz`, `/readyz` and `/metrics`. No default port,
    /// since several may run on one machine.
    pub worker_addr: Option<SocketAddr>,
    /// `SWITCHBOARD_DATA`, default `./data`: the private Postgres, the installation's secret, the sandbox's state.
    pub data: PathBuf,
    /// Whether somebody said so. Then everything is there, or nothing starts.
    pub is_data_said: bool,
    /// `PUBLIC_URL`, default `http://<addr>`: how browsers and providers reach this installation.
    pub public_url: Option<Url>,
    /// `TRUSTED_PROXIES`, default 0: how many proxies stand in front, each adding whom it answers to `X-Forwarded-For`. The
    /// client's address is then that many places from the right; with 0 it is the connection's, whatever a header says.
    pub trusted_proxies: usize,
    pub database: Database,
    /// `DATABASE_MAX_CONNECTIONS`, default 16: of each pool (requests, worker, identity).
    pub max_connections: u32,
    /// `SWITCHBOARD_SECRET`, 64 hex digits: all keys of this installation derive from it. Without it one is made and
    /// kept in `$SWITCHBOARD_DATA/secret`; processes on several machines must be given the same.
    pub secret: Option<SecretString>,
    /// `ULTRAVOX_API_KEY`: without it calls are simulated.
    pub ultravox: Option<Ultravox>,
    /// `CLERK_SECRET_KEY` and `CLERK_PUBLISHABLE_KEY`: with them people sign in with Clerk, otherwise with a password.
    pub clerk: Option<Clerk>,
    /// `LLM_URL`, such as `https://api.openai.com/v1`, `LLM_KEY` and `LLM_MODEL`: the language model that helps with writing, on any
    /// server with OpenAI's chat completions. Without them it is simulated where calls are, and else there is none.
    pub language_model: Option<LanguageModelAccess>,
    /// `LLM_TIMEOUT_S`, default 55: seconds a language model may take for one answer.
    pub model_deadline: Duration,
    /// `STORAGE_BUCKET`: where files lie, such as recordings; without it they lie in `$SWITCHBOARD_DATA/files`, which only processes
    /// of one machine share.
    pub bucket: Option<Bucket>,
    pub mail: Mail,
    /// `SWITCHBOARD_SIGNUP_CREDIT_CENTS`, default 500: US cents a new organization starts with.
    pub signup_credit: Micros,
    /// `SWITCHBOARD_SANDBOX_SPEED`, default 1: how much faster than life simulated calls run.
    pub sandbox_speed: f64,
    /// `SWITCHBOARD_REQUESTS_PER_SECOND`, default 100: REST requests of one organization, twice that in a burst. An
    /// address without a known credential may ask a tenth of it, at least ten.
    pub requests_per_second: u32,
    /// `SWITCHBOARD_DOCUMENT_READER`, default this program itself: the program that documents are read by, each in a process of its
    /// own (`switchboard read-document`).
    pub document_reader: Option<PathBuf>,
    /// `SWITCHBOARD_SHUTDOWN_S`, default 30: seconds a stopping process gives its requests.
    pub shutdown: Duration,
}

#[derive(Clone, Debug)]
pub enum Database {
    /// No `DATABASE_URL`: a private Postgres under `$SWITCHBOARD_DATA/postgres`, on a unix socket.
    Embedded,
    /// One URL per role, so that no process can become another.
    External {
        /// `DATABASE_URL`: login `switchboard_app`.
        app: SecretString,
        /// `DATABASE_WORKER_URL`: login `switchboard_worker`.
        worker: Option<SecretString>,
        /// `DATABASE_IDENTITY_URL`: login `switchboard_identity`.
        identity: Option<SecretString>,
        /// `DATABASE_WARDEN_URL`: login `switchboard_warden`, for `migrate` and `verify`. Where a worker has it, members
        /// can run `verify` from the page *Isolation*.
        warden: Option<SecretString>,
        /// `DATABASE_ADMIN_URL`: whoever may create roles; only `migrate` uses it, and only for `src/db/roles.sql`.
        admin: Option<SecretString>,
        /// `DATABASE_LISTEN_URL`: login `switchboard_worker`, past the pooler where the other URLs lead through one. Default
        /// `DATABASE_WORKER_URL`.
        listen: Option<SecretString>,
    },
}

impl Database {
    /// Whether this process could log in as the warden.
    pub const fn has_warden(&self) -> bool {
        match self {
            Self::Embedded => true,
            Self::External { warden, .. } => warden.is_some(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Ultravox {
    /// `ULTRAVOX_API_KEY`
    pub key: SecretString,
    /// `ULTRAVOX_URL`, default `https://api.ultravox.ai`.
    pub url: Url,
    /// `ULTRAVOX_MEDIUM`, default `sip`: how phone calls leave the provider: `sip`, `twilio`, `telnyx` or `plivo`.
    pub medium: String,
    /// `ULTRAVOX_FROM`: the number or SIP address phone calls come from.
    pub from: String,
    /// `ULTRAVOX_SIP_HOST`: the trunk that `sip` calls go through, such as `sip.example.com`.
    pub sip_host: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Clerk {
    /// `CLERK_SECRET_KEY`
    pub secret_key: SecretString,
    /// `CLERK_PUBLISHABLE_KEY`: names the instance's frontend API.
    pub publishable_key: String,
    /// `CLERK_WEBHOOK_SECRET`: of the endpoint `/webhooks/clerk`. Without it Clerk's events are refused.
    pub webhook_secret: Option<SecretString>,
    /// `CLERK_API_URL`, default `https://api.clerk.com`.
    pub api_url: Url,
    /// `CLERK_FRONTEND_API`, default what the publishable key names.
    pub frontend_api: Url,
}

/// A bucket of Amazon S3 or of what speaks the same.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// `STORAGE_BUCKET`
    pub name: String,
    /// `STORAGE_PREFIX`, default none: before the name of every file.
    pub prefix: String,
    /// `STORAGE_ENDPOINT`, such as `https://minio.example.com`; default Amazon's own.
    pub endpoint: Option<Url>,
    /// `STORAGE_REGION`, default `us-east-1`.
    pub region: String,
    /// `STORAGE_KEY_ID`
    pub key_id: String,
    /// `STORAGE_SECRET`
    pub secret: SecretString,
}

#[derive(Clone, Debug)]
pub struct Mail {
    /// `SMTP_URL`, such as `smtps://user:password@smtp.example.com`, or `smtp://…:587` where the server encrypts with STARTTLS:
    /// without it no mail leaves.
    pub smtp: Option<SecretString>,
    /// `DEV_MAIL`, 1 or 0: whether anybody may read at `/dev/mail` what did not leave. By default only where `PUBLIC_URL`
    /// is this machine itself.
    pub mailbox: Option<bool>,
    /// `MAIL_FROM`, default `Switchboard <switchboard@localhost>`.
    pub from: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(name: &'static str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self { name, problem }
    }
}

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    /// Reads from any source of variables; unset and blank are the same.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let secret = |name| get(name).map(SecretString::from);
        let model_deadline = Duration::from_secs(parsed(get, "LLM_TIMEOUT_S")?.unwrap_or(55));
        let addr: SocketAddr = parsed(get, "SWITCHBOARD_ADDR")?.unwrap_or(([127, 0, 0, 1], 3000).into());
        let database = match secret("DATABASE_URL") {
            None => Database::Embedded,
            Some(app) => Database::External {
                app,
                worker: secret("DATABASE_WORKER_URL"),
                identity: secret("DATABASE_IDENTITY_URL"),
                warden: secret("DATABASE_WARDEN_URL"),
                admin: secret("DATABASE_ADMIN_URL"),
                listen: secret("DATABASE_LISTEN_URL"),
            },
        };
        Ok(Self {
            addr,
            worker_addr: parsed(get, "SWITCHBOARD_WORKER_ADDR")?,
            data: get("SWITCHBOARD_DATA").unwrap_or_else(|| "./data".into()).into(),
            is_data_said: get("SWITCHBOARD_DATA").is_some(),
            public_url: parsed(get, "PUBLIC_URL")?,
            trusted_proxies: parsed(get, "TRUSTED_PROXIES")?.unwrap_or(0),
            database,
            max_connections: parsed(get, "DATABASE_MAX_CONNECTIONS")?.unwrap_or(16),
            secret: secret("SWITCHBOARD_SECRET"),
            ultravox: ultravox(get)?,
            clerk: clerk(get)?,
            language_model: language_model(get, model_deadline)?,
            model_deadline,
            bucket: bucket(get)?,
            mail: Mail {
                smtp: secret("SMTP_URL"),
                mailbox: switch(get, "DEV_MAIL")?,
                from: get("MAIL_FROM").unwrap_or_else(|| "Switchboard <switchboard@localhost>".into()),
            },
            signup_credit: Micros::cents(parsed(get, "SWITCHBOARD_SIGNUP_CREDIT_CENTS")?.unwrap_or(500)),
            sandbox_speed: parsed(get, "SWITCHBOARD_SANDBOX_SPEED")?.unwrap_or(1.0),
            requests_per_second: parsed(get, "SWITCHBOARD_REQUESTS_PER_SECOND")?.unwrap_or(100),
            document_reader: get("SWITCHBOARD_DOCUMENT_READER").map(PathBuf::from),
            shutdown: Duration::from_secs(parsed(get, "SWITCHBOARD_SHUTDOWN_S")?.unwrap_or(30)),
        })
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(
    get: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<T>, ConfigError> {
    get(name)
        .map(|text| text.trim().parse())
        .transpose()
        .map_err(|error: T::Err| ConfigError {
            name,
            problem: error.to_string(),
        })
}

fn switch(get: &dyn Fn(&str) -> Option<String>, name: &'static str) -> Result<Option<bool>, ConfigError> {
    match get(name).as_deref().map(str::trim) {
        None => Ok(None),
        Some("1" | "true") => Ok(Some(true)),
        Some("0" | "false") => Ok(Some(false)),
        Some(_) => Err(ConfigError {
            name,
            problem: "use 1 or 0".into(),
        }),
    }
}

fn ultravox(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Ultravox>, ConfigError> {
    let Some(key) = get("ULTRAVOX_API_KEY") else {
        return Ok(None);
    };
    let medium = get("ULTRAVOX_MEDIUM").unwrap_or_else(|| "sip".into());
    if !["sip", "twilio", "telnyx", "plivo"].contains(&medium.as_str()) {
        return Err(ConfigError {
            name: "ULTRAVOX_MEDIUM",
            problem: "use sip, twilio, telnyx or plivo".into(),
        });
    }
    Ok(Some(Ultravox {
        key: key.into(),
        url: parsed(get, "ULTRAVOX_URL")?.unwrap_or_else(|| known("https://api.ultravox.ai")),
        medium,
        from: get("ULTRAVOX_FROM").unwrap_or_default(),
        sip_host: get("ULTRAVOX_SIP_HOST"),
    }))
}

/// All of it, or nothing: an address without a key is a mistake that nobody would notice.
fn language_model(
    get: &dyn Fn(&str) -> Option<String>,
    deadline: Duration,
) -> Result<Option<LanguageModelAccess>, ConfigError> {
    const NAMES: [&str; 3] = ["LLM_URL", "LLM_KEY", "LLM_MODEL"];
    let Some(said) = NAMES.into_iter().find(|name| get(name).is_some()) else {
        return Ok(None);
    };
    let needed = |name| {
        get(name).ok_or_else(|| ConfigError {
            name,
            problem: format!("needed beside {said}"),
        })
    };
    let (_, key, model) = (needed("LLM_URL")?, needed("LLM_KEY")?, needed("LLM_MODEL")?);
    let url: Option<Url> = parsed(get, "LLM_URL")?;
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| ConfigError {
        name: "LLM_URL",
        problem: "use an http or https address, such as https://api.openai.com/v1".to_owned(),
    })?;
    Ok(Some(LanguageModelAccess {
        url,
        key: key.trim().to_owned().into(),
        model: model.trim().to_owned(),
        deadline,
    }))
}

fn clerk(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Clerk>, ConfigError> {
    let Some(secret_key) = get("CLERK_SECRET_KEY") else {
        return Ok(None);
    };
    let publishable_key = get("CLERK_PUBLISHABLE_KEY").ok_or(ConfigError {
        name: "CLERK_PUBLISHABLE_KEY",
        problem: "needed beside CLERK_SECRET_KEY".into(),
    })?;
    let frontend_api = match parsed(get, "CLERK_FRONTEND_API")? {
        Some(url) => url,
        None => frontend_api_of(&publishable_key).ok_or(ConfigError {
            name: "CLERK_PUBLISHABLE_KEY",
            problem: "does not name a frontend API".into(),
        })?,
    };
    Ok(Some(Clerk {
        secret_key: secret_key.into(),
        publishable_key,
        webhook_secret: get("CLERK_WEBHOOK_SECRET").map(Into::into),
        api_url: parsed(get, "CLERK_API_URL")?.unwrap_or_else(|| known("https://api.clerk.com")),
        frontend_api,
    }))
}

fn bucket(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Bucket>, ConfigError> {
    let Some(name) = get("STORAGE_BUCKET") else {
        return Ok(None);
    };
    let needed = |name| get(name).ok_or_else(|| ConfigError::new(name, "needed beside STORAGE_BUCKET"));
    Ok(Some(Bucket {
        name,
        prefix: get("STORAGE_PREFIX").unwrap_or_default(),
        endpoint: parsed(get, "STORAGE_ENDPOINT")?,
        region: get("STORAGE_REGION").unwrap_or_else(|| "us-east-1".into()),
        key_id: needed("STORAGE_KEY_ID")?,
        secret: needed("STORAGE_SECRET")?.into(),
    }))
}

/// A publishable key is `pk_test_` or `pk_live_` and the base64 of `<host>$` (Clerk's documentation).
fn frontend_api_of(publishable_key: &str) -> Option<Url> {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    let encoded = publishable_key
        .strip_prefix("pk_test_")
        .or_else(|| publishable_key.strip_prefix("pk_live_"))?;
    let host = String::from_utf8(STANDARD_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?).ok()?;
    Url::parse(&format!("https://{}", host.strip_suffix('$')?)).ok()
}

/// Whether only this machine comes to this address: `localhost`, all names under it (RFC 6761), and the addresses of the
/// loopback interface.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // Only of the web's schemes are addresses told from names.
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name.ends_with(".localhost")
                || name
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.to_canonical().is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

fn known(url: &str) -> Url {
    Url::parse(url).expect("a literal URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(&|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!(config.addr.to_string(), "127.0.0.1:3000");
        assert!(matches!(config.database, Database::Embedded));
        assert!(config.ultravox.is_none() && config.clerk.is_none());
    }

    #[test]
    fn a_bad_value_is_reported_by_its_own_name() {
        assert!(
            read(&[("SWITCHBOARD_ADDR", "nowhere")])
                .unwrap_err()
                .to_string()
                .starts_with("SWITCHBOARD_ADDR: ")
        );
        assert!(
            read(&[("ULTRAVOX_API_KEY", "k"), ("ULTRAVOX_MEDIUM", "pigeon")])
                .unwrap_err()
                .to_string()
                .starts_with("ULTRAVOX_MEDIUM: ")
        );
        for (name, value) in [("DEV_MAIL", "perhaps"), ("TRUSTED_PROXIES", "-1")] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
        }
        assert!(
            read(&[("CLERK_SECRET_KEY", "sk_test_x")])
                .unwrap_err()
                .to_string()
                .starts_with("CLERK_PUBLISHABLE_KEY: ")
        );
    }

    #[test]
    fn a_language_model_has_an_address_a_key_and_a_name() {
        let all = [
            ("LLM_URL", "https://models.example.com/v1"),
            ("LLM_KEY", "hunter2"),
            ("LLM_MODEL", "small"),
            ("LLM_TIMEOUT_S", "7"),
        ];
        let config = read(&all).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let access = config.language_model.unwrap();
        assert_eq!((access.model.as_str(), access.deadline.as_secs()), ("small", 7));
        assert!(read(&all[3..]).unwrap().language_model.is_none());
        for left_out in 0..3 {
            let mut some = all.to_vec();
            let (name, _) = some.remove(left_out);
            let error = read(&some).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: needed beside ")), "{error}");
        }
        for url in ["nowhere", "ftp://models.example.com", "unix:/models"] {
            let mut wrong = all.to_vec();
            wrong[0].1 = url;
            assert!(read(&wrong).unwrap_err().to_string().starts_with("LLM_URL: "), "{url}");
        }
    }

    #[test]
    fn this_machine_has_several_names_and_no_other_machine_has_one_of_them() {
        for here in [
            "http://localhost:3000",
            "http://voice.localhost",
            "http://127.0.0.1:3000",
            "http://127.8.8.8",
            "https://[::1]:3000",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(&known(here)), "{here}");
        }
        for there in [
            "https://voice.example.com",
            "http://localhost.example.com",
            "http://notlocalhost",
            "http://127.0.0.1.example.com",
            "http://0.0.0.0:3000",
            "http://192.168.1.2:3000",
            "http://[2001:db8::1]",
            "data:text/plain,localhost",
        ] {
            assert!(!is_loopback(&known(there)), "{there}");
        }
    }

    #[test]
    fn a_publishable_key_names_the_frontend_api() {
        let config = read(&[
            ("CLERK_SECRET_KEY", "sk_test_x"),
            ("CLERK_PUBLISHABLE_KEY", "pk_test_ZXhhbXBsZS5hY2NvdW50cy5kZXYk"),
        ])
        .unwrap();
        assert_eq!(
            config.clerk.unwrap().frontend_api.as_str(),
            "https://example.accounts.dev/"
        );
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let config = read(&[
            ("DATABASE_URL", "postgres://u:hunter2@h/d"),
            ("ULTRAVOX_API_KEY", "hunter2"),
            ("SWITCHBOARD_SECRET", "hunter2"),
            ("SMTP_URL", "smtps://hunter2@h"),
        ])
        .unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
