//! Values: what a call passes to its agent, as fields of the kind the agent declares.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde_json::Value;
use switchboard::{
    agents::{Variable, VariableKind},
    json,
    text::capitalize,
};

use crate::kit::{Switch, TextField};

pub type Values = BTreeMap<String, Value>;

/// `prefix` keeps two forms on one page apart: their fields, ids and errors begin with it.
pub fn value_fields(declared: &[Variable], values: RwSignal<Values>, prefix: &'static str) -> AnyView {
    declared
        .iter()
        .map(|variable| field(variable, values, prefix))
        .collect_view()
        .into_any()
}

/// A required yes-or-no has an answer from the start: no.
pub fn starting(declared: &[Variable], values: &mut Values) {
    for variable in declared
        .iter()
        .filter(|variable| variable.required && variable.kind == VariableKind::Boolean)
    {
        values.entry(variable.name.clone()).or_insert(Value::Bool(false));
    }
}

fn field(variable: &Variable, values: RwSignal<Values>, prefix: &'static str) -> AnyView {
    let path = format!("{prefix}variables.{}", variable.name);
    let name = variable.name.clone();
    let kind = variable.kind;
    let held = {
        let name = name.clone();
        move || values.with(|values| values.get(&name).cloned())
    };
    if kind == VariableKind::Boolean {
        let on_change =
            Callback::new(move |on| values.update(|values| drop(values.insert(name.clone(), Value::Bool(on)))));
        let on = Signal::derive(move || held() == Some(Value::Bool(true)));
        return view! { <Switch path=path label=words(&variable.name) help=variable.description.clone() value=on on_change=on_change/> }.into_any();
    }
    let text = Signal::derive(move || match held() {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    });
    let on_input = Callback::new(move |typed: String| {
        values.update(|values| match read(&typed, kind) {
            Some(value) => drop(values.insert(name.clone(), value)),
            None => drop(values.remove(&name)),
        });
    });
    let input = if kind == VariableKind::Number { "number" } else { "text" };
    view! {
        <TextField path=path label=words(&variable.name) value=text on_input=on_input kind=input optional=!variable.required
            help=variable.description.clone() autocomplete="off"/>
    }
    .into_any()
}

/// What was typed, as the kind it should be; what is not is passed on as it is, and refused with words beside its field.
fn read(typed: &str, kind: VariableKind) -> Option<Value> {
    if typed.is_empty() {
        return None;
    }
    let number = (kind == VariableKind::Number)
        .then(|| json::parse(typed.trim()).ok())
        .flatten();
    Some(
        number
            .filter(Value::is_number)
            .unwrap_or_else(|| Value::String(typed.to_owned())),
    )
}

/// `first_name` is `First name`.
fn words(name: &str) -> String {
    capitalize(&name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_becomes_the_declared_kind() {
        assert_eq!(read("", VariableKind::Text), None);
        assert_eq!(read("41", VariableKind::Text), Some(json!("41")));
        assert_eq!(read(" 41 ", VariableKind::Number), Some(json!(41)));
        assert_eq!(read("4.5", VariableKind::Number), Some(json!(4.5)));
        assert_eq!(read("many", VariableKind::Number), Some(json!("many")));
    }

    #[test]
    fn a_name_reads_as_words() {
        assert_eq!(words("first_name"), "First name");
    }
}
