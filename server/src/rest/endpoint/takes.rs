//! What a route takes: parameters, headers and bodies.

use serde_json::Value;
use switchboard::sample::Fixtures;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ContentBuilder, ObjectBuilder, Ref, RefOr, Required,
        path::{ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{Schema, Type},
    },
};

use super::{EndpointBuilder, answers::known, examples, string};
use crate::rest::{refusals, shape};

impl EndpointBuilder {
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

    /// Takes a file of one of these types.
    pub fn takes_file(mut self, content_types: &[&str]) -> Self {
        self.refusals.extend([404, 415, 422]);
        let mut body = RequestBodyBuilder::new().required(Some(Required::True));
        for content_type in content_types {
            let bytes = ObjectBuilder::new()
                .schema_type(Type::String)
                .content_media_type(*content_type);
            let content = ContentBuilder::new().schema(Some(Schema::Object(bytes.build())));
            body = body.content(*content_type, content.build());
        }
        self.operation = self.operation.request_body(Some(body.build()));
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
}
