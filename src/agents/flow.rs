//! What people do with agents beyond creating and changing them.

use super::{Agent, AgentDraft, AgentVersion, AgentVersionRow, Finding, Level, Publication, store, version_store};
use crate::{
    agent_tests,
    audit::{self, Detail},
    auth::Caller,
    check::Check,
    core::Core,
    crud::{self, Local, Rows, WriteFlow},
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    jobs::Worker,
    knowledge,
    provider_sync::{self, ProviderFirst, Writes},
    resource::{Action, Kind, Resource},
    tools, voices,
};

/// Saving changes the draft and nothing that answers the phone. Creating publishes the first version.
pub enum Versioned {}

impl WriteFlow<Agent> for Versioned {
    const ASKS_PROVIDER: bool = true;

    fn add_queues(worker: &mut Worker) {
        <ProviderFirst as WriteFlow<Agent>>::add_queues(worker);
    }

    async fn create(core: &Core, caller: &Caller, draft: AgentDraft) -> Result<Agent> {
        let draft = with_voice(core, caller, Action::Create, None, draft).await?;
        ProviderFirst::create(core, caller, draft).await
    }

    async fn update(core: &Core, caller: &Caller, id: Id<Agent>, draft: AgentDraft, revision: i64) -> Result<Agent> {
        let before = crud::get_to_change::<Agent>(core, caller, id).await?;
        let draft = with_voice(core, caller, Action::Update, Some(&before), draft).await?;
        Local::update(core, caller, id, draft, revision).await
    }

    async fn delete(core: &Core, caller: &Caller, id: Id<Agent>) -> Result<()> {
        <ProviderFirst as WriteFlow<Agent>>::delete(core, caller, id).await
    }
}

/// The draft with the name of its voice, which has to be one that the organization has. One that is saved already may stay, so that
/// an agent can be changed while the provider's library cannot be had.
async fn with_voice(
    core: &Core,
    caller: &Caller,
    action: Action,
    before: Option<&Agent>,
    mut draft: AgentDraft,
) -> Result<AgentDraft> {
    let stays = before.is_some_and(|before| before.draft.voice_id == draft.voice_id);
    // A change of the id alone arrives with the name of the voice before.
    let is_left_over = !stays && before.is_some_and(|before| before.draft.voice_name == draft.voice_name);
    let is_named = !draft.voice_name.is_empty() && !is_left_over;
    if stays && is_named {
        return Ok(draft);
    }
    match voices::available::find(core, caller, action, &draft.voice_id).await {
        Ok(Some(_)) if is_named => {}
        Ok(Some(voice)) => draft.voice_name = voice.name,
        _ if stays => {}
        Ok(None) => return Err(voices::available::gone()),
        Err(error) => return Err(error),
    }
    Ok(draft)
}

/// The tests that keep the draft from being published, in words.
async fn held_back(core: &Core, caller: &Caller, action: Action, agent: &Agent) -> Result<Vec<String>> {
    let mut tx = caller.begin(&core.db, action, Kind::Agent).await?;
    let held = agent_tests::flow::held_back(core, &mut tx, agent).await?;
    tx.commit().await?;
    Ok(held)
}

/// Makes what is saved the next version: at the provider first, then here. `revision` is the one that was looked at; without one
/// it is whichever is saved.
pub async fn publish(
    core: &Core,
    caller: &Caller,
    id: Id<Agent>,
    publication: Publication,
    revision: Option<i64>,
) -> Result<Agent> {
    Check::run(&publication)?;
    let agent = crud::get_to_change::<Agent>(core, caller, id).await?;
    Check::run(&agent.draft)?;
    let held = held_back(core, caller, Action::Update, &agent).await?;
    if !held.is_empty() {
        let told = held.join(" ");
        return Err(Error::Conflict(format!("This agent is published only while it passes its tests. {told}")));
    }
    if voices::available::find(core, caller, Action::Update, &agent.draft.voice_id)
        .await?
        .is_none()
    {
        return Err(voices::available::gone());
    }
    provider_sync::push_first(
        core,
        caller,
        id,
        (None, revision.unwrap_or(agent.revision)),
        &publication,
    )
    .await
}

impl Writes<Agent> for Publication {
    async fn write(&self, tx: &mut OrgTx, now: &Agent, draft: &AgentDraft) -> Result<Agent> {
        let number = now.live_version + 1;
        version_store::insert(tx, now.id, number, draft, self.note.trim()).await?;
        store::go_live(tx, now.id, number, draft).await?;
        record_version(tx, "publish", now, number).await?;
        Agent::find(tx, now.id).await
    }
}

/// Takes a version into the draft, under the agent's present name and labels, without tools that are gone by now, and with
/// the draft's voice where the version's is.
pub async fn restore(core: &Core, caller: &Caller, id: Id<Agent>, number: i32, revision: Option<i64>) -> Result<Agent> {
    let version = version_to_change(core, caller, id, number).await?;
    // Where it cannot be looked up, it is taken along: publishing asks again.
    let has_voice = !matches!(
        voices::available::find(core, caller, Action::Update, &version.draft.voice_id).await,
        Ok(None)
    );
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let before = Agent::find(&mut tx, id).await?;
    let revision = revision.unwrap_or(before.revision);
    crud::unchanged(&before, revision)?;
    let mut draft = version.draft.labeled_as(&before.draft);
    if !has_voice {
        (draft.voice_id, draft.voice_name) = (before.draft.voice_id.clone(), before.draft.voice_name.clone());
    }
    draft.tool_ids = tools::bindings::still_there(&mut tx, &draft.tool_ids).await?;
    draft.knowledge_base_ids = knowledge::bindings::still_there(&mut tx, &draft.knowledge_base_ids).await?;
    Agent::check(&mut tx, id, &draft).await?;
    if !Agent::update(&mut tx, id, &draft, revision).await? {
        return Err(crud::conflict::<Agent>());
    }
    tx.changed(Kind::Agent);
    record_version(&mut tx, "restore", &before, number).await?;
    let agent = Agent::find(&mut tx, id).await?;
    crud::commit(core, tx).await?;
    Ok(agent)
}

async fn version_to_change(core: &Core, caller: &Caller, id: Id<Agent>, number: i32) -> Result<AgentVersion> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let version = version_store::find(&mut tx, id, Some(number)).await?;
    tx.commit().await?;
    Ok(version)
}

async fn record_version(tx: &mut OrgTx, verb: &str, agent: &Agent, number: i32) -> Result<()> {
    tx.changed(Kind::Agent);
    let detail = Detail {
        version: Some(number),
        ..Detail::default()
    };
    audit::record_with(tx, verb, Kind::Agent, &agent.id.to_string(), &agent.draft.name, detail).await
}

/// The newest first.
pub async fn versions(core: &Core, caller: &Caller, id: Id<Agent>) -> Result<Vec<AgentVersionRow>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
    let versions = version_store::list(&mut tx, id).await?;
    tx.commit().await?;
    // Every agent has one.
    if versions.is_empty() {
        Err(Error::NotFound)
    } else {
        Ok(versions)
    }
}

pub async fn version(core: &Core, caller: &Caller, id: Id<Agent>, number: i32) -> Result<AgentVersion> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
    let version = version_store::find(&mut tx, id, Some(number)).await?;
    tx.commit().await?;
    Ok(version)
}

/// What was looked at before what is saved is published: what blocks it first, and what passes last.
pub async fn findings(core: &Core, caller: &Caller, id: Id<Agent>) -> Result<Vec<Finding>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
    let agent = Agent::find(&mut tx, id).await?;
    let refused = match Check::run(&agent.draft) {
        Ok(()) => Agent::check(&mut tx, id, &agent.draft).await.err(),
        Err(error) => Some(error),
    };
    let unsynced = tools::bindings::unsynced(&mut tx, &agent.draft.tool_ids).await?;
    tx.commit().await?;

    let held = held_back(core, caller, Action::Read, &agent).await?;
    let draft = &agent.draft;
    let mut findings = Vec::new();
    let mut find = |level: Level, field: &str, words: String| {
        findings.push(Finding {
            level,
            field: field.to_owned(),
            words,
        });
    };
    match refused {
        Some(Error::Invalid(fields)) => {
            for wrong in fields {
                find(Level::Blocks, &wrong.field, wrong.message);
            }
        }
        Some(error) => return Err(error),
        None => find(
            Level::Passes,
            "",
            "Every field is filled in as it should be, and every variable is declared.".into(),
        ),
    }
    for words in &held {
        find(Level::Blocks, "publish_needs_tests", words.clone());
    }
    if draft.publish_needs_tests && held.is_empty() {
        find(Level::Passes, "", "It passes all of its tests.".into());
    }
    let unheard = draft.recording
        && ![&draft.first_message, &draft.prompt]
            .into_iter()
            .any(|text| mentions_recording(text));
    match (draft.recording, unheard) {
        (true, true) => find(
            Level::Warns,
            "first_message",
            "Calls are recorded, and neither the first message nor the prompt says so.".into(),
        ),
        (true, false) => find(
            Level::Passes,
            "",
            "The first message or the prompt speaks of recording.".into(),
        ),
        (false, _) => find(Level::Passes, "", "Nothing is recorded.".into()),
    }
    match voices::available::find(core, caller, Action::Read, &draft.voice_id).await {
        Ok(Some(voice)) if voice.voice.is_some() => {
            find(Level::Passes, "", "The voice is one of your own, and ready.".into());
        }
        Ok(Some(_)) => find(Level::Passes, "", "The voice is in the library.".into()),
        Ok(None) => find(Level::Blocks, "voice_id", "This voice is gone. Choose another.".into()),
        Err(_) => find(
            Level::Warns,
            "voice_id",
            "The provider's voices cannot be looked up at the moment.".into(),
        ),
    }
    for tool in &unsynced {
        let words = format!("{tool} is not at the provider as it is saved here. Calls use what is there.");
        find(Level::Warns, "tool_ids", words);
    }
    if unsynced.is_empty() && !draft.tool_ids.is_empty() {
        find(
            Level::Passes,
            "",
            "Every tool is at the provider as it is saved here.".into(),
        );
    }
    if core.ultravox.phone_from().is_empty() {
        let words = "This installation has no line for phone calls. An operator sets one.";
        find(Level::Warns, "", words.into());
    }
    findings.sort_by_key(|finding| finding.level);
    Ok(findings)
}

/// Whether a text speaks of recording, in the languages that the editor offers and whose words are alike.
fn mentions_recording(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "record",
        "aufzeich",
        "aufgezeich",
        "aufnahme",
        "enregistr",
        "graba",
        "grava",
        "registra",
        "opgenomen",
        "opname",
        "nagr",
        "nahráv",
        "optag",
        "spela",
        "запис",
        "録音",
    ];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

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
    fn a_text_that_speaks_of_recording_is_known_in_several_languages() {
        for text in [
            "This call is RECORDED.",
            "Dieser Anruf wird aufgezeichnet.",
            "Esta llamada será grabada",
            "この通話は録音されます",
        ] {
            assert!(mentions_recording(text), "{text}");
        }
        assert!(!mentions_recording("Good morning, how can I help?"));
    }

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
