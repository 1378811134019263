//! Mutants of the program: each filter of each statement, forgotten alone, where row security would not have helped.
//!
//! The program stays as it ships; the filter is taken out on the way to Postgres. Whatever the model asks for has such
//! filters, and the model has to notice that one is missing: by a row of others, or by an answer that is none.

use std::{collections::BTreeSet, env, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use proptest_state_machine::ReferenceStateMachine;
use rand::seq::SliceRandom;

use super::{
    RUN, SEEDS,
    house::{Breach, House},
    oracle::{Oracle, sequence},
    runtime,
};
use crate::ablation::{Filters, Left, count};

/// Of those that can be forgotten, `make test` forgets a few, other ones each time. `MODEL_MUTANTS` chooses: all, or those of
/// statements with these words.
const A_FEW: usize = 4;

/// Filters that may be forgotten without the model noticing, by how their statements begin: the id they go by came out of
/// a statement that has its own filter, and is nobody else's. They are the second lock of a door.
const SECOND: [&str; 54] = [
    "delete from app.agent_knowledge",
    "delete from app.agent_tools",
    "delete from app.agents",
    "delete from app.call_messages",
    "delete from app.contact_folders",
    "delete from app.contacts",
    "delete from app.knowledge_bases",
    "delete from app.provider_links",
    "delete from app.tools",
    "delete from app.voices where org_id",
    // Words of calls that were found before.
    "insert into app.call_texts",
    "select 1 as one from app.calls",
    "select a.id, a.name from app.agent_tools",
    "select a.state",
    // Whose base it is was asked before; those of tools and voices begin alike.
    "select a.id, a.name from app.agents a\n         where a.org_id = $1 and exists (\n           select from app.agent_knowledge",
    "select b.base_id",
    "select b.id from app.knowledge_bases",
    "select b.tool_id",
    "select c.recording_until",
    "select e.id, e.at, e.kind",
    "select exists (select from app.provider_links",
    // Counts, and makes those who move folders take turns.
    "select f.id from app.contact_folders f where f.org_id = $1 and f.id <> $2",
    "select k.created_by",
    "select k.scopes",
    "select l.differs_since",
    "select m.seq",
    // Whose call it is was asked before.
    "select n.id, n.text",
    "select t.id from app.tools t",
    "select t.provider_id",
    "select t.secret_sealed is not null",
    "select v.provider_id from app.voices v",
    "select v.id from app.voices v",
    // The model has nobody to clone a voice, so none is ready: `ablation` has some that are.
    "select v.id, v.provider_id",
    // By itself it answers a version: `ablation` asks for those of others without row security.
    "select v.number",
    "update app.agents set name",
    "update app.agents set provider_id",
    "update app.agents set sync",
    "update app.api_keys set used_at",
    "update app.calls set agent_id",
    "update app.calls set contact_id = null",
    "update app.calls set status",
    "update app.calls set stop_asked_at",
    "update app.contact_folders f set parent_id",
    "update app.contact_folders set name",
    "update app.contacts c set folder_id",
    "update app.contacts set name",
    "update app.provider_links",
    "update app.tools set name",
    "update app.tools set provider_id",
    "update app.tools set sync",
    "update app.voices set name",
    "with gone as (\n           delete from app.call_texts",
    "with recursive above as",
    "with recursive below as",
];

/// Noticed by tests of their own: a client is found once, when somebody arrives (`tests/it/identity/sessions.rs`); the answer to
/// a key of somebody else is overwritten (`the_same_key_twice_has_one_effect_and_one_answer`).
const ELSEWHERE: [&str; 2] = ["select c.id from app.clients", "update app.idempotency_keys"];

/// Asked where the others noticed nothing: each of a dozen kinds of things is asked for seldom.
const MORE_SEEDS: [u64; 2] = [4, 5];

/// Every filter of every statement that a run of the model sends.
fn all() -> BTreeSet<Filters> {
    let runtime = runtime();
    let (mut oracle, commands) = sequence(SEEDS[0], RUN);
    let mut house = runtime.block_on(House::build(&oracle, Left::RowSecurity));
    for command in commands {
        oracle = Oracle::apply(oracle, &command);
        drop(runtime.block_on(house.step(&oracle)));
    }
    let mut filters = BTreeSet::new();
    for statement in house.weakened() {
        for number in 0..count(&statement) {
            let statement = statement.clone();
            filters.insert(Filters::One { statement, number });
        }
    }
    let _inside = runtime.enter();
    drop(house);
    filters
}

/// After how many requests, and how, the model notices.
fn noticed(filters: &Filters) -> Option<(usize, String)> {
    let runtime = runtime();
    let mut asked = 0;
    for seed in SEEDS.into_iter().chain(MORE_SEEDS) {
        let (mut oracle, commands) = sequence(seed, RUN);
        let building = AssertUnwindSafe(House::forgetting(&oracle, filters.clone())).catch_unwind();
        let Ok(mut house) = runtime.block_on(building) else {
            return Some((asked, "nobody gets in".to_owned()));
        };
        for command in commands {
            oracle = Oracle::apply(oracle, &command);
            asked += 1;
            let told = match runtime.block_on(house.step(&oracle)) {
                Ok(()) => continue,
                Err(Breach::Foreign(_)) => "something of another organization".to_owned(),
                Err(Breach::Differs(_)) => "another answer".to_owned(),
            };
            let _inside = runtime.enter();
            drop(house);
            return Some((asked, told));
        }
        if runtime.block_on(house.count(&oracle)).is_err() {
            return Some((asked, "other rows at the end".to_owned()));
        }
        let _inside = runtime.enter();
        drop(house);
    }
    None
}

#[test]
fn a_forgotten_filter_is_noticed() {
    let all: Vec<_> = all().into_iter().collect();
    assert!(all.len() > 25, "only {} filters were seen", all.len());
    let asked = env::var("MODEL_MUTANTS").ok();
    let mut chosen = all.clone();
    if let Some(words) = asked.as_deref().filter(|words| *words != "all") {
        chosen.retain(|filters| matches!(filters, Filters::One { statement, .. } if statement.contains(words)));
    }
    if asked.is_none() {
        chosen.shuffle(&mut rand::rng());
        chosen.retain(|filters| !is_second(filters));
        chosen.truncate(A_FEW);
    }
    let (mut caught, mut unnoticed) = (0, Vec::new());
    for filters in &chosen {
        let Filters::One { statement, number } = filters else {
            continue;
        };
        let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let line: String = line.chars().take(90).collect();
        match noticed(filters) {
            Some((asked, told)) => {
                caught += 1;
                println!("caught after {asked:>4}: {told}: {line} ({number})");
            }
            None if is_second(filters) => println!("a second lock: {line} ({number})"),
            None => unnoticed.push(format!("{line} ({number})")),
        }
    }
    println!("{caught} of {} caught, of {} in all", chosen.len(), all.len());
    assert!(unnoticed.is_empty(), "unnoticed:\n{}", unnoticed.join("\n"));
}

fn is_second(filters: &Filters) -> bool {
    let Filters::One { statement, .. } = filters else {
        return false;
    };
    SECOND
        .iter()
        .chain(&ELSEWHERE)
        .any(|beginning| statement.starts_with(beginning))
}
