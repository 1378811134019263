//! The plan as a file.

use super::Plan;

const HEAD: &str = "\
# What becomes of every table of this database. Written by `switchboard warden discover`; yours to edit.
#
# Every table with kind = \"undecided\", and every rule that says so, needs your word: owned, global or excluded; what to do
# when two paths disagree (on_conflict = \"first\" or \"quarantine\") and when none leads anywhere (on_missing = \"quarantine\",
# \"default\" or \"refuse\"). Then `switchboard warden plan FILE` looks whether it makes sense, signs it and freezes it.
";

/// # Errors
/// When the text is not a plan: the place and the reason.
pub fn read(text: &str) -> Result<Plan, toml::de::Error> {
    toml::from_str(text)
}

/// # Panics
/// Never: everything in a plan can be written as TOML.
pub fn write(plan: &Plan) -> String {
    let body = toml::to_string_pretty(plan).expect("a plan is tables, lists and texts");
    format!("{HEAD}\n{body}")
}
