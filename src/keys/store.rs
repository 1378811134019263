//! The statements of API keys. What is stored of one is an HMAC whose key is not in the database.

use std::collections::BTreeSet;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{ApiKey, ApiKeyDraft, NewApiKey};
use crate::{
    audit::{self, Detail},
    auth::{Caller, Who},
    check::Check,
    core::Core,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    org::{OrgId, Permissions, Scope},
    resource::{Action, Kind},
    secret::{Master, fingerprint, token},
};

pub const PREFIX: &str = "sb_live_";

/// `sb_live_<short>_<long>`: people tell keys apart by the short part; only the whole opens.
struct Key {
    short: String,
    long: String,
}

impl Key {
    fn fresh() -> Self {
        Self {
            short: hex::encode(&fingerprint(&token())[..6]),
            long: token(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (short, long) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let good = (8..=16).contains(&short.len())
            && short.bytes().all(|b| b.is_ascii_alphanumeric())
            && (32..=128).contains(&long.len());
        good.then(|| Self {
            short: short.to_owned(),
            long: long.to_owned(),
        })
    }

    fn text(&self) -> String {
        format!("{PREFIX}{}_{}", self.short, self.long)
    }

    /// What is stored of it, and what it is found by: a wrong half is no nearer to a hash than any other text.
    fn hash(&self, secret: &Master) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.key("api-key")).expect("HMAC takes a key of any length");
        mac.update(self.short.as_bytes());
        mac.update(b"_");
        mac.update(self.long.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Whose key this is. Whether it has been revoked or has expired is asked in the transaction that uses it.
pub(crate) async fn recognize(core: &Core, text: &str) -> Result<Option<(OrgId, Id<ApiKey>)>> {
    let Some(key) = Key::parse(text) else {
        return Ok(None);
    };
    let row = sqlx::query!(
        r#"select s.org_id as "org_id: OrgId", s.key_id as "key_id: Id<ApiKey>" from identity.api_key_secrets s
             join identity.organizations o on o.id = s.org_id
           where s.secret_hash = $1 and o.deleted_at is null"#,
        key.hash(&core.secret),
    )
    .fetch_optional(core.db.identity.pool())
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    used(core, &row.org_id, row.key_id).await?;
    Ok(Some((row.org_id, row.key_id)))
}

/// To the minute, which is how long a process remembers a key.
async fn used(core: &Core, org: &OrgId, key: Id<ApiKey>) -> Result<()> {
    let mut tx = Caller::system(org.clone())
        .begin(&core.db, Action::Update, Kind::ApiKey)
        .await?;
    let noted = sqlx::query!(
        "update app.api_keys set used_at = now()
         where org_id = $1 and id = $2 and revoked_at is null
           and (used_at is null or used_at < now() - interval '1 minute')",
        tx.org() as _,
        key.uuid(),
    )
    .execute(tx.conn())
    .await?;
    if noted.rows_affected() == 1 {
        tx.changed(Kind::ApiKey);
    }
    tx.commit().await
}

/// One row of app.api_keys.
struct KeyRecord {
    id: Id<ApiKey>,
    name: String,
    short: String,
    scopes: Permissions,
    created_by: Option<String>,
    created_at: chrono::DateTime<chrono::Utc>,
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
    revoked_at: Option<chrono::DateTime<chrono::Utc>>,
    used_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl From<KeyRecord> for ApiKey {
    fn from(row: KeyRecord) -> Self {
        Self {
            id: row.id,
            name: row.name,
            short: row.short,
            scopes: row.scopes.scopes().collect(),
            created_by: row.created_by,
            maker: None,
            maker_left: false,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            used_at: row.used_at,
        }
    }
}

pub async fn list(core: &Core, caller: &Caller) -> Result<Vec<ApiKey>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::ApiKey).await?;
    let mut keys = all(&mut tx).await?;
    name_makers(&mut tx, &mut keys).await?;
    tx.commit().await?;
    Ok(keys)
}

/// Says whose keys they are. People and keys are not kept on the same servers, so they are not asked for in one statement.
async fn name_makers(tx: &mut OrgTx, keys: &mut [ApiKey]) -> Result<()> {
    let people: BTreeSet<_> = keys.iter().filter_map(|key| key.created_by.clone()).collect();
    let makers = sqlx::query!(
        r#"select p.person as "person!", m.name as "name?", m.role as "role?"
         from unnest($1::text[]) p (person) left join lateral identity.member(p.person) m on true"#,
        &people.into_iter().collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    for key in keys {
        let maker = makers
            .iter()
            .find(|maker| Some(&maker.person) == key.created_by.as_ref());
        key.maker = maker.and_then(|maker| maker.name.clone());
        key.maker_left = maker.is_some_and(|maker| maker.role.is_none());
    }
    Ok(())
}

pub(crate) async fn all(tx: &mut OrgTx) -> Result<Vec<ApiKey>> {
    let rows = sqlx::query_as!(
        KeyRecord,
        "select k.id, k.name, k.short, k.scopes, k.created_by, k.created_at, k.expires_at, k.revoked_at, k.used_at
         from app.api_keys k where k.org_id = $1
         order by k.created_at desc, k.id desc limit 200",
        tx.org() as _,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// Makes a key that may do no more than its maker. Its secret half is shown now and never again.
pub async fn create(core: &Core, caller: &Caller, draft: ApiKeyDraft) -> Result<NewApiKey> {
    Check::run(&draft)?;
    let mut tx = caller.begin(&core.db, Action::Create, Kind::ApiKey).await?;
    let wanted: Permissions = draft.scopes.iter().copied().collect();
    if !wanted.within(tx.permissions()) {
        return Err(Error::invalid(
            "scopes",
            "A key may do at most what you may do yourself.",
        ));
    }
    let (id, key) = (Id::<ApiKey>::new(), Key::fresh());
    let scopes: Vec<String> = wanted.scopes().map(|scope: Scope| scope.to_string()).collect();
    let maker = match caller.who() {
        Who::Person(user) => Some(user.to_string()),
        // What a key makes belongs to whom the key belongs to: else a key could outlive its maker in another one.
        Who::Key(key) => {
            sqlx::query_scalar!(
                "select k.created_by from app.api_keys k where k.org_id = $1 and k.id = $2",
                tx.org() as _,
                key.uuid(),
            )
            .fetch_one(tx.conn())
            .await?
        }
        Who::System => None,
    };
    let row = sqlx::query_as!(
        KeyRecord,
        "insert into app.api_keys as k (org_id, client_id, id, name, short, scopes, created_by, expires_at)
         select c.org_id, c.id, $2, $3, $4, $5, $6, now() + make_interval(days => $7)
         from app.clients c where c.org_id = $1
         returning k.id, k.name, k.short, k.scopes, k.created_by, k.created_at, k.expires_at, k.revoked_at, k.used_at",
        tx.org() as _,
        id.uuid(),
        draft.name.trim(),
        key.short,
        &scopes,
        maker,
        draft.expires_in_days.and_then(|days| i32::try_from(days).ok()),
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "select identity.keep_api_key($1, $2, $3)",
        id.uuid(),
        key.short,
        key.hash(&core.secret),
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::ApiKey);
    let may = Detail {
        scopes: wanted.scopes().collect(),
        ..Detail::default()
    };
    audit::record_with(
        &mut tx,
        Action::Create.word(),
        Kind::ApiKey,
        &id.to_string(),
        &row.name,
        may,
    )
    .await?;
    let mut made = [row.into()];
    name_makers(&mut tx, &mut made).await?;
    tx.commit().await?;
    let [made] = made;
    Ok(NewApiKey {
        key: made,
        secret: key.text(),
    })
}

/// Ends a key, from the next request on.
pub async fn revoke(core: &Core, caller: &Caller, id: Id<ApiKey>) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Delete, Kind::ApiKey).await?;
    let name = sqlx::query_scalar!(
        "update app.api_keys set revoked_at = coalesce(revoked_at, $3) where org_id = $1 and id = $2 returning name",
        tx.org() as _,
        id.uuid(),
        chrono::Utc::now(),
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound)?;
    sqlx::query!("select identity.drop_api_key($1)", id.uuid())
        .execute(tx.conn())
        .await?;
    tx.changed(Kind::ApiKey);
    audit::record_verb(&mut tx, "revoke", Kind::ApiKey, &id.to_string(), &name).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_written() {
        for _ in 0..100 {
            let key = Key::fresh();
            let same = Key::parse(&key.text()).unwrap();
            assert_eq!((same.short, same.long), (key.short, key.long));
        }
    }

    #[test]
    fn only_the_whole_key_opens_and_only_with_the_pepper() {
        let (secret, key) = (Master::fresh(), Key::fresh());
        let stored = key.hash(&secret);
        assert_eq!(Key::parse(&key.text()).unwrap().hash(&secret), stored);
        assert_ne!(key.hash(&Master::fresh()), stored);
        let mut other = Key::parse(&key.text()).unwrap();
        other
            .long
            .replace_range(..1, if key.long.starts_with('A') { "B" } else { "A" });
        assert_ne!(other.hash(&secret), stored);
        let moved = Key {
            short: Key::fresh().short,
            long: key.long.clone(),
        };
        assert_ne!(moved.hash(&secret), stored);
    }

    #[test]
    fn nothing_is_not_a_key() {
        for bad in [
            "",
            "sb_live_",
            "sb_live_abc",
            "sb_live_abcdefgh_",
            "sk_live_abcdefgh_x",
            "sb_live_é_x",
        ] {
            assert!(Key::parse(bad).is_none(), "{bad}");
        }
    }
}
