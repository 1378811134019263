//! Import: an agent's exported JSON, read as a draft to begin from. Nothing is saved.

use serde_json::Value;

use super::AgentDraft;
use crate::{
    auth::Caller,
    check::Check,
    core::Core,
    error::{Error, Result},
    resource::{Action, Kind},
    tools, voices,
};

/// An export is a draft of at most 40,000 characters and its settings.
const LARGEST: usize = 400_000;
/// The field of the form that everything wrong with it is said beside.
const FIELD: &str = "json";

/// The draft of an export, as far as this organization has what it refers to: a voice or a tool that it does not have is left out.
pub async fn read_export(core: &Core, caller: &Caller, json: &str) -> Result<AgentDraft> {
    let tx = caller.begin(&core.db, Action::Create, Kind::Agent).await?;
    tx.commit().await?;
    let mut draft = read(json)?;
    let voice = voices::available::find(core, caller, Action::Create, &draft.voice_id).await;
    // Where the library cannot be had, creating the agent says so.
    if matches!(voice, Ok(None)) {
        (draft.voice_id, draft.voice_name) = (String::new(), String::new());
    }
    let mut tx = caller.begin(&core.db, Action::Create, Kind::Agent).await?;
    draft.tool_ids = tools::bindings::still_there(&mut tx, &draft.tool_ids).await?;
    tx.commit().await?;
    Ok(draft)
}

fn read(json: &str) -> Result<AgentDraft> {
    let wrong = |says: String| Error::invalid(FIELD, says);
    if json.trim().is_empty() {
        return Err(wrong("Choose a file, or paste what it holds.".to_owned()));
    }
    if json.len() > LARGEST {
        return Err(wrong("This is too large for an agent.".to_owned()));
    }
    let mut value: Value = serde_json::from_str(json.trim_start_matches('\u{feff}')).map_err(|error| {
        wrong(format!(
            "This is no JSON: it breaks off or goes wrong in line {}.",
            error.line()
        ))
    })?;
    // A version of the REST API has the draft inside.
    if value["draft"].is_object() {
        value = value["draft"].take();
    }
    if !value["prompt"].is_string() {
        return Err(wrong("This JSON is no agent: it has no prompt.".to_owned()));
    }
    if let Some(field) = unreadable(&value) {
        return Err(wrong(format!(
            "This JSON is no agent: {field} does not hold what it should."
        )));
    }
    let draft: AgentDraft = serde_json::from_value(value).map_err(|_| wrong("This JSON is no agent.".to_owned()))?;
    // A voice is chosen in the editor.
    let voiced = AgentDraft {
        voice_id: "any".to_owned(),
        ..draft.clone()
    };
    if let Err(error) = Check::run(&voiced) {
        let first = error.fields().first();
        let says = first.map(|first| format!("{}: {}", first.field, first.message));
        return Err(wrong(format!(
            "This agent cannot be taken. {}",
            says.unwrap_or_default()
        )));
    }
    Ok(draft)
}

/// The first member that is no field of a draft as it stands. Every field of a draft may be left out, so each is tried alone.
fn unreadable(value: &Value) -> Option<&str> {
    let mut members = value.as_object()?.iter();
    let unfit = members.find(|(name, member)| {
        let alone = Value::Object([((*name).clone(), (*member).clone())].into_iter().collect());
        serde_json::from_value::<AgentDraft>(alone).is_err()
    });
    unfit.map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(json: &str) -> String {
        let error = read(json).unwrap_err();
        let [wrong] = error.fields() else { panic!("{error:?}") };
        assert_eq!(wrong.field, "json");
        wrong.message.clone()
    }

    #[test]
    fn what_is_exported_is_read() {
        let draft = AgentDraft {
            name: "Front desk".into(),
            prompt: "Answer.".into(),
            max_duration_s: 120,
            ..AgentDraft::default()
        };
        let plain = json!(draft);
        let version = json!({ "number": 3, "note": "", "draft": draft });
        let mut agent = plain.clone();
        agent["id"] = json!("01939a2e-7c41-7f0a-9d6e-3b1f5c2a8e90");
        agent["revision"] = json!(7);
        for export in [plain, version, agent] {
            assert_eq!(read(&export.to_string()).unwrap(), draft);
        }
        assert_eq!(read(&format!("\u{feff}{}", json!(draft))).unwrap(), draft);
    }

    #[test]
    fn what_is_no_agent_is_refused_in_words() {
        for (json, says) in [
            ("", "Choose a file"),
            ("{\"name\":\n", "in line 2"),
            ("[]", "no prompt"),
            ("\"prompt\"", "no prompt"),
            (r#"{"name":"A tool","url":"x"}"#, "no prompt"),
            (
                r#"{"name":"A","prompt":"B","max_duration_s":"long"}"#,
                "max_duration_s does not hold",
            ),
            (
                r#"{"name":"A","prompt":"B","max_duration_s":1}"#,
                "max_duration_s: Use 30 to",
            ),
            (r#"{"name":"","prompt":"B"}"#, "name: Fill this in."),
            (
                r#"{"name":"A","prompt":"Hi {{nobody}}"}"#,
                "prompt: {{nobody}} is used here",
            ),
        ] {
            let told = refused(json);
            assert!(told.contains(says), "{json}: {told}");
        }
        assert!(refused(&"x".repeat(LARGEST + 1)).contains("too large"));
    }
}
