//! The API keys of a member: what ends, or may do less, with what is done to them. Said before it is done.

use std::future::Future;

use switchboard::{
    keys::ApiKey,
    org::{OrgId, Permissions, Role, UserId},
    resource::{Action, Kind},
};

use crate::{keys::list_keys, may};

/// What becomes of their keys, as a sentence; empty where they have none that works. Who may not see keys is told that there may be
/// some.
pub fn told(org: OrgId, member: UserId, becomes: Option<Role>) -> impl Future<Output = String> {
    // Asked now: what is waited for later belongs to no page.
    let sees = may(Action::Read, Kind::ApiKey);
    async move {
        let keys = if sees { list_keys(org).await.ok() } else { None };
        let Some(keys) = keys else {
            return "API keys that they made can do no more than they can.".to_owned();
        };
        let theirs = |key: &&ApiKey| key.created_by.as_deref() == Some(member.as_str()) && key.works(keys.as_of);
        words(keys.all.iter().filter(theirs), becomes)
    }
}

fn words<'a>(keys: impl Iterator<Item = &'a ApiKey>, becomes: Option<Role>) -> String {
    let allowed = becomes.map(Permissions::of_role).unwrap_or_default();
    let less = |key: &&ApiKey| key.scopes.iter().any(|scope| !allowed.permit(scope.action, scope.kind));
    let names: Vec<&str> = keys.filter(less).map(|key| key.name.as_str()).collect();
    let verb = if becomes.is_some() { "can do less" } else { "ends" };
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("Their API key {verb} too: {one}."),
        many => {
            let verb = if becomes.is_some() { "can do less" } else { "end" };
            format!("Their {} API keys {verb} too: {}.", many.len(), many.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard::Id;

    fn key(name: &str, scopes: &[&str]) -> ApiKey {
        ApiKey {
            id: Id::from_uuid(uuid::Uuid::nil()),
            name: name.to_owned(),
            short: String::new(),
            scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
            created_by: None,
            maker: None,
            maker_left: false,
            created_at: Default::default(),
            expires_at: None,
            revoked_at: None,
            used_at: None,
        }
    }

    #[test]
    fn only_keys_that_lose_something_are_named() {
        let keys = [key("Site", &["agents:read"]), key("Deploy", &["agents:update"])];
        assert_eq!(words(keys.iter(), None), "Their 2 API keys end too: Site, Deploy.");
        assert_eq!(
            words(keys.iter(), Some(Role::Viewer)),
            "Their API key can do less too: Deploy."
        );
        assert_eq!(words(keys.iter(), Some(Role::Admin)), "");
        assert_eq!(words([].iter(), None), "");
    }
}
