//! `OrgTx`: the only way to an organization's rows.

use std::{collections::BTreeSet, fmt::Write};

use sqlx::{PgConnection, Postgres, Transaction};

use super::{AppPool, Db, WorkerPool, open::Open, pool::Pool};
use crate::{
    auth::{Caller, Who},
    error::{Error, Result},
    id::Id,
    jobs,
    keys::ApiKey,
    live,
    org::{OrgId, Permissions, Role, Scope, UserId},
    resource::{Action, Kind},
    secret::Master,
};

/// A transaction inside one organization, opened for one purpose by one caller. Dropping it undoes everything.
pub struct OrgTx {
    tx: Open,
    org: OrgId,
    who: Who,
    permissions: Permissions,
    changed: Vec<Kind>,
    /// The queues in which something is due when this commits.
    due: BTreeSet<String>,
    secret: Option<Master>,
}

/// How a transaction begins.
#[derive(Clone, Copy)]
enum Mode {
    Write,
    Read,
    /// Looks for some rows among many: which index finds them soonest depends on what is looked for, so it is planned each time.
    Search,
    /// Reads one page of a list: its statement runs along one index, whatever is looked for. Postgres would plan it anew
    /// each time, because with the values at hand it expects fewer rows, and come to the same plan.
    Page,
}

impl Mode {
    const fn words(self) -> &'static str {
        match self {
            Self::Write => "begin",
            Self::Read => "begin read only",
            Self::Search => "begin read only; set local plan_cache_mode = force_custom_plan",
            Self::Page => "begin read only; set local plan_cache_mode = force_generic_plan",
        }
    }
}

impl Caller {
    /// Opens the caller's organization, having looked again, in the same transaction, at what the caller may do there:
    /// whoever was removed or demoted a moment ago is refused now.
    pub async fn begin(&self, db: &Db, action: Action, kind: Kind) -> Result<OrgTx> {
        let mode = if action == Action::Read {
            Mode::Read
        } else {
            Mode::Write
        };
        self.open(db, mode, action, kind).await
    }

    /// The same, to read a page of a list by the index that is in its order.
    pub async fn begin_page(&self, db: &Db, kind: Kind) -> Result<OrgTx> {
        self.open(db, Mode::Page, Action::Read, kind).await
    }

    /// The same, to look for rows by whatever a filter names.
    pub async fn begin_search(&self, db: &Db, kind: Kind) -> Result<OrgTx> {
        self.open(db, Mode::Search, Action::Read, kind).await
    }

    async fn open(&self, db: &Db, mode: Mode, action: Action, kind: Kind) -> Result<OrgTx> {
        let mut tx = OrgTx::open(self, db, mode).await?;
        tx.permissions = tx.standing(self.limit()).await?;
        tx.require(action, kind)?;
        Ok(tx)
    }
}

impl OrgTx {
    async fn open(caller: &Caller, db: &Db, mode: Mode) -> Result<Self> {
        let AppPool(app) = &db.app;
        let WorkerPool(worker) = &db.worker;
        let (pool, person): (&Pool, Option<&UserId>) = match caller.who() {
            Who::Person(user) => (app, Some(user)),
            Who::Key(_) => (app, None),
            Who::System => (worker, None),
        };
        // One round trip. Ids are letters and digits by construction (`OrgId::parse`), which is what makes this text
        // safe; SET LOCAL takes no parameters, and ends with the transaction whatever happens to it.
        let mut open = format!("{}; set local app.org_id = '{}'", mode.words(), caller.org());
        if let Some(user) = person {
            write!(open, "; set local app.user_id = '{user}'").expect("writing to a string cannot fail");
        }
        if let Some(at) = caller.issued_at() {
            write!(open, "; set local app.issued_at = '{}'", at.timestamp()).expect("writing to a string cannot fail");
        }
        let tx = pool.begin(&open).await?;
        Ok(Self {
            tx,
            org: caller.org().clone(),
            who: caller.who().clone(),
            permissions: Permissions::default(),
            changed: Vec::new(),
            due: BTreeSet::new(),
            secret: db.secret.clone(),
        })
    }

    /// A transaction of `verify` that has entered this organization already, as the program's own statements want it.
    pub(crate) fn entered(tx: Transaction<'static, Postgres>, org: OrgId) -> Self {
        Self {
            tx: Open::new(tx),
            org,
            who: Who::System,
            permissions: Permissions::default(),
            changed: Vec::new(),
            due: BTreeSet::new(),
            secret: None,
        }
    }

    /// The other way round.
    pub(crate) fn into_inner(self) -> Transaction<'static, Postgres> {
        self.tx.into_inner()
    }

    /// What the caller may do here and now, never more than its credential carries.
    async fn standing(&mut self, limit: Option<Permissions>) -> Result<Permissions> {
        let held = match self.who.clone() {
            Who::System => Scope::all().collect(),
            Who::Person(_) => {
                let role = sqlx::query_scalar!("select identity.current_role()")
                    .fetch_one(self.conn())
                    .await?;
                let role: Role = role.and_then(|word| word.parse().ok()).ok_or(Error::Unauthenticated)?;
                Permissions::of_role(role)
            }
            Who::Key(key) => self.key_scopes(key).await?,
        };
        Ok(limit.map_or(held, |limit| held.and(limit)))
    }

    /// What a key carries, as far as its maker may do it at this moment.
    async fn key_scopes(&mut self, key: Id<ApiKey>) -> Result<Permissions> {
        let org = self.org.clone();
        let held = sqlx::query!(
            r#"select k.scopes as "scopes: Permissions", k.created_by, m.role as "role?"
             from app.api_keys k left join lateral identity.member(k.created_by) m on true
             where k.org_id = $1 and k.id = $2
               and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())"#,
            org as _,
            key.uuid(),
        )
        .fetch_optional(self.conn())
        .await?
        .ok_or(Error::Unauthenticated)?;
        // One that an operator made is nobody's.
        if held.created_by.is_none() {
            return Ok(held.scopes);
        }
        let role: Option<Role> = held.role.and_then(|word| word.parse().ok());
        Ok(held.scopes.and(Permissions::of_role(role.ok_or(Error::MakerGone)?)))
    }

    /// Asks for one more permission inside the same transaction.
    pub fn require(&self, action: Action, kind: Kind) -> Result<()> {
        if self.permissions.permit(action, kind) {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// The organization every statement names, row security or not.
    pub fn org(&self) -> OrgId {
        self.org.clone()
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Who acts, for the audit log: an id and its kind.
    pub fn actor(&self) -> (String, &'static str) {
        match &self.who {
            Who::Person(user) => (user.to_string(), "person"),
            Who::Key(key) => (key.to_string(), "api_key"),
            Who::System => ("system".to_owned(), "system"),
        }
    }

    /// Seals a value for a column of this organization. It opens in the same place alone.
    pub fn seal(&self, purpose: &'static str, place: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let secret = self.secret.as_ref();
        let secret = secret.ok_or_else(|| Error::internal("this process has nothing to seal with"))?;
        secret.seal(purpose, &self.place(place), plain)
    }

    /// What was sealed there; nothing where it was sealed elsewhere, or under another secret of the installation.
    pub fn unseal(&self, purpose: &'static str, place: &str, sealed: Vec<u8>) -> Option<Vec<u8>> {
        self.secret.as_ref()?.open(purpose, &self.place(place), sealed)
    }

    /// What somebody makes of the installation's secret for this organization, such as a signature.
    pub(crate) fn with_secret<T>(&self, make: impl FnOnce(&Master, &OrgId) -> T) -> Result<T> {
        let secret = self.secret.as_ref();
        let secret = secret.ok_or_else(|| Error::internal("this process has nothing to sign with"))?;
        Ok(make(secret, &self.org))
    }

    fn place(&self, place: &str) -> String {
        format!("{}\0{place}", self.org)
    }

    /// Notes that things of this kind are other than they were. Caches and open pages are told when the transaction commits,
    /// in this order, and never of one that does not.
    pub fn changed(&mut self, kind: Kind) {
        if !self.changed.contains(&kind) {
            self.changed.push(kind);
        }
    }

    pub fn changed_kinds(&self) -> &[Kind] {
        &self.changed
    }

    /// Wakes the workers of this queue once the transaction is committed.
    pub(crate) fn wake(&mut self, queue: &str) {
        self.due.insert(queue.to_owned());
    }

    pub async fn commit(mut self) -> Result<()> {
        for queue in std::mem::take(&mut self.due) {
            sqlx::query!("select pg_notify($1, $2)", jobs::CHANNEL, queue)
                .execute(self.conn())
                .await?;
        }
        if !self.changed.is_empty() {
            self.notify().await?;
        }
        Ok(self.tx.commit().await?)
    }

    /// Postgres passes it on with the commit.
    async fn notify(&mut self) -> Result<()> {
        let payloads: Vec<String> = self
            .changed
            .iter()
            .map(|kind| live::payload(*kind, &self.org))
            .collect();
        sqlx::query!(
            "select pg_notify('switchboard', payload) from unnest($1::text[]) payload",
            &payloads
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgListener;

    use super::*;
    use crate::db::testing::TestDb;

    #[tokio::test]
    async fn what_changed_is_told_once_with_the_commit_and_names_no_organization() {
        let test = TestDb::create().await;
        let db = Db::connect(&test.logins, 1).await.unwrap();
        sqlx::raw_sql(
            "insert into identity.users (id, email, name) values ('user_ada', 'ada@ada.example', 'Ada');
             insert into identity.organizations (id, name) values ('org_ada', 'Ada')",
        )
        .execute(&test.admin)
        .await
        .unwrap();
        let ada = Caller::system(OrgId::parse("org_ada").unwrap());
        let mut listener = PgListener::connect_with(&test.admin).await.unwrap();
        listener.listen("switchboard").await.unwrap();

        let mut undone = ada.begin(&db, Action::Update, Kind::Call).await.unwrap();
        undone.changed(Kind::Call);
        drop(undone);
        let mut tx = ada.begin(&db, Action::Update, Kind::Agent).await.unwrap();
        for kind in [Kind::Agent, Kind::Audit, Kind::Agent] {
            tx.changed(kind);
        }
        tx.commit().await.unwrap();
        // Of members Postgres tells by itself.
        sqlx::raw_sql(
            "insert into identity.memberships (org_id, user_id, role) values ('org_ada', 'user_ada', 'owner')",
        )
        .execute(&test.admin)
        .await
        .unwrap();

        let mut heard = Vec::new();
        for _ in 0..3 {
            let notification = listener.recv().await.unwrap();
            let (topic, org) = notification.payload().split_once(':').unwrap();
            heard.push((topic.to_owned(), org.to_owned()));
        }
        let topics: Vec<&str> = heard.iter().map(|(topic, _)| topic.as_str()).collect();
        assert_eq!(topics, ["agents", "audit", "members"]);
        for (_, org) in &heard {
            assert_eq!(*org, heard[0].1);
            assert!(org.len() == 64 && org.bytes().all(|b| b.is_ascii_hexdigit()), "{org}");
        }
        db.close().await;
    }
}
