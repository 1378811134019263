//! What a route answers.

use utoipa::{
    ToSchema,
    openapi::{
        Content, HeaderBuilder, ObjectBuilder, Ref, RefOr, ResponseBuilder,
        schema::{ArrayBuilder, Schema, SchemaType, Type},
    },
};

use super::{EndpointBuilder, Schemas};

impl EndpointBuilder {
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
}

/// Registers a schema and everything it mentions; answers the reference to it.
pub(super) fn known<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(T::name()).into()
}
