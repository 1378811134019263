//! The OpenAPI document, made of the same endpoints the router is made of.

use axum::Json;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, ServerBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// `GET /api/v1/openapi.json`
pub async fn serve() -> Json<OpenApi> {
    Json(document())
}

pub fn document() -> OpenApi {
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
    for endpoint in super::endpoints() {
        let method = endpoint.http_method();
        paths = paths.path(endpoint.path, PathItem::new(method, endpoint.operation));
        components = components.schemas_from_iter(endpoint.schemas);
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Switchboard")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("Agents, calls and what belongs to them. Every request acts in one organization: the one its key or token was made for. \
                     A POST that carries an `Idempotency-Key` can be repeated for 24 hours: it takes effect once, and a repeat is answered as the first was. After that the key is new again.")),
        )
        .servers(Some([ServerBuilder::new().url("/api/v1").build()]))
        .paths(paths)
        .components(Some(components.build()))
        .build()
}
