//! Carrying out: what each command does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sqlx::postgres::PgConnectOptions;
use switchboard::report::html;

use super::{Carry, Command, Discover, Warden, show};
use crate::{
    catalog::Catalog,
    claims,
    discover::{Hints, discover},
    error::WardenError,
    hazards::hazards,
    journal,
    plan::{self, Frozen, Signer, flaws},
    run::{self, Options, Target},
    session::Session,
    steps::{Phase, steps},
    verify::verify,
};

/// What a command comes to.
pub(super) enum End {
    Well,
    /// Something is not as it should be, and has been said.
    Amiss,
}

impl Warden {
    pub(super) async fn carry_out(self) -> Result<End, WardenError> {
        // A file is what it is, whatever database there is.
        if let Command::Signed { file } = &self.command {
            return signed(file);
        }
        let mut session = Session::open(&self.login()?).await?;
        let ended = self.within(&mut session).await;
        // A connection that is gone has said so already.
        let closed = session.close().await;
        let ended = ended?;
        closed.map(|()| ended)
    }

    fn login(&self) -> Result<PgConnectOptions, WardenError> {
        let url = self.database.as_deref().ok_or(WardenError::NoDatabase)?;
        // The error of the parser would quote the address, password and all.
        url.parse().map_err(|_| WardenError::NoDatabase)
    }

    async fn within(&self, session: &mut Session) -> Result<End, WardenError> {
        match &self.command {
            Command::Discover(command) => self.discover(session, command).await,
            Command::Plan { file } => self.freeze(session, file).await,
            Command::Add(carry) => self.phases(session, &[Phase::Add], carry).await,
            Command::Backfill(carry) => self.phases(session, &[Phase::Backfill], carry).await,
            Command::Constrain(carry) => self.phases(session, &[Phase::Constrain], carry).await,
            Command::Claims {
                shadow,
                overwrite,
                rate,
                carry,
            } => {
                let mut options = carry.options();
                options.claims.overwrite = *overwrite;
                options.claims.dry_run = carry.dry_run;
                options.claims.rate = rate.unwrap_or(options.claims.rate);
                self.claims(session, *shadow, &options).await
            }
            Command::Seal { first, carry } => {
                let options = Options {
                    first: *first,
                    ..carry.options()
                };
                self.carried(session, &[Phase::Seal], carry.dry_run, &options).await
            }
            Command::Contract { i_have_a_backup, carry } => {
                if i_have_a_backup.as_ref().is_none_or(|id| id.trim().is_empty()) && !carry.dry_run {
                    return Err(WardenError::NoBackup);
                }
                if let Some(backup) = i_have_a_backup.as_ref().filter(|_| !carry.dry_run) {
                    self.frozen(session).await?;
                    journal::note_backup(&mut session.connection, backup).await?;
                }
                self.phases(session, &[Phase::Contract], carry).await
            }
            Command::Verify { html, report } => self.verify(session, html.as_deref(), report.as_deref()).await,
            Command::Rollback { to, carry } => self.rollback(session, to, carry).await,
            Command::Signed { file } => signed(file),
            Command::Status => self.status(session).await,
            Command::Resume { through, carry } => self.resume(session, *through, carry).await,
            Command::Pause => {
                journal::frozen(&mut session.connection, None).await?;
                journal::pause(&mut session.connection, true).await?;
                println!("whoever is at work stops after its batch; `warden resume` goes on");
                Ok(End::Well)
            }
        }
    }

    async fn discover(&self, session: &mut Session, command: &Discover) -> Result<End, WardenError> {
        let hints = Hints {
            users: command.users.clone(),
            organizations: command.organizations.clone(),
            organization_key: command.organization_key.clone(),
            membership: command.membership.clone(),
            column: command.column.clone(),
            personal: command.personal,
        };
        let found = discover(&mut session.connection, &hints).await?;
        let file = plan::write(&found.plan);
        fs::write(&command.out, file).map_err(|error| WardenError::file(&command.out, &error))?;
        show::discovery(&found, &command.out, self.json);
        Ok(End::Well)
    }

    async fn freeze(&self, session: &mut Session, file: &Path) -> Result<End, WardenError> {
        let text = fs::read_to_string(file).map_err(|error| WardenError::file(file, &error))?;
        let plan = plan::read(&text).map_err(|error| WardenError::Unreadable(error.to_string()))?;
        let signer = Signer::load(&self.key)?;
        session.lock_exclusively().await?;
        let now = Catalog::read(&mut session.connection).await?;
        // A plan that takes over from one under way is about the database as that one has found it.
        let catalog = match journal::begun(&mut session.connection).await? {
            None => now,
            Some(before) => {
                let drift = before.drift(&now);
                if !drift.is_empty() {
                    return Err(WardenError::Drifted(drift));
                }
                before.catalog
            }
        };
        let flaws = flaws(&plan, &catalog);
        if !flaws.is_empty() {
            return Err(WardenError::Flawed(flaws));
        }
        session.check_preconditions(&plan, &catalog).await?;
        let hazards = hazards(&mut session.connection, &plan, &catalog).await?;
        if !hazards.is_empty() {
            return Err(WardenError::Flawed(hazards));
        }
        journal::open(&mut session.connection).await?;
        let frozen = Frozen::new(plan, catalog);
        journal::keep(&mut session.connection, &frozen, &signer).await?;
        show::frozen(&frozen, self.json);
        Ok(End::Well)
    }

    /// The plan as somebody signed it: with our key, where we have one.
    async fn frozen(&self, session: &mut Session) -> Result<Frozen, WardenError> {
        let signer = self.key.exists().then(|| Signer::load(&self.key)).transpose()?;
        journal::frozen(&mut session.connection, signer.as_ref()).await
    }

    async fn phases(&self, session: &mut Session, phases: &[Phase], carry: &Carry) -> Result<End, WardenError> {
        self.carried(session, phases, carry.dry_run, &carry.options()).await
    }

    async fn carried(
        &self,
        session: &mut Session,
        phases: &[Phase],
        dry_run: bool,
        options: &Options,
    ) -> Result<End, WardenError> {
        session.lock_exclusively().await?;
        let frozen = self.frozen(session).await?;
        for phase in phases {
            if dry_run {
                show::statements(&frozen, &steps(&frozen, *phase), |step| &step.work, self.json);
                continue;
            }
            let shown = show::Progress::new(self.json, &frozen);
            let ended = run::phase(session, &frozen, *phase, options, &|event| shown.show(event)).await;
            shown.end();
            ended?;
        }
        Ok(End::Well)
    }

    async fn claims(&self, session: &mut Session, shadow: bool, options: &Options) -> Result<End, WardenError> {
        session.lock_exclusively().await?;
        let frozen = self.frozen(session).await?;
        let shown = show::Progress::new(self.json, &frozen);
        let watch = |event: &run::Event| shown.show(event);
        if shadow {
            let told = |progress: claims::Progress| watch(&run::Event::people(progress));
            let survey = claims::shadow(&mut session.connection, &frozen.plan, &options.claims, &told).await;
            shown.end();
            let survey = survey?;
            show::survey(&survey, self.json);
            return Ok(if survey.holds() { End::Well } else { End::Amiss });
        }
        if options.claims.dry_run {
            let told = |progress: claims::Progress| watch(&run::Event::people(progress));
            let outcome = claims::run(&mut session.connection, &frozen.plan, &options.claims, &told).await;
            shown.end();
            show::people(&outcome?.progress, self.json);
            return Ok(End::Well);
        }
        let ended = run::phase(session, &frozen, Phase::Claims, options, &watch).await;
        shown.end();
        ended.map(|()| End::Well)
    }

    async fn rollback(&self, session: &mut Session, to: &str, carry: &Carry) -> Result<End, WardenError> {
        let target =
            match to {
                "start" => Target::Start,
                phase => Target::After(phase.parse().map_err(|error: crate::steps::NoPhase| {
                    WardenError::Unreadable(format!("--to: {error}, or start"))
                })?),
            };
        session.lock_exclusively().await?;
        let frozen = self.frozen(session).await?;
        if carry.dry_run {
            let undone = run::would_undo(session, &frozen, target).await?;
            show::statements(&frozen, &undone, |step| &step.undo, self.json);
            return Ok(End::Well);
        }
        let shown = show::Progress::new(self.json, &frozen);
        let ended = run::rollback(session, &frozen, target, &carry.options(), &|event| shown.show(event)).await;
        shown.end();
        ended.map(|()| End::Well)
    }

    async fn resume(&self, session: &mut Session, through: Option<Phase>, carry: &Carry) -> Result<End, WardenError> {
        let frozen = self.frozen(session).await?;
        if !carry.dry_run {
            journal::pause(&mut session.connection, false).await?;
        }
        let noted = journal::noted(&mut session.connection, &frozen).await?;
        let begun = |phase: &Phase| {
            noted
                .iter()
                .any(|noted| noted.phase == phase.word() && noted.state != "undone")
        };
        let last = through
            .or_else(|| Phase::ALL.into_iter().filter(begun).max())
            .unwrap_or(Phase::Add);
        if last == Phase::Contract && !begun(&Phase::Contract) {
            return Err(WardenError::NoBackup);
        }
        let left: Vec<_> = Phase::ALL
            .into_iter()
            .filter(|phase| *phase <= last && !journal::complete(&frozen, &noted, *phase))
            .collect();
        self.phases(session, &left, carry).await
    }

    async fn verify(
        &self,
        session: &mut Session,
        page: Option<&Path>,
        file: Option<&Path>,
    ) -> Result<End, WardenError> {
        let frozen = self.frozen(session).await?;
        let report = verify(session, &frozen, &claims::Options::from_env()).await?;
        let json = serde_json::to_string_pretty(&report).expect("a report is plain values");
        if let Some(page) = page {
            fs::write(page, html(&report)).map_err(|error| WardenError::file(page, &error))?;
        }
        if let Some(file) = file {
            fs::write(file, &json).map_err(|error| WardenError::file(file, &error))?;
            let signature = Signer::load(&self.key)?.signature(json.as_bytes());
            let (beside, signature) = (beside(file), serde_json::to_string(&signature).expect("two texts"));
            fs::write(&beside, signature).map_err(|error| WardenError::file(&beside, &error))?;
        }
        if self.json {
            println!("{json}");
        } else {
            print!("{report}");
        }
        Ok(if report.clean { End::Well } else { End::Amiss })
    }

    async fn status(&self, session: &mut Session) -> Result<End, WardenError> {
        let frozen = self.frozen(session).await?;
        let noted = journal::noted(&mut session.connection, &frozen).await?;
        let all: Vec<_> = Phase::ALL
            .into_iter()
            .map(|phase| (phase, steps(&frozen, phase).len()))
            .collect();
        let paused = journal::paused(&mut session.connection).await?;
        let now = Catalog::read(&mut session.connection).await?;
        let drift = [frozen.drift(&now), frozen.parts_drift(&now)].concat();
        show::status(&frozen, &noted, &all, paused, &drift, self.json);
        Ok(End::Well)
    }
}

/// Where the signature of a file is.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

fn signed(file: &Path) -> Result<End, WardenError> {
    let read = |path: &Path| fs::read(path).map_err(|error| WardenError::file(path, &error));
    let beside = beside(file);
    let signature: plan::Signature =
        serde_json::from_slice(&read(&beside)?).map_err(|error| WardenError::Unreadable(error.to_string()))?;
    if plan::check(&read(file)?, &signature.signature, &signature.signer).is_err() {
        println!("{} is not what was signed", file.display());
        return Ok(End::Amiss);
    }
    println!("{} is as it was signed by {}", file.display(), signature.signer);
    Ok(End::Well)
}
