//! Another organization, named where nobody asks for one.

use serde_json::{Value, json};

use crate::{
    questions::{self, Belongings},
    replay::rows,
    support::{Org, World},
};

/// What people may put any name into: it is kept and comes back, and belongs to nobody by what it is called.
const FREE: [&str; 3] = ["custom", "metadata", "schema"];

/// Adds the organization to every object, at any depth, under every name it could be taken by.
fn smuggle(value: &mut Value, org: &Org, client: &str) {
    match value {
        Value::Object(fields) => {
            let closed = fields.iter_mut().filter(|(name, _)| !FREE.contains(&name.as_str()));
            closed.for_each(|(_, field)| smuggle(field, org, client));
            for name in ["org_id", "organization_id", "orgId", "org"] {
                fields.entry(name).or_insert_with(|| json!(org.id));
            }
            fields.entry("client_id").or_insert_with(|| json!(client));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| smuggle(item, org, client)),
        _ => {}
    }
}

#[tokio::test]
async fn i8_an_organization_named_anywhere_in_a_request_changes_nothing_about_whose_it_is() {
    let world = World::new().await;
    let (mine, theirs) = (world.org("Mine").await, world.org("Canary").await);
    let visitor = world.visitor(&mine).await;
    let foreign = Belongings::of(&world, &theirs).await;
    let client = world.get("/auth/me", &theirs.key).await.json()["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let query = format!("org_id={0}&organization_id={0}&org={0}&client_id={client}", theirs.id);
    let before = rows(&world, &theirs).await;
    let (mut asked, mut good) = (0, 0);
    for question in questions::of_organizations() {
        if question.changes_the_visitor() {
            continue;
        }
        let own = Belongings::of(&world, &mine).await;
        let answer = question
            .ask_as(&world, &visitor, &own, &query, |body| smuggle(body, &theirs, &client))
            .await;
        let text = answer.text();
        let marks = foreign.ids().into_iter().chain([theirs.name.as_str(), client.as_str()]);
        for mark in marks {
            assert!(!text.contains(mark), "{question} tells of {mark}: {text}");
        }
        assert!(
            answer.status.as_u16() < 500 || answer.error() == "provider_failed",
            "{question}: {text}"
        );
        good += usize::from(answer.status.is_success());
        asked += 1;
    }
    assert!(asked > 40 && good > 20, "{good} of {asked} were answered");
    assert_eq!(rows(&world, &theirs).await, before);
}

#[tokio::test]
async fn i4_an_id_of_another_organization_in_a_filter_finds_what_nobodys_id_finds() {
    let world = World::new().await;
    let (mine, theirs) = (world.org("Mine").await, world.org("Canary").await);
    let (own, foreign) = (
        Belongings::of(&world, &mine).await,
        Belongings::of(&world, &theirs).await,
    );
    let unknown = own.unknown_ids();
    for (path, id) in [
        (
            "/calls?agent_id=",
            (|of: &Belongings| of.fixtures.id("/agents").to_owned()) as fn(&Belongings) -> String,
        ),
        ("/audit?object_id=", |of| of.fixtures.id("/agents").to_owned()),
        ("/audit?object_id=", |of| of.fixtures.id("/calls").to_owned()),
        ("/audit?object_id=", |of| of.fixtures.id("/api-keys").to_owned()),
        ("/agents?q=", |of| of.fixtures.id("/agents").to_owned()),
        ("/calls?q=", |of| of.fixtures.id("/calls").to_owned()),
    ] {
        let ask = async |of: &Belongings| world.get(&format!("{path}{}", id(of)), &mine.key).await;
        let (found, random) = (ask(&foreign).await, ask(&unknown).await);
        assert_eq!((found.status, &found.bytes), (random.status, &random.bytes), "{path}");
        assert_eq!(found.json()["items"], json!([]), "{path}");
        if !path.contains("?q=") {
            assert_ne!(
                ask(&own).await.json()["items"],
                json!([]),
                "{path} finds what is one's own"
            );
        }
    }
    // What they call their things is no filter either: a word of theirs and a tag of theirs.
    for query in ["q=Canary", "tag=Canary"] {
        let found = world.get(&format!("/agents?{query}"), &mine.key).await.json();
        assert_eq!(found["items"], json!([]), "{query}");
        assert_ne!(
            world.get(&format!("/agents?{query}"), &theirs.key).await.json()["items"],
            json!([]),
            "{query}"
        );
    }
}
