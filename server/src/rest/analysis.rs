//! `/calls`, what becomes known of them afterwards: analyses, and the organization's own words for their ends.

use axum::{Json as Answer, extract::Path, http::StatusCode};
use serde_json::{Value, json};
use switchboard::{
    analysis::{self, AnalysesStarted, AnalysisOfCall, AnalyzeCalls},
    calls::{Dispositions, disposition_flow},
    check::Check,
    resource::{
        Action::{Read, Update},
        Kind,
    },
    sample::Fixtures,
};

use super::{
    context::RequestContext,
    crud::id,
    endpoint::{Endpoint, get, post, put},
    extract::Json,
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/calls/{id}/analysis",
            "getCallAnalysis",
            "Read what analysis made of a call",
        )
        .needs(Read, Kind::Call)
        .answers::<AnalysisOfCall>(200, "As far as it is known")
        .by(read_analysis),
        post(
            "/calls/analyze",
            "analyzeCalls",
            "Analyze calls again, with what their agents ask for now",
        )
        .needs(Update, Kind::Call)
        .body::<AnalyzeCalls>(|fixtures| json!({"ids": [fixtures.id(Kind::Call.about().path)]}))
        .answers::<AnalysesStarted>(200, "How many are analyzed")
        .by(analyze),
        get(
            "/calls/dispositions",
            "getDispositions",
            "Read the organization's own words for why calls end",
        )
        .needs(Read, Kind::Call)
        .answers::<Dispositions>(200, "All of them")
        .by(read_dispositions),
        put(
            "/calls/dispositions",
            "replaceDispositions",
            "Replace the organization's own words for why calls end",
        )
        .needs(Update, Kind::Organization)
        .body::<Dispositions>(dispositions_sample)
        .limits(|fixtures| {
            let draft: Dispositions =
                serde_json::from_value(dispositions_sample(fixtures)).expect("the sample is a draft");
            Check::limits(&draft)
        })
        .answers_nothing("Replaced, all of them")
        .by(replace_dispositions),
    ]
}

fn dispositions_sample(_: &Fixtures) -> Value {
    json!({"dispositions": [{"end_reason": "busy", "name": "Try again"}, {"end_reason": "no_answer", "name": "Try again"}]})
}

async fn read_analysis(context: RequestContext, Path(text): Path<String>) -> Result<Answer<AnalysisOfCall>, Failure> {
    Ok(Answer(
        analysis::flow::get(&context.core, &context.caller, id(&text)?).await?,
    ))
}

async fn analyze(context: RequestContext, Json(what): Json<AnalyzeCalls>) -> Result<Answer<AnalysesStarted>, Failure> {
    Ok(Answer(
        analysis::flow::again(&context.core, &context.caller, what).await?,
    ))
}

async fn read_dispositions(context: RequestContext) -> Result<Answer<Dispositions>, Failure> {
    Ok(Answer(disposition_flow::get(&context.core, &context.caller).await?))
}

async fn replace_dispositions(context: RequestContext, Json(what): Json<Dispositions>) -> Result<StatusCode, Failure> {
    disposition_flow::replace(&context.core, &context.caller, what).await?;
    Ok(StatusCode::NO_CONTENT)
}
