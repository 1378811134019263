//! Finding calls again: by what they were, by what was said, by what people put on them; and deleting them.

use chrono::{DateTime, Utc};
use serde_json::json;
use switchboard::{
    Error,
    auth::Caller,
    calls::{
        AtFault, Call, CallChange, CallFilter, CallView, CallViewDraft, DeleteCalls, EndReason, Medium, NewNote,
        Period, Status, TagCalls, flow, notes, removal, tags, view_flow,
    },
    id::Id,
    listing::Page,
    money::Micros,
    zone::TimeZone,
};

use crate::calls::support::{World, phone, text};

/// A call with these words, over by now.
async fn talked(world: &World, words: &[&str]) -> Call {
    let agent = world.agent(&format!("Front desk {}", crate::common::serial())).await;
    let placed = flow::place(&world.core, &world.caller, text(&agent)).await.unwrap();
    let id = placed.id;
    world.until(async || spoken(world, id).await == 1).await;
    for (n, words) in words.iter().enumerate() {
        flow::say(&world.core, &world.caller, id, words).await.unwrap();
        world.until(async || spoken(world, id).await >= 2 * n + 3).await;
    }
    flow::stop(&world.core, &world.caller, id).await.unwrap();
    world.until(async || get(world, id).await.status.is_over()).await;
    get(world, id).await
}

async fn spoken(world: &World, id: Id<Call>) -> usize {
    flow::conversation(&world.core, &world.caller, id)
        .await
        .unwrap()
        .messages
        .len()
}

async fn get(world: &World, id: Id<Call>) -> Call {
    flow::get(&world.core, &world.caller, id).await.unwrap()
}

async fn found(world: &World, caller: &Caller, filter: CallFilter) -> Vec<Id<Call>> {
    let page = flow::list(&world.core, caller, &filter, &Page::default())
        .await
        .unwrap();
    page.items.into_iter().map(|row| row.id).collect()
}

fn said(words: &str) -> CallFilter {
    CallFilter {
        said: Some(words.to_owned()),
        ..CallFilter::default()
    }
}

#[tokio::test]
async fn a_call_is_found_by_what_was_said_in_it_and_by_nobody_else() {
    let world = World::new().await;
    let order = talked(&world, &["My parcel went to Zürich by mistake.", "Order ninety-nine."]).await;
    let visit = talked(&world, &["I would like an appointment on Friday."]).await;
    let mine = &world.caller;
    // Also of what was said before the index has it.
    for indexed in [false, true] {
        if indexed {
            world.index_words().await;
        }
        for (words, calls) in [
            ("parcel", vec![order.id]),
            ("PARCEL zürich", vec![order.id]),
            ("\"went to\"", vec![order.id]),
            ("\"to went\"", vec![]),
            // Spread over two messages.
            ("parcel ninety", vec![order.id]),
            ("parcel appointment", vec![]),
            ("appointment or parcel", vec![visit.id, order.id]),
            ("appointment -parcel", vec![visit.id]),
            ("nobodysaidthis", vec![]),
        ] {
            assert_eq!(found(&world, mine, said(words)).await, calls, "{words}, {indexed}");
        }
    }
    let theirs = world.other_org().await;
    assert_eq!(found(&world, &theirs, said("parcel")).await, []);

    let page = flow::list(&world.core, mine, &said("zürich mistake"), &Page::default())
        .await
        .unwrap();
    let pieces: Vec<_> = page.items[0]
        .said
        .iter()
        .filter(|piece| piece.found)
        .map(|piece| piece.text.as_str())
        .collect();
    assert_eq!(pieces, ["Zürich", "mistake"]);
    for nothing in ["\"", "- -", "!"] {
        let refused = flow::list(&world.core, mine, &said(nothing), &Page::default()).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{nothing}");
    }
    world.stop().await;
}

#[tokio::test]
async fn each_filter_finds_what_it_names_and_leaves_out_the_rest() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let place = async |number: &str| {
        flow::place(&world.core, &world.caller, phone(&agent, number))
            .await
            .unwrap()
    };
    let (ours, other) = (place("+14155550100").await.id, place("+14155550101").await.id);
    // As if they had been placed, talked on and ended like this.
    sqlx::query(
        "update app.calls set status = 'failed', end_reason = 'provider_error', created_at = '2026-03-28 23:30Z',
                joined_at = '2026-03-28 23:30:10Z', ended_at = '2026-03-28 23:31:40.9Z', price_micros = 250000, placed_by = 'user_ada'
         where id = $1",
    )
    .bind(ours.uuid())
    .execute(&world.db.admin)
    .await
    .unwrap();
    tags::tag(&world.core, &world.caller, tagged(&[ours], &["vip"], &[]))
        .await
        .unwrap();
    let filter = |set: fn(&mut CallFilter)| {
        let mut filter = CallFilter::default();
        set(&mut filter);
        filter
    };
    let day = |filter: &mut CallFilter, first: &str, last: &str, zone: &str| {
        filter.first_day = Some(first.to_owned());
        filter.last_day = Some(last.to_owned());
        filter.zone = TimeZone::parse(zone).ok();
    };
    let mut filters = vec![
        filter(|f| f.status = Some(Status::Failed)),
        filter(|f| f.end_reason = Some(EndReason::ProviderError)),
        filter(|f| f.at_fault = Some(AtFault::Provider)),
        filter(|f| f.number = Some("+1 (415) 555-0100".to_owned())),
        filter(|f| f.placed_by = Some("user_ada".to_owned())),
        filter(|f| f.tag = Some("vip".to_owned())),
        filter(|f| f.min_talk_s = Some(90)),
        filter(|f| (f.min_talk_s, f.max_talk_s) = (Some(1), Some(90))),
        filter(|f| f.min_price = Some(Micros(250_000))),
        filter(|f| f.max_price = Some(Micros(250_000))),
    ];
    // In Berlin it was the next day, which has 23 hours.
    for (first, last, zone) in [
        ("2026-03-28", "2026-03-28", "UTC"),
        ("2026-03-29", "2026-03-29", "Europe/Berlin"),
    ] {
        let mut filter = CallFilter::default();
        day(&mut filter, first, last, zone);
        filters.push(filter);
    }
    for filter in filters {
        assert_eq!(found(&world, &world.caller, filter.clone()).await, [ours], "{filter:?}");
    }
    let none = [
        filter(|f| f.end_reason = Some(EndReason::Busy)),
        filter(|f| f.at_fault = Some(AtFault::Number)),
        filter(|f| f.medium = Some(Medium::Text)),
        filter(|f| f.tag = Some("VIP".to_owned())),
        filter(|f| f.min_talk_s = Some(91)),
        filter(|f| f.max_talk_s = Some(89)),
        filter(|f| f.max_price = Some(Micros(249_999))),
        filter(|f| {
            f.placed = Some(Period::Yesterday);
            f.zone = TimeZone::parse("Asia/Tokyo").ok();
        }),
    ];
    for filter in none {
        assert_eq!(found(&world, &world.caller, filter.clone()).await, [], "{filter:?}");
    }
    assert_eq!(
        found(&world, &world.caller, filter(|f| f.placed = Some(Period::Today))).await,
        [other]
    );
    world.stop().await;
}

fn tagged(ids: &[Id<Call>], add: &[&str], remove: &[&str]) -> TagCalls {
    let words = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
    TagCalls {
        ids: ids.to_vec(),
        add: words(add),
        remove: words(remove),
    }
}

#[tokio::test]
async fn the_database_names_the_same_party_at_fault_as_the_program() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let placed = flow::place(&world.core, &world.caller, text(&agent)).await.unwrap();
    for reason in EndReason::ALL {
        let party: String = sqlx::query_scalar("update app.calls set end_reason = $2 where id = $1 returning at_fault")
            .bind(placed.id.uuid())
            .bind(reason.word())
            .fetch_one(&world.db.admin)
            .await
            .unwrap();
        assert_eq!(party, reason.at_fault().word(), "{reason:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn tags_are_put_on_many_calls_or_on_none() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let mut calls = Vec::new();
    for number in ["+14155550100", "+14155550101"] {
        calls.push(
            flow::place(&world.core, &world.caller, phone(&agent, number))
                .await
                .unwrap()
                .id,
        );
    }
    let tags_of = async |id| get(&world, id).await.tags;
    let (core, caller) = (&world.core, &world.caller);
    tags::tag(core, caller, tagged(&calls, &["b", "a", "a"], &[]))
        .await
        .unwrap();
    tags::tag(core, caller, tagged(&calls[..1], &["a"], &["b"]))
        .await
        .unwrap();
    assert_eq!(
        (tags_of(calls[0]).await, tags_of(calls[1]).await),
        (vec!["a".to_owned()], vec!["a".to_owned(), "b".to_owned()])
    );

    let with_a_strange_one = [calls[0], Id::new()];
    let refused = tags::tag(core, caller, tagged(&with_a_strange_one, &["c"], &[])).await;
    assert!(matches!(refused, Err(Error::NotFound)));
    let theirs = world.other_org().await;
    let refused = tags::tag(core, &theirs, tagged(&calls, &["c"], &[])).await;
    assert!(matches!(refused, Err(Error::NotFound)));
    let many: Vec<String> = (0..20).map(|n| format!("t{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = tags::tag(core, caller, tagged(&calls, &many, &[])).await;
    assert!(
        matches!(refused, Err(Error::Invalid(_))),
        "one of them has a tag already"
    );
    assert_eq!(tags_of(calls[0]).await, ["a"]);

    let patch = CallChange {
        tags: Some(vec!["z".to_owned()]),
        metadata: Some([("ticket".to_owned(), "T-1".to_owned())].into()),
    };
    let changed = tags::change(core, caller, calls[1], patch).await.unwrap();
    assert_eq!(
        (changed.tags, changed.metadata["ticket"].as_str()),
        (vec!["z".to_owned()], "T-1")
    );
    assert_eq!(flow::facets(core, caller).await.unwrap().tags, ["a", "z"]);
    world.stop().await;
}

#[tokio::test]
async fn a_note_is_read_by_colleagues_and_by_nobody_else() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let call = flow::place(&world.core, &world.caller, text(&agent)).await.unwrap().id;
    let (core, caller) = (&world.core, &world.caller);
    let note = |words: &str| NewNote { text: words.to_owned() };
    let first = notes::write(core, caller, call, note("  Wants a discount.\n"))
        .await
        .unwrap();
    notes::write(core, caller, call, note("Got one.")).await.unwrap();
    let read: Vec<_> = notes::list(core, caller, call)
        .await
        .unwrap()
        .into_iter()
        .map(|note| note.text)
        .collect();
    assert_eq!(read, ["Wants a discount.", "Got one."]);
    assert!(matches!(
        notes::write(core, caller, call, note(" ")).await,
        Err(Error::Invalid(_))
    ));
    let theirs = world.other_org().await;
    assert!(matches!(notes::list(core, &theirs, call).await, Err(Error::NotFound)));
    assert!(matches!(
        notes::delete(core, &theirs, call, first.id).await,
        Err(Error::NotFound)
    ));
    notes::delete(core, caller, call, first.id).await.unwrap();
    assert!(matches!(
        notes::delete(core, caller, call, first.id).await,
        Err(Error::NotFound)
    ));
    assert_eq!(notes::list(core, caller, call).await.unwrap().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_view_is_its_savers_own_unless_it_is_shared() {
    let world = World::new().await;
    let (core, ada) = (&world.core, &world.caller);
    let bob = crate::calls::world::org(core, "Ours").await;
    let draft = |name: &str, shared| CallViewDraft {
        name: name.to_owned(),
        filter: CallFilter {
            status: Some(Status::Failed),
            placed: Some(Period::Last7Days),
            ..CallFilter::default()
        },
        shared,
    };
    let names = async |caller: &Caller| -> Vec<String> {
        view_flow::list(core, caller)
            .await
            .unwrap()
            .into_iter()
            .map(|view| view.name)
            .collect()
    };
    let own = view_flow::save(core, ada, draft("Failed", false)).await.unwrap();
    let shared = view_flow::save(core, ada, draft("Everybody's", true)).await.unwrap();
    assert_eq!(
        (names(ada).await.len(), names(&bob).await),
        (2, vec!["Everybody's".to_owned()])
    );
    assert!(matches!(
        view_flow::change(core, &bob, own.id, draft("Mine", true)).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        view_flow::delete(core, &bob, own.id).await,
        Err(Error::NotFound)
    ));
    // The name is free for whoever does not see it.
    view_flow::save(core, &bob, draft("failed", false)).await.unwrap();
    assert!(matches!(
        view_flow::save(core, ada, draft("FAILED", false)).await,
        Err(Error::Invalid(_))
    ));
    let renamed: CallView = view_flow::change(core, &bob, shared.id, draft("Ours", true))
        .await
        .unwrap();
    assert_eq!((renamed.name.as_str(), renamed.filter), ("Ours", own.filter));
    let theirs = world.other_org().await;
    assert_eq!(names(&theirs).await, Vec::<String>::new());
    assert!(matches!(
        view_flow::delete(core, &theirs, shared.id).await,
        Err(Error::NotFound)
    ));
    view_flow::delete(core, ada, shared.id).await.unwrap();
    assert_eq!(names(&bob).await, ["failed"]);
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_call_is_gone_on_both_sides_and_its_price_stays_paid() {
    let world = World::new().await;
    let call = talked(&world, &["Forget what I said about the merger."]).await;
    world.billed(1).await;
    world.work().await;
    let balance = async || -> i64 {
        sqlx::query_scalar("select sum(amount_micros)::bigint from app.credit_transactions where org_id = $1")
            .bind(world.caller.org().as_str())
            .fetch_one(&world.db.admin)
            .await
            .unwrap()
    };
    let (core, caller) = (&world.core, &world.caller);
    notes::write(
        core,
        caller,
        call.id,
        NewNote {
            text: "The merger.".to_owned(),
        },
    )
    .await
    .unwrap();
    let paid = balance().await;
    world.index_words().await;
    let theirs = world.other_org().await;
    assert!(matches!(
        removal::delete(core, &theirs, call.id).await,
        Err(Error::NotFound)
    ));

    removal::delete(core, caller, call.id).await.unwrap();
    assert!(matches!(flow::get(core, caller, call.id).await, Err(Error::NotFound)));
    assert_eq!(found(&world, caller, said("merger")).await, []);
    assert_eq!(balance().await, paid);
    world.look_now().await;
    let provider_id = call.provider_id.unwrap();
    assert!(core.ultravox.call(&provider_id).await.unwrap_err().is_gone());
    assert_eq!(world.deleting().await, 0);
    let words: i64 = sqlx::query_scalar("select count(*) from app.call_words")
        .fetch_one(&world.db.admin)
        .await
        .unwrap();
    assert_eq!(words, 0);
    for table in ["call_messages", "call_events", "call_texts", "call_notes", "call_tags"] {
        let statement = format!("select count(*) from app.{table} where call_id = $1");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(call.id.uuid())
            .fetch_one(&world.db.admin)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
    // What is still told of it afterwards finds nobody, and brings nothing back.
    world.replay().await;
    assert!(matches!(flow::get(core, caller, call.id).await, Err(Error::NotFound)));
    world.stop().await;
}

#[tokio::test]
async fn a_call_under_way_is_not_deleted_nor_any_that_is_named_beside_it() {
    let world = World::new().await;
    let over = talked(&world, &[]).await;
    let agent = world.agent("Front desk").await;
    let live = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    let what = DeleteCalls {
        ids: vec![over.id, live.id],
    };
    let refused = removal::delete_all(&world.core, &world.caller, what).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    assert_eq!(get(&world, over.id).await.id, over.id);
    let nothing = DeleteCalls { ids: Vec::new() };
    assert!(matches!(
        removal::delete_all(&world.core, &world.caller, nothing).await,
        Err(Error::Invalid(_))
    ));
    world.stop().await;
}

#[tokio::test]
async fn what_the_provider_cannot_delete_now_is_deleted_later() {
    let world = World::new().await;
    let call = talked(&world, &[]).await;
    world
        .fault(&json!({ "kind": "status", "status": 503, "method": "DELETE", "path": "/api/calls", "count": 100 }))
        .await;
    removal::delete(&world.core, &world.caller, call.id).await.unwrap();
    world.look_now().await;
    assert_eq!(world.deleting().await, 1);
    world.no_faults().await;
    world.look_now().await;
    assert_eq!(world.deleting().await, 0);
    let provider_id = call.provider_id.unwrap();
    assert!(world.core.ultravox.call(&provider_id).await.unwrap_err().is_gone());
    world.stop().await;
}

#[tokio::test]
async fn a_page_of_a_filtered_list_goes_on_where_the_one_before_ended() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    for n in 0..5 {
        let call = flow::place(&world.core, &world.caller, phone(&agent, &format!("+1415555010{n}")))
            .await
            .unwrap()
            .id;
        if n != 2 {
            tags::tag(&world.core, &world.caller, tagged(&[call], &["vip"], &[]))
                .await
                .unwrap();
        }
    }
    let filter = CallFilter {
        tag: Some("vip".to_owned()),
        ..CallFilter::default()
    };
    let (mut cursor, mut seen) = (None, Vec::<DateTime<Utc>>::new());
    loop {
        let page = Page { limit: Some(3), cursor };
        let listing = flow::list(&world.core, &world.caller, &filter, &page).await.unwrap();
        seen.extend(listing.items.iter().map(|row| row.created_at));
        cursor = listing.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.is_sorted_by(|one, next| one > next));
    world.stop().await;
}
