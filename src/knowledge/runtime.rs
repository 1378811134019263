//! What an agent looks up in the middle of a call: one tool of ours, which names its knowledge bases under our signature, and answers
//! for a call that is there.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::{FoundPassage, KnowledgeBase, SearchQuestion, bindings, search};
use crate::{
    agents::for_provider,
    auth::Caller,
    calls,
    core::Core,
    crud,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    org::OrgId,
    providers::ultravox::duration::write_ms,
    resource::{Action, Kind},
    secret::Master,
};

/// What the model calls it.
pub const TOOL: &str = "search_knowledge";
/// Where the token travels.
pub const HEADER: &str = "X-Switchboard-Knowledge";
/// Where it is asked, below the address of the installation.
pub const PATH: &str = "/runtime/knowledge";
const PURPOSE: &str = "knowledge";
/// Milliseconds the provider waits for an answer.
const PATIENCE_MS: i64 = 10_000;

/// The knowledge bases of an agent, as its copy at the provider refers to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    token: String,
    description: String,
}

/// What an agent with these bases has. One that is not there is said beside the field.
pub(crate) async fn lookup(tx: &mut OrgTx, ids: &[Id<KnowledgeBase>]) -> Result<Option<Lookup>> {
    if ids.is_empty() {
        return Ok(None);
    }
    let uuids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let bases = sqlx::query!(
        "select b.id, b.name, b.description from app.knowledge_bases b where b.org_id = $1 and b.id = any($2)",
        tx.org() as _,
        &uuids,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut description = "Looks something up in what this organization has written down. Use it before you answer a question about facts, \
        and answer from what it finds alone. It knows:"
        .to_owned();
    for (i, id) in ids.iter().enumerate() {
        let base = bases
            .iter()
            .find(|base| base.id == *id)
            .ok_or_else(|| bindings::gone(i))?;
        let about = if base.description.is_empty() {
            String::new()
        } else {
            format!(" ({})", base.description)
        };
        description.push_str(&format!(" {}{about}.", base.name));
    }
    let token = tx.with_secret(|secret, org| sign(secret, org, ids))?;
    Ok(Some(Lookup { token, description }))
}

/// The tool as an agent's template selects it.
pub(crate) fn tool(lookup: &Lookup, installation: &Url) -> Value {
    let at = installation.join(PATH).map_or_else(|_| PATH.to_owned(), String::from);
    json!({
        "temporaryTool": {
            "modelToolName": TOOL,
            "description": for_provider(&lookup.description),
            "dynamicParameters": [{
                "name": "query",
                "location": "PARAMETER_LOCATION_BODY",
                "schema": { "type": "string", "description": "The question, in the words of whoever asks it" },
                "required": true,
            }],
            "staticParameters": [{ "name": HEADER, "location": "PARAMETER_LOCATION_HEADER", "value": lookup.token }],
            "automaticParameters": [{
                "name": "call_id",
                "location": "PARAMETER_LOCATION_BODY",
                "knownValue": "KNOWN_PARAM_CALL_ID",
            }],
            "timeout": write_ms(PATIENCE_MS),
            "http": { "baseUrlPattern": at, "httpMethod": "POST" },
        }
    })
}

/// Whether a selected tool is this one.
pub(crate) fn is_tool(selected: &Value) -> bool {
    selected["temporaryTool"]["modelToolName"] == TOOL
}

/// What two writers of the same tool agree on.
pub(crate) fn facts(selected: &Value) -> Value {
    let tool = &selected["temporaryTool"];
    json!([tool["http"]["baseUrlPattern"], tool["staticParameters"][0]["value"]])
}

fn mac(secret: &Master, text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.key(PURPOSE)).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac
}

/// The organization, its bases, and our word for both.
fn sign(secret: &Master, org: &OrgId, ids: &[Id<KnowledgeBase>]) -> String {
    let mut text = org.to_string();
    for id in ids {
        text.push_str(&format!(".{}", id.uuid().simple()));
    }
    let signature = hex::encode(mac(secret, &text).finalize().into_bytes());
    format!("{text}.{signature}")
}

/// Nothing where it is not ours to the last character.
fn verified(secret: &Master, token: &str) -> Option<(OrgId, Vec<Id<KnowledgeBase>>)> {
    let (text, signature) = token.rsplit_once('.')?;
    let signature = hex::decode(signature).ok()?;
    mac(secret, text).verify_slice(&signature).ok()?;
    let mut parts = text.split('.');
    let org = OrgId::parse(parts.next()?).ok()?;
    let ids = parts.map(|id| id.parse().ok()).collect::<Option<Vec<_>>>()?;
    Some((org, ids))
}

/// Answers what an agent looks up on a call, in words for its model, and writes down on the call what it was told.
pub async fn answer(core: &Core, token: &str, call_id: &str, query: &str) -> Result<String> {
    let (org, bases) = verified(&core.secret, token).ok_or(Error::NotFound)?;
    let worker = Caller::system(org);
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
    let call = calls::store::talking(&mut tx, call_id).await?.ok_or(Error::NotFound)?;
    let question = SearchQuestion {
        q: query.chars().filter(|c| !c.is_control()).take(500).collect(),
        ..SearchQuestion::default()
    };
    let answer = search::search(&mut tx, &bases, &question).await?;
    let note = format!("“{}”: {}", question.q, places(&answer.passages));
    calls::store::add_event(&mut tx, call, "looked_up", &note).await?;
    tx.changed(Kind::Call);
    crud::commit(core, tx).await?;
    Ok(answer.told)
}

/// Where passages stand, in words.
fn places(passages: &[FoundPassage]) -> String {
    let places: Vec<String> = passages
        .iter()
        .map(|passage| match (passage.page, passage.heading.as_str()) {
            (Some(page), _) => format!("{}, page {page}", passage.source),
            (None, "") => passage.source.clone(),
            (None, heading) => format!("{}, {heading}", passage.source),
        })
        .collect();
    if places.is_empty() {
        "nothing found".to_owned()
    } else {
        places.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_as_it_was_signed_and_in_no_other_way() {
        let (secret, org) = (Master::fresh(), OrgId::parse("org_ada").unwrap());
        let ids = [Id::new(), Id::new()];
        let token = sign(&secret, &org, &ids);
        assert_eq!(verified(&secret, &token), Some((org.clone(), ids.to_vec())));
        assert_eq!(verified(&Master::fresh(), &token), None);
        let other = sign(&secret, &OrgId::parse("org_bob").unwrap(), &ids);
        let signature = other.rsplit_once('.').unwrap().1;
        let text = token.rsplit_once('.').unwrap().0;
        for forged in [
            format!("{text}.{signature}"),
            token.replace("org_ada", "org_bob"),
            text.to_owned(),
            format!("{token}0"),
            String::new(),
            ".".to_owned(),
        ] {
            assert_eq!(verified(&secret, &forged), None, "{forged}");
        }
    }
}
