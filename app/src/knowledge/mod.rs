//! Knowledge bases in the browser: their sources, the playground, and the checks.

mod actions;
mod add;
mod checks;
mod form;
mod list;
mod new;
mod play;
mod show;
mod sources;

use leptos::prelude::*;
use switchboard::{
    Id,
    knowledge::{
        CheckResult, KnowledgeAgent, KnowledgeBase, KnowledgeBaseDraft, KnowledgeBaseFilter, KnowledgeBaseRow,
        KnowledgeCheck, KnowledgeCheckDraft, KnowledgeSource, Passage, SearchAnswer, SearchQuestion, SourceChange,
        SourceDraft,
    },
    listing::{Listing, Page},
    org::OrgId,
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::{
    crud,
    knowledge::{PassageWindow, SourceFilter, flow},
};

pub use list::KnowledgeList;
pub use new::KnowledgeNew;
pub use show::KnowledgePage;

/// One page of the list, and how many there are.
#[server(protocol = Wire)]
pub async fn browse_knowledge_bases(
    org: OrgId,
    filter: KnowledgeBaseFilter,
    page: Page,
) -> Result<(Listing<KnowledgeBaseRow>, i64), AppError> {
    Ok(crud::browse::<KnowledgeBase>(&core(), &caller(&org)?, &filter, &page).await?)
}

#[server(protocol = Wire)]
pub async fn list_knowledge_bases(
    org: OrgId,
    filter: KnowledgeBaseFilter,
    page: Page,
) -> Result<Listing<KnowledgeBaseRow>, AppError> {
    Ok(crud::list::<KnowledgeBase>(&core(), &caller(&org)?, &filter, &page).await?)
}

/// All of them, for whoever chooses among them.
pub async fn every_base(org: OrgId) -> Result<Vec<KnowledgeBaseRow>, AppError> {
    let (mut all, mut page) = (
        Vec::new(),
        Page {
            limit: Some(100),
            ..Page::default()
        },
    );
    loop {
        let found = list_knowledge_bases(org.clone(), KnowledgeBaseFilter::default(), page.clone()).await?;
        all.extend(found.items);
        if found.next.is_none() {
            return Ok(all);
        }
        page.cursor = found.next;
    }
}

/// The agents that look things up in it, by name.
#[server(protocol = Wire)]
pub async fn knowledge_agents(org: OrgId, id: Id<KnowledgeBase>) -> Result<Vec<KnowledgeAgent>, AppError> {
    Ok(flow::agents(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn get_knowledge_base(org: OrgId, id: Id<KnowledgeBase>) -> Result<KnowledgeBase, AppError> {
    Ok(crud::get(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn create_knowledge_base(org: OrgId, draft: KnowledgeBaseDraft) -> Result<KnowledgeBase, AppError> {
    Ok(crud::create(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn update_knowledge_base(
    org: OrgId,
    id: Id<KnowledgeBase>,
    draft: KnowledgeBaseDraft,
    revision: i64,
) -> Result<KnowledgeBase, AppError> {
    Ok(crud::update(&core(), &caller(&org)?, id, draft, revision).await?)
}

#[server(protocol = Wire)]
pub async fn delete_knowledge_base(org: OrgId, id: Id<KnowledgeBase>) -> Result<(), AppError> {
    Ok(crud::delete::<KnowledgeBase>(&core(), &caller(&org)?, id).await?)
}

/// The newest first.
#[server(protocol = Wire)]
pub async fn knowledge_sources(org: OrgId, id: Id<KnowledgeBase>) -> Result<Vec<KnowledgeSource>, AppError> {
    let filter = SourceFilter {
        knowledge_base_id: Some(id),
    };
    Ok(flow::sources(&core(), &caller(&org)?, &filter).await?)
}

#[server(protocol = Wire)]
pub async fn add_knowledge_source(org: OrgId, draft: SourceDraft) -> Result<KnowledgeSource, AppError> {
    Ok(flow::add(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn read_knowledge_source(org: OrgId, id: Id<KnowledgeSource>) -> Result<KnowledgeSource, AppError> {
    Ok(flow::read_again(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn change_knowledge_source(
    org: OrgId,
    id: Id<KnowledgeSource>,
    change: SourceChange,
) -> Result<KnowledgeSource, AppError> {
    Ok(flow::change(&core(), &caller(&org)?, id, change).await?)
}

#[server(protocol = Wire)]
pub async fn remove_knowledge_source(org: OrgId, id: Id<KnowledgeSource>) -> Result<(), AppError> {
    Ok(flow::remove(&core(), &caller(&org)?, id).await?)
}

/// So many passages of a source from one on, as they are read.
#[server(protocol = Wire)]
pub async fn knowledge_passages(
    org: OrgId,
    id: Id<KnowledgeSource>,
    from: i32,
    limit: i32,
) -> Result<Vec<Passage>, AppError> {
    let window = PassageWindow {
        from: Some(from),
        limit: Some(limit),
    };
    Ok(flow::passages(&core(), &caller(&org)?, id, &window).await?)
}

/// Searches as a call does.
#[server(protocol = Wire)]
pub async fn search_knowledge(
    org: OrgId,
    id: Id<KnowledgeBase>,
    question: SearchQuestion,
) -> Result<SearchAnswer, AppError> {
    Ok(flow::search(&core(), &caller(&org)?, id, &question).await?)
}

#[server(protocol = Wire)]
pub async fn run_knowledge_checks(org: OrgId, id: Id<KnowledgeBase>) -> Result<Vec<CheckResult>, AppError> {
    Ok(flow::run_checks(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn add_knowledge_check(org: OrgId, draft: KnowledgeCheckDraft) -> Result<KnowledgeCheck, AppError> {
    Ok(flow::add_check(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn remove_knowledge_check(org: OrgId, id: Id<KnowledgeCheck>) -> Result<(), AppError> {
    Ok(flow::remove_check(&core(), &caller(&org)?, id).await?)
}
