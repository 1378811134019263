//! Endpoints: a route, what it needs and what it says of itself, in one place, so that no route goes undescribed.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc};

use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter, on},
};
use serde_json::Value;
use switchboard::{
    check::Limit,
    core::Core,
    resource::{Action, Kind},
    sample::Fixtures,
};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Content, ContentBuilder, HeaderBuilder, HttpMethod, KnownFormat, ObjectBuilder, Ref, RefOr, Required,
        ResponseBuilder, SchemaFormat,
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
    refusals, shape,
};
use crate::pages::Site;

type Schemas = Vec<(String, RefOr<Schema>)>;
/// What is asked of each field of a good body, for whoever has these things.
type LimitsOf = fn(&Fixtures) -> Vec<(String, Limit)>;

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
    /// What is asked of each field of the body.
    pub limits: Option<LimitsOf>,
    /// What beside the body is refused though it fits: status, name and when.
    pub beyond: Vec<(u16, String, String)>,
    handler: MethodRouter<Site>,
}

pub struct EndpointBuilder {
    method: Method,
    path: String,
    access: Option<Access>,
    sample: Option<fn(&Fixtures) -> Value>,
    /// Whether a query says what shall be in its answer.
    is_queried: bool,
    limits: Option<LimitsOf>,
    beyond: Vec<(u16, String, String)>,
    /// What it may answer besides.
    refusals: BTreeSet<u16>,
    operation: OperationBuilder,
    schemas: Schemas,
}

pub fn get(path: &str, id: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::GET, path, id, summary)
}
pub fn post(path: &str, id: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::POST, path, id, summary)
}
pub fn put(path: &str, id: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::PUT, path, id, summary)
}
pub fn patch(path: &str, id: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::PATCH, path, id, summary)
}
pub fn delete(path: &str, id: &str, summary: &str) -> EndpointBuilder {
    EndpointBuilder::new(Method::DELETE, path, id, summary)
}

impl EndpointBuilder {
    /// `id` reads as a function of whoever calls it: `createAgent`.
    fn new(method: Method, path: &str, id: &str, summary: &str) -> Self {
        let mut schemas = Schemas::new();
        known::<Problem>(&mut schemas);
        let mut operation = OperationBuilder::new()
            .tag(tag_of(path))
            .summary(Some(summary))
            .description(Some("Needs no credential."))
            .operation_id(Some(id));
        // Whatever it is, the database may be away.
        let mut refusals = BTreeSet::from([500, 503]);
        for name in path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            refusals.insert(404);
            // Ids of our own are alike; those of people and voices are somebody else's.
            let schema = if name == "id" { uuid() } else { string() };
            operation = operation.parameter(
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Path)
                    .required(Required::True)
                    .schema(Some(schema)),
            );
        }
        if method != Method::GET {
            refusals.insert(409);
        }
        Self {
            method,
            path: path.to_owned(),
            access: None,
            sample: None,
            is_queried: false,
            limits: None,
            beyond: Vec::new(),
            refusals,
            operation,
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
        self.refusals.extend([401, 403, 429]);
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
        self.is_queried = true;
        // What it names may be gone.
        self.refusals.extend([400, 404, 422]);
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            self.operation = self.operation.parameter(parameter);
        }
        self
    }

    /// Takes `limit` and `cursor`.
    pub fn paged(mut self) -> Self {
        self = self.refuses(&[400]).beyond(
            422,
            "cursor",
            "it was given for another list or other filters, or not at all",
        );
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(100));
        let text = ObjectBuilder::new().schema_type(Type::String);
        for (name, schema, says) in [
            ("limit", number, "50 if absent"),
            ("cursor", text, "`next` of the page before"),
        ] {
            self.operation = self.operation.parameter(
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Query)
                    .required(Required::False)
                    .description(Some(says))
                    .schema(Some(schema)),
            );
        }
        self
    }

    pub fn header(mut self, name: &str, says: &str) -> Self {
        if name == "If-Match" {
            self = self
                .refuses(&[412])
                .beyond(422, name, "it is the ETag of something else");
        }
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

    /// What is asked of the fields of the body.
    pub fn limits(mut self, limits: LimitsOf) -> Self {
        self.limits = Some(limits);
        self
    }

    /// May be refused, or fail, with these as well.
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }

    /// Refuses this field or parameter in a case that no schema can tell; `says` goes on after its name.
    pub fn beyond(mut self, status: u16, field: &str, says: &str) -> Self {
        self.refusals.insert(status);
        self.beyond.push((status, field.to_owned(), says.to_owned()));
        self
    }

    /// Takes this body; the sample is its example in the document, and what the route is tried out with.
    pub fn body<T: ToSchema>(mut self, sample: fn(&Fixtures) -> Value) -> Self {
        self.refusals.extend(refusals::BODY);
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
        self.refusals.extend(refusals::BODY);
        known::<T>(&mut self.schemas);
        let name = shape::patch_of(&T::name());
        self.schemas.push((name.clone(), T::schema()));
        let schema: RefOr<Schema> = Ref::from_schema_name(name).into();
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
        let mut answer = ResponseBuilder::new()
            .description(says)
            .content("application/json", Content::new(Some(schema)));
        if status == 201 {
            let location = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .description(Some("Where it is"));
            answer = answer.header("Location", location.build());
        }
        self.operation = self.operation.response(status.to_string(), answer);
        self
    }

    /// Answers a page of these.
    pub fn lists<T: ToSchema>(self) -> Self {
        let mut this = self.paged();
        this.is_queried = true;
        let item = known::<T>(&mut this.schemas);
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Pass as `cursor` for what follows; null on the last page"));
        let listing = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(item))
            .required("items")
            .property("next", next)
            .required("next");
        // `AgentRow` is a line of an `AgentPage`.
        let name = format!("{}Page", T::name().trim_end_matches("Row"));
        let page = Ref::from_schema_name(&name);
        this.schemas.push((name, Schema::Object(listing.build()).into()));
        this.operation = this.operation.response(
            "200",
            ResponseBuilder::new()
                .description("A page, newest first")
                .content("application/json", Content::new(Some(page))),
        );
        this
    }

    /// Answers an array of these.
    pub fn answers_all<T: ToSchema>(mut self, says: &str) -> Self {
        self.is_queried = true;
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

    pub fn answers_nothing(self, says: &str) -> Self {
        self.answers_nothing_as(204, says)
    }

    pub fn answers_nothing_as(mut self, status: u16, says: &str) -> Self {
        let answer = ResponseBuilder::new().description(says);
        self.operation = self.operation.response(status.to_string(), answer);
        self
    }

    pub fn answers_file(self, content_type: &str, says: &str) -> Self {
        self.answers_bytes(200, content_type, says)
    }

    /// Answers a part of the file to whoever asks for one with `Range`.
    pub fn answers_parts(mut self, content_type: &str) -> Self {
        self.refusals.insert(416);
        self.header("Range", "A part of it, such as `bytes=0-1023`")
            .answers_bytes(206, content_type, "The part that `Range` asks for")
    }

    fn answers_bytes(mut self, status: u16, content_type: &str, says: &str) -> Self {
        let bytes = ObjectBuilder::new()
            .schema_type(Type::String)
            .content_media_type(content_type);
        self.operation = self.operation.response(
            status.to_string(),
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
            self = self.beyond(422, "Idempotency-Key", "it came with another body before");
        }
        // What the provider refuses it may refuse for reasons of its own, and of no field.
        if self.refusals.contains(&502) && self.method != Method::GET {
            self = self.beyond(
                422,
                "provider_failed",
                "as `type`, where the provider did not accept it",
            );
        }
        for status in &self.refusals {
            self.operation = self.operation.response(status.to_string(), refusals::mention(*status));
        }
        let mut operation = self.operation.build();
        let mut handler = on(filter, handler);
        if self.access.is_none() {
            operation.security = Some(vec![]);
        }
        if self.access.is_some() {
            refusals::count(&mut operation);
            if self.is_queried {
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
            limits: self.limits,
            beyond: self.beyond,
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
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(255))
                .pattern(Some("^[!-~]+$")),
        ))
}

/// What it is about: the first part of its path.
pub fn tag_of(path: &str) -> String {
    path.split('/').nth(1).unwrap_or_default().replace('-', " ")
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

/// The ids in the examples of the document.
pub fn examples() -> Fixtures {
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

fn uuid() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(format))
        .into()
}
