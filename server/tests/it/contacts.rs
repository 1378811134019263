//! Contacts and their folders over REST: one number each, moved and tagged together, counted where they are.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use switchboard::{
    contacts::{Contact, ContactFacets},
    crud,
    folders::Folder,
};

use crate::support::{Answer, Org, World};

impl World {
    async fn create(&self, org: &Org, path: &str, body: Value) -> String {
        let answer = self.post(path, &org.key, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    async fn folder(&self, org: &Org, name: &str, parent: Option<&str>) -> String {
        self.create(org, "/contact-folders", json!({"name": name, "parent_id": parent}))
            .await
    }

    async fn contact(&self, org: &Org, name: &str, folder: Option<&str>) -> String {
        self.create(org, "/contacts", json!({"name": name, "folder_id": folder}))
            .await
    }

    /// The names on the list, the newest first.
    async fn contacts(&self, org: &Org, query: &str) -> Vec<String> {
        let list = self.get(&format!("/contacts?{query}"), &org.key).await;
        assert_eq!(list.status, StatusCode::OK, "{}", list.text());
        let list = list.json();
        let names = list["items"].as_array().unwrap().iter();
        names.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    }

    async fn contact_facets(&self, org: &Org) -> ContactFacets {
        crud::facets::<Contact>(&self.core, &self.caller(org).await)
            .await
            .unwrap()
    }

    async fn remove(&self, org: &Org, path: &str) -> Answer {
        self.rest(Method::DELETE, path, Some(&org.key), None).await
    }
}

#[tokio::test]
async fn a_number_belongs_to_one_contact_however_it_is_written() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let ada = json!({"name": "Ada", "phone": "+49 (0) 30 23125 001"});
    let made = world.post("/contacts", &mine.key, &ada).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.json()["phone"], "+493023125001");
    for written in [
        "+493023125001",
        "0049 30 23125001",
        "\u{202d}+49\u{2011}30\u{a0}23125001\u{202c}",
    ] {
        let again = world
            .post("/contacts", &mine.key, &json!({"name": "Eva", "phone": written}))
            .await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{written}");
        let error = &again.json()["errors"][0];
        assert_eq!(error["field"], "phone");
        assert_eq!(error["message"], "Ada already has this number.");
        assert_eq!(
            error["link"],
            format!("/contacts/{}", made.json()["id"].as_str().unwrap())
        );
    }
    let elsewhere = world.post("/contacts", &other.key, &ada).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED, "{}", elsewhere.text());
    let wrong = world
        .post("/contacts", &mine.key, &json!({"name": "Eva", "phone": "030 23125"}))
        .await;
    assert_eq!(
        (wrong.status, wrong.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["phone".to_owned()])
    );
}

#[tokio::test]
async fn a_folder_holds_what_is_in_the_folders_inside_it() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let clinics = world.folder(&org, "Clinics", None).await;
    let oakland = world.folder(&org, "Oakland", Some(&clinics)).await;
    world.contact(&org, "Ada", Some(&oakland)).await;
    world.contact(&org, "Ben", Some(&clinics)).await;
    world.contact(&org, "Cem", None).await;
    assert_eq!(
        world.contacts(&org, &format!("folder_id={clinics}")).await,
        ["Ben", "Ada"]
    );
    assert_eq!(
        world.contacts(&org, &format!("folder_id={clinics}&q=ADA")).await,
        ["Ada"]
    );
    assert_eq!(world.contacts(&org, &format!("folder_id={oakland}")).await, ["Ada"]);
    assert_eq!(world.contacts(&org, "unfiled=true").await, ["Cem"]);
    // Page by page, across folders.
    let first = world
        .get(&format!("/contacts?folder_id={clinics}&limit=1"), &org.key)
        .await
        .json();
    let next = first["next"].as_str().unwrap();
    let query = format!("folder_id={clinics}&limit=1&cursor={next}");
    assert_eq!(world.contacts(&org, &query).await, ["Ada"]);

    let facets = world.contact_facets(&org).await;
    assert_eq!((facets.all, facets.unfiled()), (3, 1));
    let gone = world
        .get(&format!("/contacts?folder_id={}", uuid::Uuid::now_v7()), &org.key)
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "never all of them instead");
}

#[tokio::test]
async fn a_folder_lies_neither_in_itself_nor_too_deep() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let mut chain = vec![world.folder(&org, "1", None).await];
    for name in ["2", "3", "4", "5"] {
        let parent = chain.last().unwrap().clone();
        chain.push(world.folder(&org, name, Some(&parent)).await);
    }
    let deeper = json!({"name": "6", "parent_id": chain[4]});
    let refused = world.post("/contact-folders", &org.key, &deeper).await;
    assert_eq!(refused.fields(), ["parent_id"]);
    let inside = json!({"name": "1", "parent_id": chain[2]});
    let path = format!("/contact-folders/{}", chain[0]);
    let refused = world.rest(Method::PUT, &path, Some(&org.key), Some(&inside)).await;
    assert_eq!(refused.fields(), ["parent_id"]);
    assert!(refused.text().contains("inside itself"), "{}", refused.text());
}

/// Whoever moves folders takes turns, or each of two would lie inside the other.
#[tokio::test]
async fn two_moves_at_once_make_no_circle() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let caller = world.caller(&org).await;
    for round in 0..5 {
        let [a, b] = [
            world.folder(&org, &format!("a{round}"), None).await,
            world.folder(&org, &format!("b{round}"), None).await,
        ];
        let move_into = |name: String, id: &str, parent: &str| {
            let draft = switchboard::folders::FolderDraft {
                name,
                parent_id: Some(parent.parse().unwrap()),
                ..Default::default()
            };
            crud::update::<Folder>(&world.core, &caller, id.parse().unwrap(), draft, 1)
        };
        let (one, other) = tokio::join!(
            move_into(format!("a{round}"), &a, &b),
            move_into(format!("b{round}"), &b, &a)
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn of_two_saves_at_once_one_wins_and_the_other_is_told() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let caller = world.caller(&org).await;
    let id = world.contact(&org, "Ada", None).await.parse().unwrap();
    for revision in 1..6 {
        let save = |name: &str| {
            let draft = switchboard::contacts::ContactDraft {
                name: name.to_owned(),
                ..Default::default()
            };
            crud::update::<Contact>(&world.core, &caller, id, draft, revision)
        };
        let (one, other) = tokio::join!(save("One"), save("Other"));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert_eq!(one.or(other).unwrap().revision, revision + 1);
    }
}

#[tokio::test]
async fn what_is_in_a_folder_stays_or_goes_with_it_as_chosen() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let clinics = world.folder(&org, "Clinics", None).await;
    let oakland = world.folder(&org, "Oakland", Some(&clinics)).await;
    let downtown = world.folder(&org, "Downtown", Some(&oakland)).await;
    world.contact(&org, "Ada", Some(&oakland)).await;
    let ben = world.contact(&org, "Ben", Some(&downtown)).await;

    let removed = world.remove(&org, &format!("/contact-folders/{oakland}")).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text());
    let moved = world
        .get(&format!("/contact-folders/{downtown}"), &org.key)
        .await
        .json();
    assert_eq!(moved["parent_id"], json!(clinics));
    assert_eq!(
        world.contacts(&org, &format!("folder_id={clinics}")).await,
        ["Ben", "Ada"]
    );

    let removed = world
        .remove(&org, &format!("/contact-folders/{clinics}/contents"))
        .await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text());
    assert_eq!(world.contacts(&org, "").await, [""; 0]);
    assert_eq!(
        world
            .get(&format!("/contact-folders/{downtown}"), &org.key)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let log = world.get(&format!("/audit?object_id={ben}"), &org.key).await.json();
    assert_eq!(log["items"][0]["action"], "delete");
}

#[tokio::test]
async fn a_folder_makes_room_for_one_inside_that_is_called_the_same() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let outer = world.folder(&org, "Recalls", None).await;
    let inner = world.folder(&org, "Recalls", Some(&outer)).await;
    let gone = world.remove(&org, &format!("/contact-folders/{outer}")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    let left = world.get(&format!("/contact-folders/{inner}"), &org.key).await.json();
    assert_eq!((&left["name"], &left["parent_id"]), (&json!("Recalls"), &Value::Null));
}

#[tokio::test]
async fn many_are_changed_together_or_not_at_all() {
    let world = World::new().await;
    let (org, other) = (world.org("Mine").await, world.org("Other").await);
    let folder = world.folder(&org, "Recalls", None).await;
    let (ada, ben) = (
        world.contact(&org, "Ada", None).await,
        world.contact(&org, "Ben", None).await,
    );
    let foreign = world.contact(&other, "Cem", None).await;

    let both = json!({"ids": [ada, ben], "folder_id": folder});
    assert_eq!(
        world.post("/contacts/move", &org.key, &both).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.contacts(&org, &format!("folder_id={folder}")).await.len(), 2);
    let with_foreign = json!({"ids": [ada, foreign], "folder_id": null});
    assert_eq!(
        world.post("/contacts/move", &org.key, &with_foreign).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.contacts(&org, &format!("folder_id={folder}")).await.len(), 2);

    let tag = json!({"ids": [ada, ben], "add": ["vip", "new"], "remove": []});
    assert_eq!(
        world.post("/contacts/tag", &org.key, &tag).await.status,
        StatusCode::NO_CONTENT
    );
    let tag = json!({"ids": [ben], "add": ["vip"], "remove": ["new"]});
    assert_eq!(
        world.post("/contacts/tag", &org.key, &tag).await.status,
        StatusCode::NO_CONTENT
    );
    let tags = async |id: &str| world.get(&format!("/contacts/{id}"), &org.key).await.json()["tags"].clone();
    assert_eq!(
        (tags(&ada).await, tags(&ben).await),
        (json!(["vip", "new"]), json!(["vip"]))
    );
    let log = world.get(&format!("/audit?object_id={ben}"), &org.key).await.json();
    let changed: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["detail"]["changed"].clone())
        .collect();
    assert_eq!(changed[..3], [json!(["tags"]), json!(["tags"]), json!(["folder_id"])]);

    let nobody = json!({ "ids": [] });
    assert_eq!(
        world.post("/contacts/delete", &org.key, &nobody).await.fields(),
        ["ids"]
    );
    let one = json!({ "ids": [ada] });
    assert_eq!(
        world.post("/contacts/delete", &org.key, &one).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.contacts(&org, "").await, ["Ben"]);
}

#[tokio::test]
async fn calls_know_whom_they_were_with() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await.id;
    let call = json!({"agent_id": agent, "to": {"medium": "phone", "number": "+1 555 010 0000"}});
    let early = world.create(&org, "/calls", call.clone()).await;
    let ada = world
        .create(&org, "/contacts", json!({"name": "Ada", "phone": "+15550100000"}))
        .await;
    let late = world.create(&org, "/calls", call).await;
    for id in [&early, &late] {
        let read = world.get(&format!("/calls/{id}"), &org.key).await.json();
        assert_eq!(
            (&read["call"]["contact_id"], &read["call"]["contact_name"]),
            (&json!(ada), &json!("Ada"))
        );
    }
    let of_ada = world.get(&format!("/calls?contact_id={ada}"), &org.key).await.json();
    assert_eq!(of_ada["items"].as_array().unwrap().len(), 2);
    // The calls stay when the contact goes.
    assert_eq!(
        world.remove(&org, &format!("/contacts/{ada}")).await.status,
        StatusCode::NO_CONTENT
    );
    let read = world.get(&format!("/calls/{early}"), &org.key).await.json();
    assert_eq!(read["call"]["contact_id"], Value::Null);
}

#[tokio::test]
async fn a_search_finds_things_of_every_kind_that_one_may_see() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    world.agent(&org, "Oakland desk").await;
    world.folder(&org, "Oakland", None).await;
    world.contact(&org, "Oakland Taxi", None).await;
    let found = async |bearer: &str| {
        let found = world.get("/search?q=oakland", bearer).await.json();
        let kinds = found
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["kind"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(found(&org.key).await, ["agent", "folder", "contact"]);
    let key = json!({"name": "Desk", "scopes": ["organization:read", "contacts:read"]});
    let key = world.post("/api-keys", &org.key, &key).await.json();
    assert_eq!(found(key["secret"].as_str().unwrap()).await, ["contact"]);
}
