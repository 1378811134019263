//! The registry: is every attack and fault that the product has to survive proven by a test that runs?
//!
//! Each item names its proofs, or the feature it waits for. A proof that does not exist, is ignored or may pass without
//! looking is none; a feature that has come leaves nothing waiting.

mod faults;
mod features;
mod identity;
mod isolation;
mod items;
mod money;
mod sources;
mod traffic;

use std::{collections::BTreeSet, fs};

use features::{Feature, names};
use items::{ALL, CHAPTERS, Item};
use sources::{Runs, root, tests};

fn all() -> impl Iterator<Item = &'static Item> {
    ALL.into_iter().flatten()
}

#[test]
fn every_item_is_registered_once() {
    let mut expected: Vec<String> = Vec::new();
    for (letter, count) in CHAPTERS {
        expected.extend((1..=count).map(|number| format!("{letter}{number}")));
    }
    let mut registered: Vec<_> = all().map(|item| item.id.to_owned()).collect();
    assert_eq!(expected.len(), 145);
    expected.sort();
    registered.sort();
    assert_eq!(registered, expected);
    let titles: BTreeSet<_> = all().map(|item| item.title).collect();
    assert_eq!(titles.len(), 145, "each says what it is about");
}

/// What is measured rather than tested is a figure of the bench, which has a verdict of its own.
const BENCH: &str = "bench";

#[test]
fn every_item_has_a_proof_that_runs_or_waits_for_a_feature() {
    let (tests, figures) = (tests(), figures());
    let mut wrong = Vec::new();
    for item in all() {
        if item.proofs.is_empty() && item.waits.is_empty() {
            wrong.push(format!("{} {}: neither proven nor waiting", item.id, item.title));
        }
        for (binary, name) in item.proofs {
            let runs = match *binary {
                BENCH => figures.contains(*name).then_some(Runs::Always),
                binary => tests[binary].get(*name).copied(),
            };
            match runs {
                Some(Runs::Always) => {}
                Some(runs) => wrong.push(format!("{}: {binary} {name} runs {runs:?}", item.id)),
                None => wrong.push(format!("{}: there is no {binary} {name}", item.id)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The figures that the bench prints, by name.
fn figures() -> BTreeSet<String> {
    let mut figures = BTreeSet::new();
    for entry in fs::read_dir(root().join("bench/src")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        figures.extend(source.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    figures
}

#[tokio::test]
async fn nothing_waits_for_a_feature_that_is_there() {
    let names = names().await;
    for there in [
        "/agents",
        "list_agents",
        "app.agents.name",
        "subcommand serve",
        "setting database_url",
    ] {
        assert!(
            names.iter().any(|name| name.contains(there)),
            "{there} should show: {names:#?}"
        );
    }
    let mut arrived = Vec::new();
    for feature in Feature::ALL {
        let waiting: Vec<_> = all()
            .filter(|item| item.waits.contains(&feature))
            .map(|item| item.id)
            .collect();
        assert!(!waiting.is_empty(), "nothing waits for {feature:?}");
        for name in names
            .iter()
            .filter(|name| feature.words().iter().any(|word| name.contains(word)))
        {
            arrived.push(format!("{feature:?} shows in {name}; {waiting:?} need tests now"));
        }
    }
    assert!(arrived.is_empty(), "{}", arrived.join("\n"));
}
