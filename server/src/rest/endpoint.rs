//! Endpoints: a route, what it needs and what it says of itself, in one place, so that no route goes undescribed.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter, on},
};
use serde_json::Value;
use switchboard::{
    core::Core,
    resource::{Action, Kind},
    sample::Fixtures,
};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Content, ContentBuilder, HeaderBuilder, HttpMethod, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder,
        path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ArrayBuilder, Schema, SchemaType, Type},
        security::SecurityRequirement,
    },
};

use super::{
    extract,
    idempotency::{self, Access, Route},
    problem::Problem,
};
use crate::pages::Site;

type Schemas = Vec<(String, RefOr<Schema>)>;

/// One route of the REST API.
pub struct Endpoint {
    pub method: Method,
    /// Below `/api/v1`.
    pub path: String,
    /// Absent for the few routes anyone may call.
    pub access: Option<(Action, Kind)>,
    /// A good body for whoever has these things, of a route that takes one.
    pub sample: Option<fn(&Fixtures) -> Value>,
    keyed: bool,
    pub operation: Operation,
    pub schemas: Schemas,
    handler: MethodRouter<Site>,
}

pub struct EndpointBuilder {
    method: Method,
    path: String,
    access: Option<Access>,
    sample: Option<fn(&Fixtures) -> Value>,
    /// Whether it answers a list, of which a query says what shall be in it.
    lists: bool,
    operation: OperationBuilder,
    schemas: Schemas,
}

pub fn get(path: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::GET, path, summary)
}
pub fn post(path: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::POST, path, summary)
}
pub fn put(path: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::PUT, path, summary)
}
pub fn patch(path: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::PATCH, path, summary)
}
pub fn delete(path: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::DELETE, path, summary)
}

impl EndpointBuilder {
    fn new(method: Method, path: &str, summary: &str) -> Self {
        let tag = path.split('/').nth(1).unwrap_or_default().replace('-', " ");
        let mut schemas = Schemas::new();
        known::<Problem>(&mut schemas);
        let id: String = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| part.trim_matches(['{', '}']))
            .collect::<Vec<_>>()
            .join("_");
        let mut operation = OperationBuilder::new()
            .tag(tag)
            .summary(Some(summary))
            .operation_id(Some(format!("{}_{id}", method.as_str().to_lowercase())));
        for name in path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            operation = operation.parameter(
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Path)
                    .required(Required::True)
                    .schema(Some(string())),
            );
        }
        let problem = ResponseBuilder::new()
            .description("What went wrong (RFC 9457)")
            .content(
                "application/problem+json",
                Content::new(Some(Ref::from_schema_name(Problem::name()))),
            );
        Self {
            method,
            path: path.to_owned(),
            access: None,
            sample: None,
            lists: false,
            operation: operation.response("default", problem),
            schemas,
        }
    }

    /// Needs this permission.
    pub fn needs(mut self, action: Action, kind: Kind) -> Self {
        self.access = Some(Access {
            action,
            kind,
            keyed: false,
        });
        let scope = format!("{}:{}", kind.word(), action.word());
        self.operation = self
            .operation
            .description(Some(format!("Needs `{scope}`.")))
            .security(SecurityRequirement::new("bearer", Vec::<String>::new()));
        self
    }

    /// Spends money: refused without an idempotency key.
    pub fn keyed(mut self) -> Self {
        if let Some(access) = &mut self.access {
            access.keyed = true;
        }
        self
    }

    pub fn params<T: IntoParams>(mut self) -> Self {
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            self.operation = self.operation.parameter(parameter);
        }
        self
    }

    /// Takes `limit` and `cursor`.
    pub fn paged(mut self) -> Self {
        for (name, kind, says) in [
            ("limit", Type::Integer, "1 to 100; 50 if absent"),
            ("cursor", Type::String, "`next` of the page before"),
        ] {
            self.operation = self.operation.parameter(
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Query)
                    .required(Required::False)
                    .description(Some(says))
                    .schema(Some(ObjectBuilder::new().schema_type(kind))),
            );
        }
        self
    }

    pub fn header(mut self, name: &str, says: &str) -> Self {
        self.operation = self.operation.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(says))
                .schema(Some(string())),
        );
        self
    }

    /// Takes this body; the sample is its example in the document, and what the route is tried out with.
    pub fn body<T: ToSchema>(mut self, sample: fn(&Fixtures) -> Value) -> Self {
        let schema = known::<T>(&mut self.schemas);
        let content = ContentBuilder::new()
            .schema(Some(schema))
            .example(Some(sample(&examples())))
            .build();
        self.sample = Some(sample);
        self.operation = self.operation.request_body(Some(
            RequestBodyBuilder::new()
                .required(Some(Required::True))
                .content("application/json", content)
                .build(),
        ));
        self
    }

    /// Takes parts of this body, as RFC 7396 merges them: what is left out stays, `null` takes away.
    pub fn merges<T: ToSchema>(mut self, sample: fn(&Fixtures) -> Value) -> Self {
        known::<T>(&mut self.schemas);
        let schema = partial(T::schema());
        self.sample = Some(sample);
        let content = |schema: RefOr<Schema>| {
            let content = ContentBuilder::new().schema(Some(schema));
            content.example(Some(sample(&examples()))).build()
        };
        self.operation = self.operation.request_body(Some(
            RequestBodyBuilder::new()
                .required(Some(Required::True))
                .content("application/merge-patch+json", content(schema.clone()))
                .content("application/json", content(schema))
                .build(),
        ));
        self
    }

    pub fn answers<T: ToSchema>(mut self, status: u16, says: &str) -> Self {
        let schema = known::<T>(&mut self.schemas);
        self.operation = self.operation.response(
            status.to_string(),
            ResponseBuilder::new()
                .description(says)
                .content("application/json", Content::new(Some(schema))),
        );
        self
    }

    /// Answers a page of these.
    pub fn lists<T: ToSchema>(self) -> Self {
        let mut this = self.paged();
        this.lists = true;
        let item = known::<T>(&mut this.schemas);
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Pass as `cursor` for what follows; null on the last page"));
        let listing = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(item))
            .required("items")
            .property("next", next)
            .required("next");
        this.operation = this.operation.response(
            "200",
            ResponseBuilder::new()
                .description("A page, newest first")
                .content("application/json", Content::new(Some(Schema::Object(listing.build())))),
        );
        this
    }

    /// Answers an array of these.
    pub fn answers_all<T: ToSchema>(mut self, says: &str) -> Self {
        self.lists = true;
        let item = known::<T>(&mut self.schemas);
        self.operation = self.operation.response(
            "200",
            ResponseBuilder::new().description(says).content(
                "application/json",
                Content::new(Some(ArrayBuilder::new().items(item).build())),
            ),
        );
        self
    }

    pub fn answers_nothing(mut self, says: &str) -> Self {
        self.operation = self.operation.response("204", ResponseBuilder::new().description(says));
        self
    }

    pub fn answers_file(mut self, content_type: &str, says: &str) -> Self {
        let bytes = ObjectBuilder::new()
            .schema_type(Type::String)
            .content_media_type(content_type);
        self.operation = self.operation.response(
            "200",
            ResponseBuilder::new()
                .description(says)
                .content(content_type, Content::new(Some(Schema::Object(bytes.build())))),
        );
        self
    }

    pub fn by<H: Handler<T, Site>, T: 'static>(mut self, handler: H) -> Endpoint {
        let filter = MethodFilter::try_from(self.method.clone()).expect("a method axum routes");
        if let Some(access) = self.access
            && self.method == Method::POST
        {
            self.operation = self.operation.parameter(repeatable(access.keyed));
        }
        let mut operation = self.operation.build();
        let mut handler = on(filter, handler);
        if self.access.is_some() {
            counted(&mut operation);
            if self.lists {
                let names = queried(&operation);
                handler = handler.layer::<_, Infallible>(from_fn_with_state(names, extract::reject_unknown_params));
            }
        }
        Endpoint {
            method: self.method,
            path: self.path,
            access: self.access.map(|access| (access.action, access.kind)),
            sample: self.sample,
            keyed: self.access.is_some_and(|access| access.keyed),
            operation,
            schemas: self.schemas,
            handler,
        }
    }
}

impl Endpoint {
    /// Whether it makes a new thing of a list, which its answer tells the id of.
    pub fn makes(&self) -> bool {
        self.method == Method::POST
            && !self.path.contains('{')
            && self.operation.responses.responses.contains_key("201")
    }

    pub fn mount(self, router: Router<Site>, core: &Core) -> Router<Site> {
        let handler = match self.access {
            Some((action, kind)) if self.method == Method::POST => {
                let access = Access {
                    action,
                    kind,
                    keyed: self.keyed,
                };
                let route = Route {
                    core: core.clone(),
                    access,
                };
                self.handler.layer(from_fn_with_state(route, idempotency::idempotent))
            }
            _ => self.handler,
        };
        router.route(&self.path, handler)
    }

    pub fn http_method(&self) -> HttpMethod {
        match self.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::PATCH => HttpMethod::Patch,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        }
    }
}

/// The key by which a repeat is recognized.
fn repeatable(required: bool) -> ParameterBuilder {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(if required { Required::True } else { Required::False })
        .description(Some(
            "Repeating a request with the same key and body within 24 hours has no second effect and is answered as before.",
        ))
        .schema(Some(string()))
}

/// Says of every answer how many more may be asked for, and that there may be too many.
fn counted(operation: &mut Operation) {
    let header = |says: &str| {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        RefOr::from(
            HeaderBuilder::new()
                .schema(Some(number))
                .description(Some(says))
                .build(),
        )
    };
    let problem = Content::new(Some(Ref::from_schema_name(Problem::name())));
    let too_often = ResponseBuilder::new()
        .description("Asked too often")
        .content("application/problem+json", problem)
        .build();
    let answers = &mut operation.responses.responses;
    answers.insert("429".to_owned(), RefOr::T(too_often));
    for (status, answer) in answers {
        let RefOr::T(answer) = answer else { continue };
        let headers = &mut answer.headers;
        headers.insert(
            "RateLimit-Limit".to_owned(),
            header("How many requests may come at once"),
        );
        headers.insert("RateLimit-Remaining".to_owned(), header("How many of them are left"));
        headers.insert(
            "RateLimit-Reset".to_owned(),
            header("Seconds until all of them are there again"),
        );
        if status == "429" {
            headers.insert(
                "Retry-After".to_owned(),
                header("Seconds until the next request is answered"),
            );
        }
    }
}

/// The names that the query of this operation may have.
fn queried(operation: &Operation) -> Arc<[String]> {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
            _ => None,
        })
        .collect()
}

/// Registers a schema and everything it mentions; answers the reference to it.
fn known<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(T::name()).into()
}

/// The same object with nothing in it that has to be there.
fn partial(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.required.clear();
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// The ids in the examples of the document.
fn examples() -> Fixtures {
    let mut fixtures = Fixtures::new("Example");
    for kind in Kind::ALL {
        fixtures.insert(kind.about().path, "01939a2e-7c41-7f0a-9d6e-3b1f5c2a8e90");
    }
    fixtures.insert("/voices", "Mark");
    fixtures
}

fn string() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}
