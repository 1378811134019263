//! `/contact-folders`: deleting one with what is inside.

use axum::{extract::Path, http::StatusCode};
use switchboard::{
    folders::{Contents, flow},
    resource::{Action, Kind},
};

use super::{
    context::RequestContext,
    crud::id,
    endpoint::{Endpoint, delete},
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        delete(
            "/contact-folders/{id}/contents",
            "deleteFolderWithContents",
            "Delete a folder with all folders and contacts inside it",
        )
        .needs(Action::Delete, Kind::Folder)
        .answers_nothing("Deleted; a plain delete keeps what is inside")
        .by(delete_with_contents),
    ]
}

async fn delete_with_contents(context: RequestContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    flow::delete_with(&context.core, &context.caller, id(&text)?, Contents::Delete).await?;
    Ok(StatusCode::NO_CONTENT)
}
