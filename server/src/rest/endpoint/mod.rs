//! Endpoints: a route, what it needs and what it says of itself, in one place, so that no route goes undescribed.

mod answers;
mod takes;

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
use utoipa::openapi::{
    HttpMethod, KnownFormat, ObjectBuilder, RefOr, Required, SchemaFormat,
    path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
    schema::{Schema, Type},
    security::SecurityRequirement,
};

use self::answers::known;
use super::{
    extract,
    idempotency::{self, Access, Route},
    problem::Problem,
    refusals,
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

/// The ids in the examples of the document.
pub fn examples() -> Fixtures {
    let mut fixtures = Fixtures::new("Example");
    for kind in Kind::ALL {
        fixtures.insert(kind.about().path, "01939a2e-7c41-7f0a-9d6e-3b1f5c2a8e90");
    }
    fixtures.insert("/voices/available", "Mark");
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
