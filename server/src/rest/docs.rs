//! `/api/docs`: the REST API for people, drawn from the OpenAPI document without a script.

use std::fmt::Write;

use axum::{
    http::header,
    response::{Html, IntoResponse},
};
use serde_json::Value;

pub async fn page() -> Html<String> {
    Html(render(super::openapi::document()))
}

/// `GET /docs/isolation.md`: what is promised and how to check it, as it stands in the repository.
pub async fn isolation() -> impl IntoResponse {
    let text = include_str!("../../../docs/isolation.md");
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
}

fn render(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>REST API · Switchboard</title><link rel=\"icon\" href=\"/logo.svg\"><link rel=\"stylesheet\" href=\"/docs.css\"></head><body><main>\
         <h1>REST API</h1><p>Every request acts in one organization: the one its key or token was made for. Send it as \
         <code>Authorization: Bearer …</code>. The document for machines is <a href=\"/api/v1/openapi.json\">openapi.json</a>.</p>",
    );
    let empty = serde_json::Map::new();
    for (path, item) in document["paths"].as_object().unwrap_or(&empty) {
        for (method, operation) in item.as_object().unwrap_or(&empty) {
            endpoint(&mut html, path, method, operation, &document["components"]["responses"]);
        }
    }
    html.push_str("<h2>Shapes</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap_or(&empty) {
        let text = serde_json::to_string_pretty(schema).unwrap_or_default();
        let name = escape(name);
        let _ = write!(
            html,
            "<details id=\"{name}\"><summary><code>{name}</code></summary><pre>{}</pre></details>",
            escape(&text)
        );
    }
    html.push_str("</main></body></html>");
    html
}

fn endpoint(html: &mut String, path: &str, method: &str, operation: &Value, responses: &Value) {
    let text = |key: &str| escape(operation[key].as_str().unwrap_or_default());
    let _ = write!(
        html,
        "<details><summary><b>{}</b> <code>/api/v1{}</code> <span>{}</span></summary><p>{}</p>",
        method.to_uppercase(),
        escape(path),
        text("summary"),
        text("description"),
    );
    if let Some(parameters) = operation["parameters"].as_array() {
        html.push_str("<dl>");
        for parameter in parameters {
            let field = |key: &str| escape(parameter[key].as_str().unwrap_or_default());
            let _ = write!(
                html,
                "<dt><code>{}</code> <small>{}</small></dt><dd>{}</dd>",
                field("name"),
                field("in"),
                field("description")
            );
        }
        html.push_str("</dl>");
    }
    if let Some(shape) = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str() {
        let _ = write!(html, "<p>Body: {}</p>", reference(shape));
    }
    html.push_str("<ul>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let told = response["$ref"].as_str().and_then(|told| told.rsplit('/').next());
        let own = response["description"].as_str();
        let response = told.map_or(response, |name| &responses[name]);
        let content = response["content"]
            .as_object()
            .and_then(|content| content.values().next());
        let shape = content
            .and_then(|content| content["schema"]["$ref"].as_str())
            .map(reference)
            .unwrap_or_default();
        let _ = write!(
            html,
            "<li><b>{}</b> {} {shape}</li>",
            escape(status),
            escape(own.or(response["description"].as_str()).unwrap_or_default())
        );
    }
    html.push_str("</ul></details>");
}

fn reference(shape: &str) -> String {
    let name = escape(shape.rsplit('/').next().unwrap_or(shape));
    format!("<a href=\"#{name}\"><code>{name}</code></a>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_on_the_page() {
        let html = render(crate::rest::openapi::document());
        for endpoint in crate::rest::endpoints() {
            assert!(
                html.contains(&format!("<code>/api/v1{}</code>", endpoint.path)),
                "{}",
                endpoint.path
            );
        }
    }
}
