//! Outside: does a running server keep two organizations apart, as far as anybody can tell who only sends it requests?
//!
//! What there is to ask comes from the server's own OpenAPI document. One organization has things with a mark on them; the
//! other asks, in every role, for an id of the first and for an id of nobody, wherever an id can stand. Both answers must
//! be the same, to the byte.

mod ask;
mod fixtures;

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;
use switchboard::{
    org::{Permissions, Role},
    report::Outcome,
    verify::{Count, Group, Question},
};
use url::Url;

use ask::{Answer, Client, Operation};
use fixtures::{Owner, RequestTemplate, template};

const GROUP: Group = Group {
    name: "routes",
    remedy: "Look at the route in server/src/rest: what it asks must go through the caller's OrgTx, and what is not found \
             there must be answered with NotFound.",
};

const KNOWN: Question = Question::new(
    "route-known",
    "Is every route of the server's document asked?",
    "There is a way to ask that nobody has looked at.",
);

const OWN: Question = Question::new(
    "route-own",
    "Does every route find what is one's own?",
    "Nothing is shown by not finding another's things where one does not find one's own either.",
);

const FOREIGN: Question = Question::new(
    "route-foreign",
    "Is an id of another organization answered exactly like an id of nobody, in every role and wherever it stands?",
    "Somebody can find out what another organization has, or reach it.",
);

const MARK: Question = Question::new(
    "route-mark",
    "Does no answer contain anything of the other organization?",
    "Something of one organization turns up in what another one is told.",
);

const UNCHANGED: Question = Question::new(
    "route-unchanged",
    "Is everything of an organization as it was after another one has tried?",
    "Somebody can change or delete what belongs to another organization.",
);

#[derive(Default)]
struct Counts {
    known: Count,
    own: Count,
    foreign: Count,
    mark: Count,
    unchanged: Count,
}

/// Asks the server at `url` with a key that may do everything of each of two organizations. What it makes there it takes
/// away again, but for the reports, of which an organization keeps fifty anyway.
pub async fn ask(url: &Url, keys: [&str; 2]) -> anyhow::Result<Vec<Outcome>> {
    let client = Client::new(url)?;
    let operations = client.document().await.context("the server's OpenAPI document")?;
    let [ours, theirs] = [
        Owner::make(&client, keys[0]).await?,
        Owner::make(&client, keys[1]).await?,
    ];
    let asked = compare(&client, &operations, &ours, &theirs).await;
    for things in [&ours, &theirs] {
        things.remove(&client).await?;
    }
    let counts = asked?;
    Ok(vec![
        KNOWN.answered(GROUP, counts.known),
        OWN.answered(GROUP, counts.own),
        FOREIGN.answered(GROUP, counts.foreign),
        MARK.answered(GROUP, counts.mark),
        UNCHANGED.answered(GROUP, counts.unchanged),
    ])
}

async fn compare(client: &Client, operations: &[Operation], ours: &Owner, theirs: &Owner) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    let mut known = Vec::new();
    for operation in operations {
        let template = template(operation);
        let stranger = template
            .is_none()
            .then(|| format!("{operation}: nobody knows how to ask"));
        counts.known.attempt(stranger);
        known.extend(template.map(|template| (operation, template)));
    }
    let keys = keys_of_roles(client, theirs).await?;
    let before = ours.snapshot(client).await?;
    let nobody = theirs.unknown_ids();
    for (operation, template) in &known {
        for (role, key) in &keys {
            let told = ask_as(client, operation, template, key, [ours, theirs, &nobody], &mut counts).await?;
            for (place, foreign, random) in told {
                let fault = differ(&foreign, &random).map(|how| format!("{operation}, {place}, as {role}: {how}"));
                counts.foreign.attempt(fault);
            }
        }
    }
    let after = ours.snapshot(client).await?;
    for (what, was) in before {
        let changed = after.get(&what) != Some(&was);
        counts
            .unchanged
            .attempt(changed.then(|| format!("{what} is not what it was")));
    }
    for (operation, template) in known.iter().filter(|(_, template)| template.names_something()) {
        if operation.deletes() {
            // Of things that nobody deletes twice.
            let fresh = Owner::make(client, &theirs.key).await?;
            own(client, operation, template, &fresh, &nobody, &mut counts.own).await?;
            fresh.remove(client).await?;
        } else {
            own(client, operation, template, theirs, &nobody, &mut counts.own).await?;
        }
    }
    Ok(counts)
}

/// A key of the other organization for each role, which may do what the role may.
async fn keys_of_roles(client: &Client, theirs: &Owner) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut keys = Vec::new();
    for role in Role::ALL {
        let scopes: Vec<_> = Permissions::of_role(role).scopes().collect();
        keys.push((role.label(), theirs.make_key(client, &scopes).await?));
    }
    Ok(keys)
}

/// Puts an id of `ours` and one of nobody wherever an id can stand, one place at a time. Answers which place, and both
/// answers; on the way looks for our mark in every one of them.
async fn ask_as(
    client: &Client,
    operation: &Operation,
    template: &RequestTemplate,
    key: &str,
    [ours, theirs, nobody]: [&Owner; 3],
    counts: &mut Counts,
) -> anyhow::Result<Vec<(String, Answer, Answer)>> {
    let mut told = Vec::new();
    for place in template.places() {
        let foreign = client
            .ask(key, &template.request(operation, theirs, &place, ours))
            .await?;
        let random = client
            .ask(key, &template.request(operation, theirs, &place, nobody))
            .await?;
        told.push((place, foreign, random));
    }
    // What lists or makes anew names nothing, and may still tell something.
    if told.is_empty() && operation.method == "GET" {
        let answer = client
            .ask(key, &template.request(operation, theirs, "", theirs))
            .await?;
        counts.mark.attempt(marked(operation, &answer, ours));
    }
    for (_, foreign, random) in &told {
        for answer in [foreign, random] {
            counts.mark.attempt(marked(operation, answer, ours));
        }
    }
    Ok(told)
}

fn marked(operation: &Operation, answer: &Answer, ours: &Owner) -> Option<String> {
    let sign = ours.identifiers().into_iter().find(|sign| answer.body.contains(sign))?;
    Some(format!("{operation} answers {} with {sign}", answer.status))
}

/// How an id of another organization is told from one of nobody, if it is.
fn differ(foreign: &Answer, random: &Answer) -> Option<String> {
    if foreign.status != random.status {
        return Some(format!(
            "{} for another's, {} for nobody's",
            foreign.status, random.status
        ));
    }
    if foreign.body != random.body {
        return Some(format!("{} with another text than for nobody's", foreign.status));
    }
    // Such an answer says nothing about the id at all.
    let meant = matches!(foreign.status, 200..=299 | 403 | 404 | 422);
    (!meant).then(|| format!("{} for both, which shows nothing", foreign.status))
}

/// The positive control: one's own id is answered in another way than nobody's. A refusal that speaks of the thing, such
/// as a conflict, has found it.
async fn own(
    client: &Client,
    operation: &Operation,
    template: &RequestTemplate,
    theirs: &Owner,
    nobody: &Owner,
    count: &mut Count,
) -> anyhow::Result<()> {
    if template.may_be_absent {
        count.empty.push(format!("{operation} (there is nothing of the kind)"));
        return Ok(());
    }
    for place in template.places() {
        let random = client
            .ask(&theirs.key, &template.request(operation, theirs, &place, nobody))
            .await?;
        let own = client
            .ask(&theirs.key, &template.request(operation, theirs, &place, theirs))
            .await?;
        let found = !matches!(own.status, 401 | 404 | 500..);
        let fault = if !found {
            Some(format!("{operation}, {place}: one's own is answered {}", own.status))
        } else if (own.status, &own.body) == (random.status, &random.body) {
            Some(format!("{operation}, {place}: one's own is answered like nobody's"))
        } else {
            None
        };
        count.attempt(fault);
    }
    Ok(())
}

/// What somebody has, by what it is called.
type Snapshot = BTreeMap<String, Value>;
