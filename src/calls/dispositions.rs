//! Dispositions: an organization's own words for why calls end. They are shown and found by, and decide nothing.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::EndReason;
use crate::check::{Check, Checked};

/// What an organization calls one of the reasons. Several may be called the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    pub end_reason: EndReason,
    pub name: String,
}

/// All of them: a reason that is left out goes by its usual name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Dispositions {
    pub dispositions: Vec<Disposition>,
}

impl Checked for Dispositions {
    fn check(&self, check: &mut Check) {
        check.count(
            "dispositions",
            self.dispositions.len(),
            EndReason::ALL.len(),
            "dispositions",
        );
        let mut seen = HashSet::new();
        for (i, disposition) in self.dispositions.iter().enumerate() {
            check.text(format!("dispositions[{i}].name"), &disposition.name, 1..=40);
            if !seen.insert(disposition.end_reason) {
                check.fail(format!("dispositions[{i}].end_reason"), "This reason is there twice.");
            }
        }
        check.beyond("dispositions[].end_reason", "it is there twice");
    }
}

#[cfg(feature = "ssr")]
pub mod flow {
    //! What people do with dispositions: read them, and replace them all.

    use super::{Check, Disposition, Dispositions, EndReason};
    use crate::{
        audit,
        auth::Caller,
        core::Core,
        crud,
        db::OrgTx,
        error::{Error, Result, ResultExt},
        resource::{Action, Kind},
    };

    pub async fn get(core: &Core, caller: &Caller) -> Result<Dispositions> {
        let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
        let dispositions = all(&mut tx).await?;
        tx.commit().await?;
        Ok(Dispositions { dispositions })
    }

    pub async fn replace(core: &Core, caller: &Caller, what: Dispositions) -> Result<Dispositions> {
        Check::run(&what)?;
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Organization).await?;
        sqlx::query!("delete from app.dispositions where org_id = $1", tx.org() as _)
            .execute(tx.conn())
            .await?;
        let (reasons, names): (Vec<&str>, Vec<&str>) = what
            .dispositions
            .iter()
            .map(|disposition| (disposition.end_reason.word(), disposition.name.trim()))
            .unzip();
        sqlx::query!(
            "insert into app.dispositions (org_id, end_reason, name)
             select $1, d.end_reason, d.name from unnest($2::text[], $3::text[]) d (end_reason, name)",
            tx.org() as _,
            &reasons as _,
            &names as _,
        )
        .execute(tx.conn())
        .await
        .on_constraint("dispositions_pkey", || {
            Error::Conflict(
                "Somebody else is changing dispositions at the same time. Look again in a moment.".to_owned(),
            )
        })?;
        let dispositions = all(&mut tx).await?;
        let object = (tx.org().to_string(), "Dispositions".to_owned());
        audit::record_many(
            &mut tx,
            Action::Update,
            Kind::Organization,
            &[object],
            Some("dispositions"),
        )
        .await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await?;
        Ok(Dispositions { dispositions })
    }

    /// The reasons that are called so.
    pub(crate) async fn reasons(tx: &mut OrgTx, name: &str) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select d.end_reason as "word: String" from app.dispositions d where d.org_id = $1 and d.name = $2"#,
            tx.org() as _,
            name,
        )
        .fetch_all(tx.conn())
        .await?)
    }

    async fn all(tx: &mut OrgTx) -> Result<Vec<Disposition>> {
        Ok(sqlx::query_as!(
            Disposition,
            r#"select d.end_reason as "end_reason: EndReason", d.name from app.dispositions d where d.org_id = $1 order by d.name, d.end_reason"#,
            tx.org() as _,
        )
        .fetch_all(tx.conn())
        .await?)
    }
}
