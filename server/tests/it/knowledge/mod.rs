//! Knowledge over REST: files become passages, questions find them, and nothing of one organization is found by another.

mod files;
mod sites;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use switchboard::{
    jobs::{self, Jobs},
    knowledge::reading::ReadSource,
};

use crate::support::{Answer, Org, World};
use files::{docx, handbook, packed, pdf, pdf_with};

async fn base(world: &World, org: &Org, name: &str) -> String {
    let made = world.post("/knowledge", &org.key, &json!({ "name": name })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn put(world: &World, key: &str, base: &str, name: &str, bytes: Vec<u8>) -> Answer {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("/api/v1/knowledge/{base}/files?name={name}"))
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .body(Body::from(bytes))
        .unwrap();
    world.send(request).await
}

/// Reads whatever waits for it.
async fn read(world: &World) {
    jobs::run_due(&world.core, &Jobs::<ReadSource>::default())
        .await
        .unwrap();
}

/// The source as it is after it was uploaded and read.
async fn uploaded(world: &World, org: &Org, base: &str, name: &str, bytes: Vec<u8>) -> Value {
    let sent = put(world, &org.key, base, name, bytes).await;
    assert_eq!(sent.status, StatusCode::OK, "{name}: {}", sent.text());
    assert_eq!(sent.json()["state"], "waiting", "{name}");
    read(world).await;
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    world.get(&format!("/knowledge-sources/{id}"), &org.key).await.json()
}

async fn typed(world: &World, org: &Org, base: &str, name: &str, text: &str) -> String {
    let draft = json!({ "base_id": base, "name": name, "text": text });
    let made = world.post("/knowledge-sources", &org.key, &draft).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    read(world).await;
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn ask(world: &World, org: &Org, base: &str, question: &str) -> Value {
    let q: String = url::form_urlencoded::byte_serialize(question.as_bytes()).collect();
    let found = world.get(&format!("/knowledge/{base}/search?q={q}"), &org.key).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text());
    found.json()
}

fn texts(found: &Value) -> Vec<&str> {
    let passages = found["passages"].as_array().unwrap();
    passages
        .iter()
        .map(|passage| passage["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn ten_questions_find_the_right_passage_of_200_pages_first_and_nothing_from_elsewhere() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let ours = base(&world, &mine, "Handbook").await;
    let theirs = base(&world, &other, "Handbook").await;
    let (pages, questions) = handbook();
    let source = uploaded(&world, &mine, &ours, "Handbook.pdf", pdf(&pages)).await;
    assert_eq!(
        (&source["state"], &source["pages"]),
        (&json!("ready"), &json!(200)),
        "{source}"
    );

    for (question, answer) in questions {
        let found = ask(&world, &mine, &ours, question).await;
        let first = texts(&found)
            .first()
            .map(|text| text.replace('\n', " "))
            .unwrap_or_default();
        assert!(first.contains(answer), "{question}: {found:#}");
        assert!(found["told"].as_str().unwrap().contains(answer));
        let nothing = ask(&world, &other, &theirs, question).await;
        assert_eq!(
            (texts(&nothing).len(), &nothing["searched"]),
            (0, &json!(0)),
            "{question}"
        );
        // Another's base is as one that nobody has.
        let foreign = world
            .get(&format!("/knowledge/{ours}/search?q=crown"), &other.key)
            .await;
        let random = world
            .get(
                &format!("/knowledge/{}/search?q=crown", uuid::Uuid::now_v7()),
                &other.key,
            )
            .await;
        assert_eq!((foreign.status, &foreign.bytes), (StatusCode::NOT_FOUND, &random.bytes));
    }
    // Where it stands is said with it.
    let found = ask(&world, &mine, &ours, "porcelain crown").await;
    assert_eq!(found["passages"][0]["page"], 8);
    // A slip of the pen finds it too, and says so.
    let found = ask(&world, &mine, &ours, "porcelian crwon").await;
    assert!(texts(&found)[0].contains("nine hundred dollars"), "{found:#}");
    assert_eq!(found["read_as"], json!([{"word": "crwon", "taken_for": "crown"}]));
}

#[tokio::test]
async fn every_kind_of_file_is_read_and_says_where_its_words_stand() {
    let world = World::new().await;
    let mine = world.org("Mine").await;
    let base = base(&world, &mine, "All kinds").await;
    let word = docx(&["# Parking", "Parking is free behind the house &amp; next to it."]);
    let html = "<html><head><title>Plans</title></head><body><nav>Menu</nav><h1>Insurance</h1><p>We take Cigna.</p></body></html>";
    for (name, bytes, question, heading, text) in [
        (
            "leaflet.docx",
            word,
            "Is parking free?",
            "Parking",
            "Parking is free behind the house & next to it.",
        ),
        (
            "plans.html",
            html.as_bytes().to_vec(),
            "Cigna?",
            "Insurance",
            "We take Cigna.",
        ),
        (
            "prices.csv",
            b"Treatment,Price\nFilling,$150\n".to_vec(),
            "filling price",
            "",
            "Treatment: Filling; Price: $150",
        ),
        (
            "hours.md",
            b"# Hours\n\nOpen from eight.".to_vec(),
            "When do you open?",
            "Hours",
            "Open from eight.",
        ),
        (
            "latin.txt",
            b"Le caf\xe9 est \xe0 c\xf4t\xe9 de l'\xe9glise".to_vec(),
            "cafe eglise",
            "",
            "Le café est à côté de l'église",
        ),
        (
            "nul.txt",
            b"The anesthesia\0 is \xef\xbf\xbdlocal".to_vec(),
            "anesthesia",
            "",
            "The anesthesia is local",
        ),
        (
            "nul.csv",
            b"What,Cost\nBridge\0,\x07$2,000".to_vec(),
            "bridge",
            "",
            "What: Bridge; Cost: $2; 000",
        ),
    ] {
        let source = uploaded(&world, &mine, &base, name, bytes).await;
        assert_eq!(source["state"], "ready", "{source}");
        let found = ask(&world, &mine, &base, question).await;
        let first = &found["passages"][0];
        assert_eq!(
            (&first["heading"], &first["text"]),
            (&json!(heading), &json!(text)),
            "{name}: {found:#}"
        );
        assert_eq!(first["source"], json!(name));
    }
}

#[tokio::test]
async fn what_cannot_be_read_says_why_and_keeps_nobody_else_waiting() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let ours = base(&world, &mine, "Trouble").await;
    let theirs = base(&world, &other, "Fine").await;
    // Seen from outside, before anything is kept.
    for (name, bytes, field) in [
        ("empty.pdf", Vec::new(), "file"),
        ("not.pdf", b"hello".to_vec(), "file"),
        ("locked.docx", b"\xd0\xcf\x11\xe0\xa1\xb1".to_vec(), "file"),
        ("picture.heic", b"....".to_vec(), "name"),
        ("", b"text".to_vec(), "name"),
    ] {
        let refused = put(&world, &mine.key, &ours, name, bytes).await;
        assert_eq!(
            (refused.status, refused.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{name}: {}",
            refused.text()
        );
    }
    let large = put(&world, &mine.key, &ours, "large.txt", vec![b'a'; (20 << 20) + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", large.text());
    assert_eq!(
        world
            .get(&format!("/knowledge-sources?knowledge_base_id={ours}"), &mine.key)
            .await
            .json(),
        json!([])
    );

    let page = vec!["Prices".to_owned()];
    let whole = pdf(&[page.clone(), page]);
    let key = "f".repeat(64);
    let encrypted = format!("/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{key}> /U <{key}> >>");
    for (name, bytes, state, says) in [
        ("scan.pdf", pdf(&[Vec::new(), Vec::new()]), "empty", "pictures"),
        ("broken.pdf", whole[..whole.len() / 3].to_vec(), "failed", "broken"),
        (
            "locked.pdf",
            pdf_with(&[vec!["Secret".to_owned()]], &encrypted),
            "failed",
            "password",
        ),
        (
            "bomb.docx",
            packed("word/document.xml", &vec![b' '; 101 << 20]),
            "failed",
            "Unpacked",
        ),
        (
            "zip.docx",
            packed("../../etc/passwd", b"root"),
            "failed",
            "no text of a Word document",
        ),
        (
            "entities.docx",
            packed(
                "word/document.xml",
                b"<!DOCTYPE x [<!ENTITY a \"&a;&a;\">]><w:p><w:t>&a;</w:t></w:p>",
            ),
            "empty",
            "no text",
        ),
        ("blank.txt", b" \n\t \0".to_vec(), "empty", "no text"),
    ] {
        let source = uploaded(&world, &mine, &ours, name, bytes).await;
        assert_eq!(
            (&source["state"], &source["passages"]),
            (&json!(state), &json!(0)),
            "{name}: {source}"
        );
        assert!(source["note"].as_str().unwrap().contains(says), "{name}: {source}");
    }
    // Whatever stands before the name is nothing to us.
    let outside = uploaded(&world, &mine, &ours, "../../etc/notes.md", b"Notes on crowns".to_vec()).await;
    assert_eq!(
        (&outside["name"], &outside["state"]),
        (&json!("notes.md"), &json!("ready"))
    );
    let fine = uploaded(&world, &other, &theirs, "fine.txt", b"All is well.".to_vec()).await;
    assert_eq!(fine["state"], "ready");
    // Nobody can add to what is not theirs.
    let foreign = put(&world, &other.key, &ours, "x.txt", b"x".to_vec()).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let draft = json!({ "base_id": ours, "name": "x", "text": "x" });
    assert_eq!(
        world.post("/knowledge-sources", &other.key, &draft).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_deleted_or_off_is_never_found_and_what_is_replaced_is_until_then() {
    let world = World::new().await;
    let mine = world.org("Mine").await;
    let base = base(&world, &mine, "Prices").await;
    let first = typed(&world, &mine, &base, "Old prices", "A crown is $800.").await;
    let second = typed(&world, &mine, &base, "New prices", "A crown is $900.").await;
    assert_eq!(texts(&ask(&world, &mine, &base, "crown").await).len(), 2);

    let path = format!("/knowledge-sources/{first}");
    let off = world.post(&format!("{path}/disable"), &mine.key, &json!({})).await;
    assert_eq!((off.status, &off.json()["enabled"]), (StatusCode::OK, &json!(false)));
    assert_eq!(texts(&ask(&world, &mine, &base, "crown").await), ["A crown is $900."]);
    world.post(&format!("{path}/enable"), &mine.key, &json!({})).await;
    let gone = world.rest(Method::DELETE, &path, Some(&mine.key), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(texts(&ask(&world, &mine, &base, "crown").await), ["A crown is $900."]);
    // Reading it again finds the same; while that waits what was read before is found, and nothing waits twice.
    let again = format!("/knowledge-sources/{second}/read");
    assert_eq!(world.post(&again, &mine.key, &json!({})).await.status, StatusCode::OK);
    assert_eq!(
        world.post(&again, &mine.key, &json!({})).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(texts(&ask(&world, &mine, &base, "crown").await), ["A crown is $900."]);

    let old = uploaded(&world, &mine, &base, "plans.txt", b"We take Cigna.".to_vec()).await;
    let sent = put(&world, &mine.key, &base, "plans.txt", b"We take Aetna.".to_vec()).await;
    assert_eq!(sent.json()["id"], old["id"]);
    assert_eq!(texts(&ask(&world, &mine, &base, "Cigna").await), ["We take Cigna."]);
    read(&world).await;
    assert_eq!(texts(&ask(&world, &mine, &base, "Aetna").await), ["We take Aetna."]);
    assert_eq!(texts(&ask(&world, &mine, &base, "Cigna").await).len(), 0);
    // A broken file in its place leaves what was read before, and says so.
    let scan = uploaded(
        &world,
        &mine,
        &base,
        "crowns.pdf",
        pdf(&[vec!["Crowns are porcelain.".to_owned()]]),
    )
    .await;
    assert_eq!(scan["state"], "ready");
    let failed = uploaded(&world, &mine, &base, "crowns.pdf", b"%PDF-1.7 nothing".to_vec()).await;
    assert_eq!((&failed["state"], &failed["passages"]), (&json!("failed"), &json!(1)));
    assert_eq!(texts(&ask(&world, &mine, &base, "porcelain").await).len(), 1);

    let deleted = world
        .rest(Method::DELETE, &format!("/knowledge/{base}"), Some(&mine.key), None)
        .await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let left: i64 = sqlx::query_scalar("select count(*) from app.knowledge_passages")
        .fetch_one(&world.db.admin)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_source_that_is_deleted_while_it_waits_is_not_read() {
    let world = World::new().await;
    let mine = world.org("Mine").await;
    let base = base(&world, &mine, "Prices").await;
    let draft = json!({ "base_id": base, "name": "Old", "text": "A crown is $800." });
    let made = world.post("/knowledge-sources", &mine.key, &draft).await.json();
    let path = format!("/knowledge-sources/{}", made["id"].as_str().unwrap());
    world.rest(Method::DELETE, &path, Some(&mine.key), None).await;
    read(&world).await;
    assert_eq!(texts(&ask(&world, &mine, &base, "crown").await).len(), 0);
    assert_eq!(world.get(&path, &mine.key).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_check_says_whether_its_passage_is_found() {
    let world = World::new().await;
    let mine = world.org("Mine").await;
    let base = base(&world, &mine, "Prices").await;
    let source = typed(&world, &mine, &base, "Prices", "A crown is $900.\n\nParking is free.").await;
    for (query, expected) in [("How much is a crown?", "crown is $900"), ("Do you sell boats?", "")] {
        let draft = json!({ "base_id": base, "query": query, "expected": expected });
        let made = world.post("/knowledge-checks", &mine.key, &draft).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    }
    let passes = async || {
        let results = world.get(&format!("/knowledge/{base}/checks"), &mine.key).await.json();
        let results = results.as_array().unwrap().clone();
        results
            .iter()
            .map(|result| result["passes"].as_bool().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(passes().await, [true, true]);
    let path = format!("/knowledge-sources/{source}");
    world.rest(Method::DELETE, &path, Some(&mine.key), None).await;
    assert_eq!(passes().await, [false, true]);
}

#[tokio::test]
async fn a_reader_that_dies_or_hangs_fails_the_document_and_nothing_else() {
    for (program, says) in [("/bin/false", "cannot be read"), ("/nonexistent", "")] {
        let world = World::set(&[("SWITCHBOARD_DOCUMENT_READER", program)]).await;
        let mine = world.org("Mine").await;
        let base = base(&world, &mine, "Prices").await;
        let id = typed(&world, &mine, &base, "Prices", "A crown is $900.").await;
        let source = world.get(&format!("/knowledge-sources/{id}"), &mine.key).await.json();
        if says.is_empty() {
            // Nobody's document is at fault where there is no reader: it is tried again.
            assert_eq!(source["state"], "reading");
        } else {
            assert_eq!(source["state"], "failed");
            assert!(source["note"].as_str().unwrap().contains(says), "{source}");
        }
    }
}

#[tokio::test]
async fn a_thousand_slow_uploads_keep_nobody_waiting() {
    let world = World::set(&[("SWITCHBOARD_REQUESTS_PER_SECOND", "10000")]).await;
    let mine = world.org("Mine").await;
    let base = base(&world, &mine, "Prices").await;
    let begun = Arc::new(AtomicUsize::new(0));
    let uploads: Vec<_> = (0..1000)
        .map(|n| {
            // It counts when somebody reads of it, and never ends.
            let begun = begun.clone();
            let body = Body::from_stream(futures_util::stream::poll_fn(move |_| {
                begun.fetch_add(1, Ordering::Relaxed);
                Poll::<Option<Result<&str, std::io::Error>>>::Pending
            }));
            let request = Request::builder()
                .method(Method::PUT)
                .uri(format!("/api/v1/knowledge/{base}/files?name={n}.txt"))
                .header(header::AUTHORIZATION, format!("Bearer {}", mine.key))
                .header(header::CONTENT_TYPE, "application/octet-stream")
                .body(body)
                .unwrap();
            tokio::spawn(tower::ServiceExt::oneshot(world.router().clone(), request))
        })
        .collect();
    while begun.load(Ordering::Relaxed) < uploads.len() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let patience = Duration::from_secs(5);
    let other = tokio::time::timeout(patience, world.get("/knowledge", &mine.key)).await;
    assert_eq!(other.expect("it answers at once").status, StatusCode::OK);
    let id = tokio::time::timeout(patience, typed(&world, &mine, &base, "Prices", "A crown is $900.")).await;
    assert!(id.is_ok(), "texts are read meanwhile");
    for upload in uploads {
        upload.abort();
    }
}
