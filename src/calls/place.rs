//! Placing a call: what somebody must say, what is wrong with it, and what it will cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(feature = "ssr")]
use crate::{Error, phone::PhoneNumber};
use crate::{
    agents::{Agent, Variable, VariableKind},
    check::{Check, Checked},
    id::Id,
    metadata,
    money::Micros,
};

/// Ultravox bills every started six seconds, at five US cents a minute (its FAQ, 2026).
pub const STEP_S: i64 = 6;
pub const PRICE_PER_STEP: Micros = Micros(5_000);

/// What a billed duration costs.
pub fn price(billed_ms: i64) -> Micros {
    let step_ms = STEP_S * 1000;
    let started = (billed_ms.max(0) + step_ms - 1) / step_ms;
    Micros(started * PRICE_PER_STEP.0)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CallDraft {
    pub agent_id: Id<Agent>,
    pub to: Destination,
    /// The number of the version to run; the live one where this is absent.
    #[serde(default)]
    pub version: Option<i32>,
    /// Runs the draft instead of a version, to try it before it is published.
    #[serde(default)]
    pub draft: bool,
    /// Values for the agent's variables, each of the declared kind.
    #[serde(default)]
    pub variables: BTreeMap<String, Value>,
    /// Values by names of a program's own, to find the call by; neither the agent nor the provider hears of them.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(example = json!({"ticket": "T-1041"})))]
    pub metadata: BTreeMap<String, String>,
}

impl CallDraft {
    /// A call of the live version that says nothing more.
    pub fn new(agent_id: Id<Agent>, to: Destination) -> Self {
        Self {
            agent_id,
            to,
            version: None,
            draft: false,
            variables: BTreeMap::new(),
            metadata: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "medium", rename_all = "snake_case", deny_unknown_fields)]
pub enum Destination {
    /// Rings this number, which begins with `+` and the country code. It is read as people write it, and dialed as E.164.
    Phone { number: String },
    /// A written conversation.
    Text {},
}

impl Destination {
    /// With the number as it is dialed.
    #[cfg(feature = "ssr")]
    pub(crate) fn dialed(&self) -> crate::Result<Self> {
        match self {
            Self::Phone { number } => {
                let number = PhoneNumber::parse(number).map_err(|says| Error::invalid("to.number", says))?;
                Ok(Self::Phone {
                    number: number.e164().to_owned(),
                })
            }
            Self::Text {} => Ok(Self::Text {}),
        }
    }
}

impl Checked for CallDraft {
    fn check(&self, check: &mut Check) {
        if let Destination::Phone { number } = &self.to {
            check.phone("to.number", number);
        }
        if self.draft && self.version.is_some() {
            check.fail("version", "A call runs either the draft or a version.");
        }
        check.beyond(
            "version",
            "the agent has no such version, a tool of it is gone, or the draft is to be run",
        );
        check.count("variables", self.variables.len(), 50, "values");
        metadata::check(check, &self.metadata);
        check.free("variables");
        check.beyond(
            "agent_id",
            "the organization has no such agent, or a tool of it cannot be used",
        );
        check.beyond(
            "variables",
            "the agent needs another value, has no such variable, or it is of another kind",
        );
    }
}

/// What is wrong with the values for an agent's variables.
pub fn check_variables(declared: &[Variable], given: &BTreeMap<String, Value>, check: &mut Check) {
    for variable in declared {
        let field = format!("variables.{}", variable.name);
        match (given.get(&variable.name), variable.kind) {
            (None | Some(Value::Null), _) => {
                if variable.required {
                    check.fail(field, "This agent needs a value here.");
                }
            }
            (Some(Value::String(text)), VariableKind::Text) => {
                check.text(field, text, usize::from(variable.required)..=2000);
            }
            (Some(Value::Number(_)), VariableKind::Number) | (Some(Value::Bool(_)), VariableKind::Boolean) => {}
            (Some(_), VariableKind::Text) => check.fail(field, "This must be text."),
            (Some(_), VariableKind::Number) => check.fail(field, "This must be a number."),
            (Some(_), VariableKind::Boolean) => check.fail(field, "This must be true or false."),
        }
    }
    for name in given.keys().filter(|name| !declared.iter().any(|v| v.name == **name)) {
        check.fail(format!("variables.{name}"), "This agent has no such variable.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_started_step_is_paid_in_full() {
        assert_eq!(price(0), Micros(0));
        assert_eq!(price(1_000), Micros(5_000));
        assert_eq!(price(37_000), Micros(35_000));
        assert_eq!(price(60_000), Micros(50_000));
    }

    #[test]
    fn values_must_fit_what_the_agent_declares() {
        let declared = [
            Variable {
                name: "name".into(),
                required: true,
                ..Variable::default()
            },
            Variable {
                name: "age".into(),
                kind: VariableKind::Number,
                ..Variable::default()
            },
        ];
        let fields = |given: Value| {
            let mut check = Check::default();
            check_variables(&declared, &serde_json::from_value(given).unwrap(), &mut check);
            match check.finish() {
                Ok(()) => Vec::new(),
                Err(error) => error.fields().iter().map(|e| e.field.clone()).collect(),
            }
        };
        assert!(fields(json!({"name": "Owen"})).is_empty());
        assert!(fields(json!({"name": "Owen", "age": 41})).is_empty());
        assert_eq!(fields(json!({})), ["variables.name"]);
        assert_eq!(fields(json!({"name": "Owen", "age": "41"})), ["variables.age"]);
        assert_eq!(fields(json!({"name": "Owen", "shoe": 1})), ["variables.shoe"]);
    }
}
