//! The members of an organization: who they are, what they may do, and how they go.

use super::intents::{Intent, carry_out};
use crate::{
    audit::Detail,
    auth::{Caller, Who},
    core::Core,
    db::OrgTx,
    error::{Error, Result, ResultExt},
    org::{Member, Permissions, Role, UserId},
    resource::{Action, Kind},
};

pub async fn members(core: &Core, caller: &Caller) -> Result<Vec<Member>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Member).await?;
    let members = sqlx::query_as!(
        Member,
        r#"select user_id as "user_id!: UserId", name as "name!", email as "email!", role as "role!: Role",
                  joined_at as "joined_at!", used_at from identity.org_members()"#
    )
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(members)
}

pub async fn set_role(core: &Core, caller: &Caller, user: &UserId, role: Role) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Member).await?;
    let pair = lock_roles(&mut tx, caller, user).await?;
    pair.govern(pair.theirs)?;
    pair.govern(role)?;
    if pair.theirs == role {
        return Ok(());
    }
    if role != Role::Owner {
        pair.keep_an_owner()?;
    }
    let change = Intent {
        action: Action::Update.word(),
        subject: user.as_str(),
        label: &format!("{} → {}", pair.theirs.label(), role.label()),
        detail: Detail {
            from: Some(pair.theirs),
            to: Some(role),
            ..Detail::default()
        },
        role: Some(role),
        invitation: None,
    };
    if let Some(clerk) = &core.clerk {
        let intent = change.begin(&mut tx).await?;
        tx.commit().await?;
        return carry_out(core, caller.org(), intent, clerk.set_role(caller.org(), user, role)).await;
    }
    apply(&mut tx, user, Some(role)).await?;
    change.record(&mut tx).await?;
    tx.commit().await
}

pub async fn remove_member(core: &Core, caller: &Caller, user: &UserId) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Delete, Kind::Member).await?;
    let pair = lock_roles(&mut tx, caller, user).await?;
    pair.govern(pair.theirs)?;
    pair.keep_an_owner()?;
    let change = Intent {
        action: Action::Delete.word(),
        subject: user.as_str(),
        label: pair.theirs.label(),
        detail: Detail {
            from: Some(pair.theirs),
            ..Detail::default()
        },
        role: None,
        invitation: None,
    };
    if let Some(clerk) = &core.clerk {
        let intent = change.begin(&mut tx).await?;
        tx.commit().await?;
        return carry_out(core, caller.org(), intent, clerk.remove_member(caller.org(), user)).await;
    }
    apply(&mut tx, user, None).await?;
    change.record(&mut tx).await?;
    tx.commit().await
}

async fn apply(tx: &mut OrgTx, user: &UserId, role: Option<Role>) -> Result<()> {
    sqlx::query!("select identity.set_role($1, $2)", user.as_str(), role.map(Role::word))
        .execute(tx.conn())
        .await
        .on_constraint("memberships_last_owner", last_owner)?;
    Ok(())
}

pub(super) fn last_owner() -> Error {
    Error::Conflict("An organization keeps an owner. Make somebody else an owner first.".into())
}

/// The caller and another member, as they stand until this transaction ends.
struct Pair {
    hand: Hand,
    theirs: Role,
    owners: i64,
}

/// What the caller hands roles out with.
pub(super) struct Hand {
    /// A key has none.
    role: Option<Role>,
    held: Permissions,
}

async fn lock_roles(tx: &mut OrgTx, caller: &Caller, user: &UserId) -> Result<Pair> {
    if caller.org().is_personal() {
        return Err(Error::Conflict("A personal workspace has one member.".into()));
    }
    let row = sqlx::query!(
        r#"select mine as "mine: Role", theirs as "theirs: Role", owners as "owners!" from identity.lock_roles($1)"#,
        user.as_str()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Pair {
        hand: Hand::of(caller, tx, row.mine)?,
        theirs: row.theirs.ok_or(Error::NotFound)?,
        owners: row.owners,
    })
}

impl Hand {
    pub fn of(caller: &Caller, tx: &OrgTx, role: Option<Role>) -> Result<Self> {
        let held = tx.permissions();
        match caller.who() {
            // Removed between the beginning of this transaction and the lock.
            Who::Person(_) if role.is_none() => Err(Error::Unauthenticated),
            Who::Person(_) => Ok(Self { role, held }),
            Who::Key(_) | Who::System => Ok(Self { role: None, held }),
        }
    }

    /// Nobody hands out, or takes away, more than they hold; nor does a credential that carries less than its holder may do.
    pub fn govern(&self, role: Role) -> Result<()> {
        let may = self.role.is_none_or(|mine| mine.governs(role)) && Permissions::of_role(role).within(self.held);
        if may { Ok(()) } else { Err(Error::Forbidden) }
    }
}

impl Pair {
    fn govern(&self, role: Role) -> Result<()> {
        self.hand.govern(role)
    }

    fn keep_an_owner(&self) -> Result<()> {
        if self.theirs == Role::Owner && self.owners <= 1 {
            return Err(last_owner());
        }
        Ok(())
    }
}
