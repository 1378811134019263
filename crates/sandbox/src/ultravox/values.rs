//! Durations as protobuf writes them, and templates with their context.

use serde_json::Value;

use super::errors::Wrong;

/// Reads a protobuf duration: `-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?s`.
pub fn seconds(text: &str) -> Option<f64> {
    let number = text.strip_suffix('s')?;
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let good = all_digits(whole)
        && whole.len() <= 12
        && (whole == "0" || !whole.starts_with('0'))
        && all_digits(fraction)
        && fraction.len() <= 9;
    if good { number.parse().ok() } else { None }
}

/// Writes a duration with at most three decimals.
pub fn duration(seconds: f64) -> String {
    let text = format!("{seconds:.3}");
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Checks a template's context against the part of JSON Schema that such schemas use.
pub fn context(wrong: &mut Wrong, schema: &Value, value: &Value, path: &str) {
    let label = if path.is_empty() { "templateContext" } else { path };
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => true,
    };
    if !fits {
        return wrong.add("templateContext", format!("{label} is not of type {}.", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|choices| !choices.contains(value))
    {
        wrong.add("templateContext", format!("{label} is not one of {}.", schema["enum"]));
    }
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if value.is_object() && value.get(name).is_none() {
            wrong.add("templateContext", format!("'{name}' is a required property."));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => context(wrong, schema, inner, name),
            None if schema["additionalProperties"] == false => {
                wrong.add(
                    "templateContext",
                    format!("Additional properties are not allowed ('{name}' was unexpected)."),
                );
            }
            None => {}
        }
    }
    for inner in value
        .as_array()
        .into_iter()
        .flatten()
        .filter(|_| schema["items"].is_object())
    {
        context(wrong, &schema["items"], inner, label);
    }
}

/// Replaces `{{name}}` and `{{a.b}}`; what the context lacks becomes empty, as Mustache has it.
pub fn render(template: &str, context: &Value) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((name, after)) = tail.split_once("}}") else {
            text.push_str("{{");
            rest = tail;
            continue;
        };
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '{' || c == '&');
        let after = after.strip_prefix('}').unwrap_or(after);
        match name.split('.').try_fold(context, |value, part| value.get(part)) {
            Some(Value::String(value)) => text.push_str(value),
            Some(Value::Null) | None => {}
            Some(value) => text.push_str(&value.to_string()),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_duration_is_digits_an_optional_fraction_and_an_s() {
        assert_eq!(seconds("30s"), Some(30.0));
        assert_eq!(seconds("0.384s"), Some(0.384));
        for bad in ["30", "s", "030s", "1.s", "1e3s", "1.0123456789s", "half a minute"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        assert_eq!(duration(6.0), "6s");
        assert_eq!(duration(0.384), "0.384s");
    }

    #[test]
    fn a_template_takes_what_the_context_has() {
        let context = json!({ "name": "Ann", "order": { "id": 7 } });
        assert_eq!(
            render("Hi {{name}}, order {{ order.id }}{{nothing}}!", &context),
            "Hi Ann, order 7!"
        );
        assert_eq!(render("a {{ b", &context), "a {{ b");
    }
}
