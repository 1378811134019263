//! Reports: who may ask for a run, what it says of whom, that there is one at a time, and what is taken from elsewhere.

use axum::http::StatusCode;
use serde_json::{Value, json};
use switchboard::{db::testing, org::Role, verify::Inspection, work::reports::run_due};

use crate::{
    questions::warden_report,
    support::{Org, World},
};

#[tokio::test]
async fn owners_and_admins_run_it_and_nobody_else() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for role in Role::ALL {
        let member = world.member(&org, role).await;
        let expected = match role {
            Role::Owner | Role::Admin => StatusCode::ACCEPTED,
            Role::Developer | Role::Operator | Role::Billing | Role::Viewer => StatusCode::FORBIDDEN,
        };
        let answer = world.post("/reports/run", &member.token, &Value::Null).await;
        assert_eq!(answer.status, expected, "{role:?}: {}", answer.text());
        assert_eq!(
            world.get("/reports", &member.token).await.status.is_success(),
            expected.is_success(),
            "{role:?}"
        );
    }
}

#[tokio::test]
async fn a_run_tells_an_organization_about_itself_and_about_nobody_else() {
    let world = World::new().await;
    let (ours, theirs) = (world.org("Canary").await, world.org("Sparrow").await);
    for number in 0..3 {
        world.agent(&ours, &format!("Agent {number}")).await;
    }
    for number in 0..7 {
        world.agent(&theirs, &format!("Agent {number}")).await;
    }
    // A careless policy that names an organization: the report may say that there is one, but not whose.
    let careless = format!("create policy open_door on app.agents using (org_id = '{}')", theirs.id);
    execute(&world, &careless).await;

    let mut told = Vec::new();
    for (org, other) in [(&ours, &theirs), (&theirs, &ours)] {
        let report = found(&world, org).await;
        assert_eq!(report["report"]["clean"], false);
        let extra = outcome(&report, "policy-extra");
        assert_eq!(extra["state"], "broken", "{extra}");
        assert!(
            extra["violations"][0].as_str().unwrap().contains("open_door"),
            "{extra}"
        );
        let text = report.to_string();
        let client = client_of(&world, other).await;
        for mark in [other.name.as_str(), other.id.as_str(), &client, &other.email] {
            assert!(!text.contains(mark), "{mark} in {text}");
        }
        let rows = outcome(&report, "data-key")["examined"].as_i64().unwrap();
        assert_eq!(rows, rows_of(&world, org, &report).await);
        assert_eq!(outcome(&report, "probe-own")["state"], "holds");
        told.push(rows);
    }
    assert!(told[0] > 0 && told[1] > told[0], "{told:?}");
}

#[tokio::test]
async fn rows_that_are_seen_where_they_should_not_be_are_found_and_only_their_owner_is_told_how_many() {
    let world = World::new().await;
    let (ours, theirs) = (world.org("Canary").await, world.org("Sparrow").await);
    world.agent(&ours, "One").await;
    for number in 0..4 {
        world.agent(&theirs, &format!("Agent {number}")).await;
    }
    execute(&world, "alter table app.agents disable row level security").await;
    let report = found(&world, &ours).await;
    let blind = outcome(&report, "probe-blind");
    assert_eq!(
        (&blind["state"], &blind["violating"]),
        (&json!("broken"), &json!(2)),
        "{blind}"
    );
    let own = outcome(&report, "probe-own");
    assert_eq!(own["state"], "broken", "{own}");
    assert_eq!(
        own["violations"][0],
        "app.agents as switchboard_app: rows of others are among them"
    );
}

#[tokio::test]
async fn whoever_asks_while_a_run_is_under_way_is_shown_that_run() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let asked = (0..8).map(|_| world.post("/reports/run", &org.key, &Value::Null));
    let mut ids: Vec<_> = futures_util::future::join_all(asked)
        .await
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
            answer.json()["id"].clone()
        })
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(run_due(&world.core).await.unwrap(), 1);
    assert_eq!(run_due(&world.core).await.unwrap(), 0);
    let list = world.get("/reports?kind=isolation", &org.key).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["state"], "done");
    // The next one is another.
    let next = world.post("/reports/run", &org.key, &Value::Null).await.json();
    assert_ne!(next["id"], ids[0]);
}

#[tokio::test]
async fn there_is_one_run_at_a_time_in_the_whole_installation() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let id = asked(&world, &org).await;
    let other = Inspection::begin_in_turn(&world.db.logins).await.unwrap();
    assert!(other.is_some());
    assert_eq!(run_due(&world.core).await.unwrap(), 0);
    let run = world.get(&format!("/reports/{id}"), &org.key).await.json()["run"].clone();
    assert_eq!(run["state"], "waiting");
    assert_eq!(run["note"], "Another run is under way. This one is next.");
    // A process that dies loses its turn with its connection.
    drop(other);
    for _ in 0..100 {
        execute(&world, "update app.report_runs set due_at = now()").await;
        if run_due(&world.core).await.unwrap() == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let done = world.get(&format!("/reports/{id}"), &org.key).await.json();
    assert_eq!(done["run"]["state"], "done");
    assert_eq!(done["run"]["broken"], 0, "{done}");
}

#[tokio::test]
async fn a_run_that_was_cut_short_is_taken_up_again_and_given_up_in_the_end() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for (before, state) in [(1, "done"), (3, "failed")] {
        let id = asked(&world, &org).await;
        // As a process leaves it that was killed.
        execute(
            &world,
            "update app.reports set state = 'running' where state = 'waiting'",
        )
        .await;
        let left = format!("update app.report_runs set attempts = {before}, due_at = now() - interval '1 s'");
        execute(&world, &left).await;
        assert_eq!(run_due(&world.core).await.unwrap(), 1);
        let run = world.get(&format!("/reports/{id}"), &org.key).await.json()["run"].clone();
        assert_eq!(run["state"], state, "{run}");
        let waiting: i64 = sqlx::query_scalar("select count(*) from app.report_runs")
            .fetch_one(&world.db.admin)
            .await
            .unwrap();
        assert_eq!(waiting, 0);
    }
}

#[tokio::test]
async fn without_the_wardens_login_it_says_how_to_run_it_by_hand() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let id = asked(&world, &org).await;
    let bare = testing::core(world.core.db.clone(), world.core.config.clone());
    // Somebody else may have the login, and is given time to come.
    assert_eq!(run_due(&bare).await.unwrap(), 0);
    execute(
        &world,
        "update app.report_runs set due_at = now() - interval '1 minute'",
    )
    .await;
    assert_eq!(run_due(&bare).await.unwrap(), 1);
    let run = world.get(&format!("/reports/{id}"), &org.key).await.json()["run"].clone();
    assert_eq!(run["state"], "failed");
    let note = run["note"].as_str().unwrap();
    assert!(
        note.contains("switchboard verify --data --probe --canary --keep"),
        "{note}"
    );
}

#[tokio::test]
async fn a_report_of_the_warden_is_its_organizations_alone() {
    let world = World::new().await;
    let (ours, theirs) = (world.org("Mine").await, world.org("Other").await);
    let published = world.post("/reports", &ours.key, &warden_report("shop")).await;
    assert_eq!(published.status, StatusCode::CREATED, "{}", published.text());
    let id = published.json()["id"].as_str().unwrap().to_owned();
    let read = world.get(&format!("/reports/{id}"), &ours.key).await.json();
    assert_eq!(read["report"]["outcomes"][0]["figures"][1]["value"], "12 ms");
    let page = world.get(&format!("/reports/{id}/html"), &ours.key).await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(
        page.headers["content-disposition"],
        "attachment; filename=\"warden-2026-11-25.html\""
    );
    assert!(page.text().contains("Has every row found its organization?"));
    let nowhere = world
        .get("/reports/0198c2f0-0000-7000-8000-000000000000", &theirs.key)
        .await;
    for path in [format!("/reports/{id}"), format!("/reports/{id}/html")] {
        let answer = world.get(&path, &theirs.key).await;
        assert_eq!(
            (answer.status, &answer.bytes),
            (StatusCode::NOT_FOUND, &nowhere.bytes),
            "{path}"
        );
    }
    let list = world.get("/reports", &theirs.key).await.json();
    assert_eq!(list["items"], json!([]));
    let audit = world.get("/audit?kind=reports", &ours.key).await.json();
    assert_eq!(audit["items"][0]["action"], "create");
    assert_eq!(audit["items"][0]["object_name"], "Warden of shop");
}

#[tokio::test]
async fn what_comes_from_elsewhere_is_checked() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut report = warden_report("shop");
        change(&mut report);
        report
    };
    let many = vec![warden_report("shop")["outcomes"][0].clone(); 1900];
    for (report, field) in [
        (changed(&|report| report["kind"] = json!("isolation")), "kind"),
        (changed(&|report| report["clean"] = json!(false)), "clean"),
        (changed(&|report| report["title"] = json!("")), "title"),
        (changed(&|report| report["outcomes"] = json!([])), "outcomes"),
        (
            changed(&|report| report["outcomes"][0]["violating"] = json!(3)),
            "outcomes[0].state",
        ),
        (
            changed(&|report| report["outcomes"][0]["state"] = json!("fine")),
            "outcomes[0].state",
        ),
        (changed(&|report| report["outcomes"] = json!(many)), "outcomes"),
    ] {
        let answer = world.post("/reports", &org.key, &report).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field}: {}",
            answer.text()
        );
        assert_eq!(answer.fields(), [field], "{}", answer.text());
    }
}

#[tokio::test]
async fn an_organization_keeps_its_fifty_newest_reports_of_a_kind() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let run = asked(&world, &org).await;
    for number in 0..52 {
        let published = world
            .post("/reports", &org.key, &warden_report(&format!("shop {number}")))
            .await;
        assert_eq!(published.status, StatusCode::CREATED);
    }
    let kept = world.get("/reports?kind=warden&limit=100", &org.key).await.json();
    assert_eq!(kept["items"].as_array().unwrap().len(), 50);
    assert_eq!(
        world.get(&format!("/reports/{run}"), &org.key).await.status,
        StatusCode::OK
    );
}

async fn asked(world: &World, org: &Org) -> String {
    let asked = world.post("/reports/run", &org.key, &Value::Null).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text());
    asked.json()["id"].as_str().unwrap().to_owned()
}

/// Asks, runs, and reads what was found.
async fn found(world: &World, org: &Org) -> Value {
    let id = asked(world, org).await;
    assert_eq!(run_due(&world.core).await.unwrap(), 1);
    let read = world.get(&format!("/reports/{id}"), &org.key).await.json();
    assert_eq!(read["run"]["state"], "done", "{read}");
    read
}

fn outcome<'a>(read: &'a Value, id: &str) -> &'a Value {
    let outcomes = read["report"]["outcomes"].as_array().unwrap();
    outcomes
        .iter()
        .find(|outcome| outcome["id"] == id)
        .unwrap_or_else(|| panic!("no {id} in {read}"))
}

async fn execute(world: &World, sql: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&world.db.admin)
        .await
        .unwrap();
}

async fn client_of(world: &World, org: &Org) -> String {
    sqlx::query_scalar("select id::text from app.clients where org_id = $1")
        .bind(org.id.as_str())
        .fetch_one(&world.db.admin)
        .await
        .unwrap()
}

/// The rows that an organization had when its report began: what came with the report itself is not among them.
async fn rows_of(world: &World, org: &Org, read: &Value) -> i64 {
    let before = crate::replay::rows(world, org).await;
    let app = before.iter().filter(|(table, _)| table.starts_with("app."));
    let rows = app.map(|(_, rows)| rows.len()).sum::<usize>();
    assert_eq!(read["run"]["state"], "done");
    // Its place in the queue is gone again, and was there when it was counted.
    i64::try_from(rows + 1).unwrap()
}
