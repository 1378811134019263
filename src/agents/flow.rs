//! What people do with agents beyond creating and changing them.

use super::Agent;
use crate::{
    auth::Caller,
    core::Core,
    crud::{self, Rows},
    error::{Error, Result},
    id::Id,
    resource::{Action, Resource},
};

/// The longest name an agent may have.
const LONGEST: usize = 80;
/// Nobody has a hundred copies of one agent; somebody who does gets to choose a name.
const MOST: u32 = 100;

/// Creates an agent like this one under the next free name: "Front desk copy", "Front desk copy 2".
pub async fn duplicate(core: &Core, caller: &Caller, id: Id<Agent>) -> Result<Agent> {
    let original = crud::get::<Agent>(core, caller, id).await?;
    let mut draft = original.draft;
    let base = without_copy(&draft.name).to_owned();
    for number in 1..=MOST {
        draft.name = copy_name(&base, number);
        if !is_taken(core, caller, &draft).await? {
            return crud::create::<Agent>(core, caller, draft).await;
        }
    }
    Err(Error::taken("name"))
}

async fn is_taken(core: &Core, caller: &Caller, draft: &super::AgentDraft) -> Result<bool> {
    let mut tx = caller.begin(&core.db, Action::Read, Agent::KIND).await?;
    let free = Agent::check(&mut tx, Id::new(), draft).await;
    tx.commit().await?;
    match free {
        Ok(()) => Ok(false),
        Err(Error::Invalid(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// "Front desk copy 2" is a copy of "Front desk".
fn without_copy(name: &str) -> &str {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
    match (stem.strip_suffix(" copy"), name.strip_suffix(" copy")) {
        (_, Some(base)) => base,
        // Digits count only after the word: "Line 2" is a name.
        (Some(base), None) if stem.len() < name.len() => base,
        _ => name,
    }
}

fn copy_name(base: &str, number: u32) -> String {
    let suffix = if number == 1 {
        " copy".to_owned()
    } else {
        format!(" copy {number}")
    };
    let kept: String = base.chars().take(LONGEST - suffix.len()).collect();
    format!("{}{suffix}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_copy_is_a_copy_of_the_original() {
        for (name, base) in [
            ("Front desk", "Front desk"),
            ("Front desk copy", "Front desk"),
            ("Front desk copy 12", "Front desk"),
            ("Line 2", "Line 2"),
        ] {
            assert_eq!(without_copy(name), base);
        }
        assert_eq!(copy_name("Front desk", 1), "Front desk copy");
        assert_eq!(copy_name("Front desk", 2), "Front desk copy 2");
    }

    #[test]
    fn a_copys_name_is_never_too_long() {
        let long = "ä".repeat(80);
        assert_eq!(copy_name(&long, 10).chars().count(), 80);
    }
}
