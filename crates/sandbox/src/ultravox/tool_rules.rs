//! What Ultravox accepts as a tool, as a selection of tools, and as changes to it.

use serde_json::Value;

use super::errors::Wrong;

/// Says what is wrong with a definition.
pub fn check_tool(definition: &Value) -> Option<String> {
    let name = definition["modelToolName"].as_str().unwrap_or_default();
    let good = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !good {
        return Some(format!("modelToolName {name:?} must match ^[a-zA-Z0-9_-]{{1,64}}$."));
    }
    let kinds = ["http", "client", "dataConnection"]
        .iter()
        .filter(|kind| definition[**kind].is_object())
        .count();
    (kinds != 1).then(|| format!("{name}: exactly one of http, client and dataConnection must be set."))
}

/// The name the model sees, where it can be known without looking the tool up.
pub fn tool_name(tool: &Value) -> &str {
    [
        &tool["nameOverride"],
        &tool["temporaryTool"]["modelToolName"],
        &tool["toolName"],
        &tool["toolId"],
    ]
    .into_iter()
    .find_map(Value::as_str)
    .unwrap_or_default()
}

pub fn check_tools(wrong: &mut Wrong, name: &str, value: &Value) {
    let Some(tools) = value.as_array() else {
        return wrong.add(name, "Expected a list of items.");
    };
    let mut seen = Vec::new();
    for tool in tools {
        let named = ["toolId", "toolName", "temporaryTool"]
            .iter()
            .filter(|kind| !tool[**kind].is_null())
            .count();
        if named != 1 {
            wrong.add(name, "Exactly one of toolId, toolName and temporaryTool must be set.");
        }
        if let Some(text) = tool["temporaryTool"]
            .as_object()
            .and_then(|_| check_tool(&tool["temporaryTool"]))
        {
            wrong.add(name, text);
        }
        if seen.contains(&tool_name(tool)) {
            wrong.add(name, format!("Tool names must be unique: {}.", tool_name(tool)));
        }
        seen.push(tool_name(tool));
    }
}

pub fn check_tool_overrides(wrong: &mut Wrong, value: &Value) {
    let Some(members) = value.as_object() else {
        return wrong.add("toolOverrides", "Expected a dictionary of items.");
    };
    if let Some(unknown) = members
        .keys()
        .find(|key| !["remove", "removeAll", "add"].contains(&key.as_str()))
    {
        wrong.add("toolOverrides", format!("Message has no field named \"{unknown}\"."));
    }
    if members.contains_key("remove") && members.contains_key("removeAll") {
        wrong.add("toolOverrides", "Only one of remove and removeAll may be set.");
    }
    if let Some(add) = members.get("add") {
        check_tools(wrong, "toolOverrides", add);
    }
}
