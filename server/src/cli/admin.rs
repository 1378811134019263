//! `switchboard admin`: accounts from the command line, for operators, scripts and tests.

use clap::Subcommand;
use switchboard::{
    account::Password,
    auth::admin,
    config::Config,
    jobs,
    org::{OrgId, Role},
};

use crate::{database::replace_secret, start::start_without_voice};

#[derive(Subcommand)]
pub enum Admin {
    /// Makes a person, an organization and an all-scopes API key, and prints them as JSON. Running it again returns the
    /// same person and organization with a fresh key and token.
    Bootstrap {
        #[arg(long)]
        email: String,
        #[arg(long)]
        password: String,
        #[arg(long)]
        org: String,
    },
    /// Makes a person whose e-mail counts as verified.
    CreateUser {
        #[arg(long)]
        email: String,
        #[arg(long)]
        password: String,
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Gives a person a role in an organization.
    AddMember {
        #[arg(long)]
        email: String,
        #[arg(long)]
        org: OrgIdArg,
        #[arg(long)]
        role: RoleArg,
    },
    /// Prints a token for a person in an organization, good for five minutes at PUBLIC_URL, or where the server ran last.
    Token {
        #[arg(long)]
        email: String,
        #[arg(long)]
        org: OrgIdArg,
    },
    /// Sets a password and signs the person out everywhere.
    ResetPassword {
        #[arg(long)]
        email: String,
        #[arg(long)]
        password: String,
    },
    /// Takes the secret that is there now for the one this database was made with. API keys and the secrets of tools that the
    /// other one made are of no use from then on.
    ReplaceSecret,
    /// Prints the jobs that were given up, each as a line of JSON with the reason, the newest first.
    Jobs,
    /// Lets jobs that were given up begin anew: one, or all of a kind. Prints how many.
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    RetryJobs {
        #[arg(long, group = "which")]
        id: Option<uuid::Uuid>,
        #[arg(long, group = "which")]
        kind: Option<String>,
    },
}

#[derive(Clone)]
pub struct OrgIdArg(OrgId);
impl std::str::FromStr for OrgIdArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        OrgId::parse(text)
            .map(Self)
            .map_err(|_| "an organization's id begins with org_ or user_".into())
    }
}

#[derive(Clone)]
pub struct RoleArg(Role);
impl std::str::FromStr for RoleArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| format!("use one of {}", Role::ALL.map(Role::word).join(", ")))
    }
}

pub async fn run(config: Config, command: Admin) -> anyhow::Result<()> {
    if matches!(command, Admin::ReplaceSecret) {
        return replace_secret(&config).await;
    }
    let started = start_without_voice(config).await?;
    let core = &started.core;
    let done = async {
        match command {
            Admin::Bootstrap { email, password, org } => {
                let made = admin::bootstrap(core, &email, &Password::from(password), &org).await?;
                println!("{}", serde_json::to_string(&made)?);
            }
            Admin::CreateUser { email, password, name } => {
                println!(
                    "{}",
                    admin::create_user(core, &email, &Password::from(password), &name).await?
                );
            }
            Admin::AddMember { email, org, role } => {
                admin::add_member(core, &org.0, &email, role.0).await?;
            }
            Admin::Token { email, org } => println!("{}", admin::token(core, &email, Some(org.0)).await?),
            Admin::ResetPassword { email, password } => {
                admin::reset_password(core, &email, &Password::from(password)).await?
            }
            Admin::Jobs => {
                for job in jobs::parked(core).await? {
                    println!("{}", serde_json::to_string(&job)?);
                }
            }
            Admin::ReplaceSecret => unreachable!("it needs no core"),
            Admin::RetryJobs { id, kind } => println!("{}", jobs::retry_parked(core, id, kind.as_deref()).await?),
        }
        anyhow::Ok(())
    };
    let done = done.await;
    started.stop().await?;
    done
}
