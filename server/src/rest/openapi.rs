//! The OpenAPI document, made of the same endpoints the router is made of.

use std::{collections::BTreeSet, sync::OnceLock};

use axum::Json;
use serde_json::Value;
use switchboard::resource::Kind;
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder, PathItem, PathsBuilder,
    ServerBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    tag::TagBuilder,
};

use super::{
    endpoint::{examples, tag_of},
    refusals, shape,
};

/// `GET /api/v1/openapi.json`
pub async fn serve() -> Json<&'static Value> {
    Json(document())
}

/// The document. It is the same for everybody, and made once.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(make)
}

fn make() -> Value {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new().security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some(
                    "An API key (`sb_live_…`), or a token of `POST /auth/token`. It decides the organization.",
                ))
                .build(),
        ),
    );
    for (name, refusal) in refusals::all() {
        components = components.response(name, refusal);
    }
    let (mut tags, mut limits, mut beyond) = (BTreeSet::new(), Vec::new(), Vec::new());
    for mut endpoint in super::endpoints() {
        tags.insert(tag_of(&endpoint.path));
        let (path, method) = (endpoint.path.clone(), endpoint.method.as_str().to_lowercase());
        let asked = endpoint.limits.map(|of| of(&examples())).unwrap_or_default();
        beyond.push((
            path.clone(),
            method.clone(),
            refusals::beyond(&asked, std::mem::take(&mut endpoint.beyond)),
        ));
        limits.push((path, method, asked));
        let method = endpoint.http_method();
        paths = paths.path(endpoint.path, PathItem::new(method, endpoint.operation));
        components = components.schemas_from_iter(endpoint.schemas);
    }
    let tags = tags
        .into_iter()
        .map(|tag| TagBuilder::new().description(Some(about(&tag))).name(tag).build());
    let whoever = "Whoever runs this installation";
    let document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Switchboard")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Agents, calls and what belongs to them. Every request acts in one organization: the one its key or token was made for. \
                     A POST that carries an `Idempotency-Key` can be repeated for 24 hours: it takes effect once, and a repeat is answered as \
                     the first was. After that the key is new again.\n\n\
                     What is read can be sent back by PUT as it is: fields that cannot be changed are taken where they are as they were read. \
                     `revision` is one of them, and stands for the same as the ETag in `If-Match`: a save that starts from an older one is \
                     refused, with 409 for the field and with 412 for the header.\n\n\
                     Beyond what a schema can say, a text that is needed has something to be seen in it, no text has control characters but \
                     line breaks and tabs, ids in a body name things of the organization, and names that shall be unique are.",
                ))
                .contact(Some(ContactBuilder::new().name(Some(whoever)).build()))
                .license(Some(
                    LicenseBuilder::new()
                        .name("The terms of whoever runs this installation")
                        .identifier(Some("LicenseRef-Installation"))
                        .build(),
                )),
        )
        .servers(Some([ServerBuilder::new().url("/api/v1").build()]))
        .security(Some([SecurityRequirement::new("bearer", Vec::<String>::new())]))
        .tags(Some(tags))
        .paths(paths)
        .components(Some(components.build()))
        .build();
    let mut document = serde_json::to_value(document).expect("a document is plain data");
    shape::shape(&mut document, &limits);
    for (path, method, reasons) in beyond {
        refusals::explain(&mut document["paths"][path][method], &reasons);
    }
    document
}

/// What the operations of this tag are about: mostly one kind of thing, which says itself what it is called.
fn about(tag: &str) -> String {
    // There is one of it.
    if tag == "organization" {
        return "The organization itself: its name, colour and time zone".to_owned();
    }
    let path = format!("/{}", tag.replace(' ', "-"));
    if let Some(kind) = Kind::ALL.iter().find(|kind| kind.about().path == path) {
        return format!("What is done with {}", kind.about().plural.to_lowercase());
    }
    match tag {
        "auth" => "Tokens of people, and who one is",
        "invitations" => "People who may join the organization",
        "search" => "Things of every kind, by their name",
        "knowledge sources" => "The files, texts and websites that knowledge bases are made of",
        "knowledge checks" => "Questions, and what has to be found by them",
        _ => panic!("nobody says what {tag} are about"),
    }
    .to_owned()
}
