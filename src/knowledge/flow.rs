//! What people do with knowledge bases beyond creating and changing them: their sources, searching, and checks.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{
    CheckFilter, CheckResult, ENDINGS, KnowledgeAgent, KnowledgeBase, KnowledgeCheck, KnowledgeCheckDraft,
    KnowledgeSource, Passage, PassageWindow, SearchAnswer, SearchQuestion, SourceChange, SourceDraft, SourceFilter,
    SourceKind, bindings, passage_store,
    read::{self, Format},
    reading::{CrawlSource, ReadSource},
    search,
    source_store::{self, Content},
};
use crate::{
    audit,
    auth::Caller,
    check::Check,
    core::Core,
    crud::{self, Rows},
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    jobs,
    resource::{Action, Kind},
    tools::reach,
};

const KIND: Kind = Kind::KnowledgeBase;

/// Adds a text or a website, and has it read.
pub async fn add(core: &Core, caller: &Caller, draft: SourceDraft) -> Result<KnowledgeSource> {
    Check::run(&draft)?;
    if draft.kind.is_fetched()
        && let Some(wrong) = reach::wrong_address(draft.url.trim(), core.installation.public)
    {
        return Err(Error::invalid("url", wrong));
    }
    let content = Content {
        name: draft.name.trim(),
        content_type: Format::Markdown.content_type(),
        bytes: draft.text.as_bytes(),
        sha256: fingerprint(draft.text.as_bytes()),
    };
    let mut tx = caller.begin(&core.db, Action::Update, KIND).await?;
    source_store::lock_base(&mut tx, draft.base_id).await?;
    let id = if draft.kind.is_fetched() {
        has_room(&mut tx, draft.base_id).await?;
        let id = Id::new();
        source_store::insert_site(&mut tx, id, &draft).await?;
        id
    } else {
        insert(&mut tx, draft.base_id, SourceKind::Text, &content).await?
    };
    waits(core, tx, id, "add_source").await
}

/// Adds a file under its name, or puts it in place of the one that has this name; and has it read.
pub async fn upload(
    core: &Core,
    caller: &Caller,
    base: Id<KnowledgeBase>,
    name: &str,
    bytes: Bytes,
) -> Result<KnowledgeSource> {
    let name = file_name(name)?;
    let format = read::format(&name, &bytes).map_err(|says| Error::invalid("file", says))?;
    let content = Content {
        name: &name,
        content_type: format.content_type(),
        bytes: &bytes,
        sha256: fingerprint(&bytes),
    };
    let mut tx = caller.begin(&core.db, Action::Update, KIND).await?;
    source_store::lock_base(&mut tx, base).await?;
    let id = match source_store::named(&mut tx, base, &name).await? {
        (Some(id), _) => {
            source_store::refill(&mut tx, id, &content).await?;
            id
        }
        (None, _) => insert(&mut tx, base, SourceKind::File, &content).await?,
    };
    waits(core, tx, id, "add_source").await
}

/// The name alone: whatever folder stands before it is nothing to us.
fn file_name(name: &str) -> Result<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let name = name.trim();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::invalid(
            "name",
            "Give the file a name of at most 200 characters.",
        ));
    }
    if !ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
        return Err(Error::invalid(
            "name",
            "Only PDF, DOCX, Markdown, text, HTML, CSV and TSV files can be read. Save it as one of these.",
        ));
    }
    Ok(name.to_owned())
}

fn fingerprint(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

async fn has_room(tx: &mut OrgTx, base: Id<KnowledgeBase>) -> Result<()> {
    let (_, there) = source_store::named(tx, base, "").await?;
    if there < source_store::MOST_SOURCES {
        return Ok(());
    }
    let most = source_store::MOST_SOURCES;
    Err(Error::invalid(
        "name",
        format!("A knowledge base has at most {most} sources. Make another one."),
    ))
}

async fn insert(
    tx: &mut OrgTx,
    base: Id<KnowledgeBase>,
    kind: SourceKind,
    content: &Content<'_>,
) -> Result<Id<KnowledgeSource>> {
    has_room(tx, base).await?;
    let id = Id::new();
    source_store::insert(tx, id, base, kind, content).await?;
    Ok(id)
}

/// Has a source read once this commits.
async fn waits(core: &Core, mut tx: OrgTx, id: Id<KnowledgeSource>, verb: &str) -> Result<KnowledgeSource> {
    let source = source_store::find(&mut tx, id).await?;
    if source.kind.is_fetched() {
        jobs::enqueue(&mut tx, &CrawlSource { source: id }).await?;
    } else {
        jobs::enqueue(&mut tx, &ReadSource { source: id }).await?;
    }
    record(&mut tx, verb, source.base_id).await?;
    crud::commit(core, tx).await?;
    Ok(source)
}

async fn record(tx: &mut OrgTx, verb: &str, base: Id<KnowledgeBase>) -> Result<()> {
    let base = KnowledgeBase::find(tx, base).await?;
    tx.changed(KIND);
    audit::record_verb(tx, verb, KIND, &base.id.to_string(), &base.draft.name).await
}

/// Reads a source once more, from what was given or from where it is fetched.
pub async fn read_again(core: &Core, caller: &Caller, id: Id<KnowledgeSource>) -> Result<KnowledgeSource> {
    let mut tx = caller.begin(&core.db, Action::Update, KIND).await?;
    if !source_store::read_again(&mut tx, id).await? {
        source_store::find(&mut tx, id).await?;
        return Err(Error::Conflict("This source is being read already.".into()));
    }
    waits(core, tx, id, "read_source").await
}

/// Turns a source on or off. One that is off is kept, and not searched.
pub async fn change(
    core: &Core,
    caller: &Caller,
    id: Id<KnowledgeSource>,
    change: SourceChange,
) -> Result<KnowledgeSource> {
    let mut tx = caller.begin(&core.db, Action::Update, KIND).await?;
    source_store::find(&mut tx, id).await?;
    source_store::enable(&mut tx, id, change.enabled).await?;
    let source = source_store::find(&mut tx, id).await?;
    let verb = if change.enabled {
        "enable_source"
    } else {
        "disable_source"
    };
    record(&mut tx, verb, source.base_id).await?;
    crud::commit(core, tx).await?;
    Ok(source)
}

/// From this moment on nothing of it is found.
pub async fn remove(core: &Core, caller: &Caller, id: Id<KnowledgeSource>) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Update, KIND).await?;
    let source = source_store::find(&mut tx, id).await?;
    source_store::delete(&mut tx, id).await?;
    record(&mut tx, "remove_source", source.base_id).await?;
    crud::commit(core, tx).await
}

pub async fn source(core: &Core, caller: &Caller, id: Id<KnowledgeSource>) -> Result<KnowledgeSource> {
    let mut tx = caller.begin(&core.db, Action::Read, KIND).await?;
    let source = source_store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(source)
}

/// The newest first.
pub async fn sources(core: &Core, caller: &Caller, filter: &SourceFilter) -> Result<Vec<KnowledgeSource>> {
    let mut tx = caller.begin(&core.db, Action::Read, KIND).await?;
    if let Some(base) = filter.knowledge_base_id {
        KnowledgeBase::find(&mut tx, base).await?;
    }
    let sources = source_store::list(&mut tx, filter.knowledge_base_id).await?;
    tx.commit().await?;
    Ok(sources)
}

/// Passages of a source in their order, as they are read.
pub async fn passages(
    core: &Core,
    caller: &Caller,
    id: Id<KnowledgeSource>,
    window: &PassageWindow,
) -> Result<Vec<Passage>> {
    Check::run(window)?;
    let mut tx = caller.begin(&core.db, Action::Read, KIND).await?;
    source_store::find(&mut tx, id).await?;
    let (from, limit) = (window.from.unwrap_or_default(), window.limit.unwrap_or(50));
    let passages = passage_store::list(&mut tx, id, from, limit).await?;
    tx.commit().await?;
    Ok(passages)
}

/// The agents that look things up in a base, in their draft or their live version.
pub async fn agents(core: &Core, caller: &Caller, base: Id<KnowledgeBase>) -> Result<Vec<KnowledgeAgent>> {
    let mut tx = caller.begin(&core.db, Action::Read, KIND).await?;
    KnowledgeBase::find(&mut tx, base).await?;
    let agents = bindings::agents(&mut tx, base).await?;
    tx.commit().await?;
    Ok(agents)
}

/// Searches one base as a call does.
pub async fn search(
    core: &Core,
    caller: &Caller,
    base: Id<KnowledgeBase>,
    question: &SearchQuestion,
) -> Result<SearchAnswer> {
    Check::run(question)?;
    let mut tx = caller.begin(&core.db, Action::Read, KIND).await?;
    KnowledgeBase::find(&mut tx, base).await?;
    let answer = search::search(&mut tx, &[base], question).await?;
    tx.commit().await?;
    Ok(answer)
}

pub async fn add_check(core: &Core, caller: &Caller, draft: KnowledgeCheckDraft) -> Result<KnowledgeCheck> {
    Check::run(&draft)?;
    let id = Id::new();
    let mut tx = caller.begin(&core.db, Action::Update, KIND).await?;
    source_store::lock_base(&mut tx, draft.base_id).await?;
    let there = source_store::checks(&mut tx, Some(draft.base_id)).await?;
    if there.len() as i64 >= source_store::MOST_CHECKS {
        let says = format!("A knowledge base has at most {} checks.", source_store::MOST_CHECKS);
        return Err(Error::invalid("base_id", says));
    }
    source_store::insert_check(&mut tx, id, &draft).await?;
    record(&mut tx, "add_check", draft.base_id).await?;
    let checks = source_store::checks(&mut tx, Some(draft.base_id)).await?;
    crud::commit(core, tx).await?;
    checks.into_iter().find(|check| check.id == id).ok_or(Error::NotFound)
}

pub async fn remove_check(core: &Core, caller: &Caller, id: Id<KnowledgeCheck>) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Update, KIND).await?;
    let base = source_store::delete_check(&mut tx, id).await?;
    record(&mut tx, "remove_check", base).await?;
    crud::commit(core, tx).await
}

/// The oldest first.
pub async fn checks(core: &Core, caller: &Caller, filter: &CheckFilter) -> Result<Vec<KnowledgeCheck>> {
    let mut tx = caller.begin(&core.db, Action::Read, KIND).await?;
    if let Some(base) = filter.knowledge_base_id {
        KnowledgeBase::find(&mut tx, base).await?;
    }
    let checks = source_store::checks(&mut tx, filter.knowledge_base_id).await?;
    tx.commit().await?;
    Ok(checks)
}

/// Tries every check of a base.
pub async fn run_checks(core: &Core, caller: &Caller, base: Id<KnowledgeBase>) -> Result<Vec<CheckResult>> {
    let mut tx = caller.begin(&core.db, Action::Read, KIND).await?;
    KnowledgeBase::find(&mut tx, base).await?;
    let mut results = Vec::new();
    for check in source_store::checks(&mut tx, Some(base)).await? {
        let question = SearchQuestion {
            q: check.query.clone(),
            limit: Some(10),
            ..SearchQuestion::default()
        };
        let answer = search::search(&mut tx, &[base], &question).await?;
        let found: Vec<&str> = answer.passages.iter().map(|passage| passage.text.as_str()).collect();
        results.push(CheckResult::of(check, &found));
    }
    tx.commit().await?;
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn of_a_path_only_the_name_counts() {
        for (given, name) in [
            ("Prices 2026.pdf", "Prices 2026.pdf"),
            ("../../etc/prices.PDF", "prices.PDF"),
            ("C:\\temp\\notes.md", "notes.md"),
            ("a\u{0}b.txt", "ab.txt"),
        ] {
            assert_eq!(file_name(given).unwrap(), name);
        }
        for refused in [
            "",
            "  ",
            "..",
            "team.heic",
            "pdf",
            "x.pdf/",
            &format!("{}.pdf", "x".repeat(200)),
        ] {
            assert!(file_name(refused).is_err(), "{refused}");
        }
    }
}
