//! Reading: a source becomes passages. The document is read by a process of its own, which has nothing but its bytes, so much memory
//! and so much time; whatever a document does to it, nobody else notices.

use std::{process::Stdio, time::Duration};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};

use super::{
    KnowledgeSource, SourceState,
    crawl::crawl,
    passage_store,
    read::{Format, Piece, Read},
    source_store::{self, Outcome},
};
use crate::{
    audit,
    core::Core,
    crud::{self, Rows},
    db,
    error::{Error, Result},
    id::Id,
    jobs::{self, Backoff, Context, Failure, Job, Limits},
    knowledge::KnowledgeBase,
    resource::{Action, Kind},
};

/// The command of this program that reads a document from its standard input.
pub const COMMAND: &str = "read-document";
/// Seconds of one processor that it may use; the process itself asks for that limit.
pub const CPU_S: u64 = 60;
/// Bytes of address space. With less the allocator does not start.
pub const MEMORY: u64 = 2 << 30;
const WALL: Duration = Duration::from_secs(90);
const DAY_S: u64 = 24 * 3600;
/// More text than any document that is taken can have.
const LARGEST_ANSWER: u64 = 64 << 20;

/// Has a source read.
#[derive(Serialize, Deserialize)]
pub struct ReadSource {
    pub source: Id<KnowledgeSource>,
}

impl Job for ReadSource {
    const NAME: &'static str = "read_source";
    const LIMITS: Limits = Limits {
        // Documents are heavy, and one organization's shall not be all that is read.
        slots: 2,
        per_org: 1,
        attempts: 3,
        timeout: Duration::from_secs(120),
        backoff: Backoff {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(30),
        },
        ..Limits::USUAL
    };

    fn dedup_key(&self) -> Option<String> {
        Some(self.source.to_string())
    }

    async fn run(self, context: Context) -> Result<jobs::Outcome, Failure> {
        let (core, worker) = (&context.core, context.caller()?);
        let mut tx = worker.begin(&core.db, Action::Update, Kind::KnowledgeBase).await?;
        let reading = source_store::begin(&mut tx, self.source).await?;
        if reading.is_some() {
            tx.changed(Kind::KnowledgeBase);
        }
        crud::commit(core, tx).await?;
        // It was deleted meanwhile, or read by another process.
        let Some(reading) = reading else {
            return Ok(jobs::Outcome::Done);
        };
        let read = read_apart(core, &reading.content_type, &reading.content).await?;
        settle(&context, self.source, Some(&reading.sha256), &read).await?;
        Ok(jobs::Outcome::Done)
    }

    async fn given_up(self, context: Context, reason: &str) -> Result<()> {
        let read = Read::Refused(format!("It could not be read: {reason}"));
        settle(&context, self.source, None, &read).await
    }
}

/// Reads a document in a process of its own. An error says that there was no such process; whatever becomes of the document is in
/// the answer.
pub(super) async fn read_apart(core: &Core, content_type: &str, content: &[u8]) -> Result<Read, Failure> {
    db::assert_none("a reader of documents");
    let cannot = |error: std::io::Error| Failure::Retry(format!("The reader of documents does not start: {error}."));
    let program = match &core.config.document_reader {
        Some(path) => path.clone(),
        None => std::env::current_exe().map_err(cannot)?,
    };
    let mut child = Command::new(program)
        .arg(COMMAND)
        .arg(content_type)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(cannot)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let talking = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A reader that has seen enough closes its end.
                let _ = stdin.write_all(content).await;
            }
        };
        let mut answer = Vec::new();
        let listen = async {
            if let Some(stdout) = stdout {
                let _ = stdout.take(LARGEST_ANSWER).read_to_end(&mut answer).await;
            }
        };
        tokio::join!(write, listen);
        let _ = child.wait().await;
        answer
    };
    let Ok(answer) = tokio::time::timeout(WALL, talking).await else {
        return Ok(Read::Refused(
            "It takes longer than 90 seconds to read. Split it into smaller files.".to_owned(),
        ));
    };
    Ok(serde_json::from_slice(&answer).unwrap_or_else(|_| {
        Read::Refused(
            "It cannot be read: it is broken, or needs more memory or time than a document may take. Save it anew, or split it."
                .to_owned(),
        )
    }))
}

/// Has a website fetched and read.
#[derive(Serialize, Deserialize)]
pub struct CrawlSource {
    pub source: Id<KnowledgeSource>,
}

impl Job for CrawlSource {
    const NAME: &'static str = "crawl_source";
    const LIMITS: Limits = Limits {
        slots: 4,
        timeout: Duration::from_secs(330),
        ..ReadSource::LIMITS
    };

    fn dedup_key(&self) -> Option<String> {
        Some(self.source.to_string())
    }

    async fn run(self, context: Context) -> Result<jobs::Outcome, Failure> {
        let (core, worker) = (&context.core, context.caller()?);
        let mut tx = worker.begin(&core.db, Action::Update, Kind::KnowledgeBase).await?;
        let site = source_store::begin_site(&mut tx, self.source).await?;
        if site.is_some() {
            tx.changed(Kind::KnowledgeBase);
        }
        crud::commit(core, tx).await?;
        let Some(site) = site else {
            return Ok(jobs::Outcome::Done);
        };
        let crawled = crawl(core, &site).await?;
        let pages = i32::try_from(crawled.pages.len()).unwrap_or(i32::MAX);
        let read = match crawled.pages.first() {
            // Nothing could be had, so what was read before stays.
            Some(first) if crawled.read == 0 => Read::Refused(first.reason.clone()),
            _ => Read::Document {
                pages: Some(pages),
                pieces: crawled.pieces,
                note: String::new(),
                links: Vec::new(),
            },
        };
        settle(&context, self.source, None, &read).await?;
        let mut tx = worker.begin(&core.db, Action::Update, Kind::KnowledgeBase).await?;
        context.lease.hold(tx.conn()).await?;
        if let Ok(source) = source_store::find(&mut tx, self.source).await {
            let after = Duration::from_secs(u64::try_from(source.every_days).unwrap_or_default() * DAY_S);
            let due_at = (source.every_days > 0).then(|| Utc::now() + after);
            source_store::note_pages(&mut tx, self.source, &crawled.pages, due_at).await?;
            if due_at.is_some() {
                jobs::enqueue_after(&mut tx, &RefreshSource { source: self.source }, after).await?;
            }
            tx.changed(Kind::KnowledgeBase);
        }
        crud::commit(core, tx).await?;
        Ok(jobs::Outcome::Done)
    }

    async fn given_up(self, context: Context, reason: &str) -> Result<()> {
        let read = Read::Refused(format!("It could not be read: {reason}"));
        settle(&context, self.source, None, &read).await
    }
}

/// Has a website read again when its time has come.
#[derive(Serialize, Deserialize)]
pub struct RefreshSource {
    pub source: Id<KnowledgeSource>,
}

impl Job for RefreshSource {
    const NAME: &'static str = "refresh_source";

    fn dedup_key(&self) -> Option<String> {
        Some(self.source.to_string())
    }

    async fn run(self, context: Context) -> Result<jobs::Outcome, Failure> {
        let (core, worker) = (&context.core, context.caller()?);
        let mut tx = worker.begin(&core.db, Action::Update, Kind::KnowledgeBase).await?;
        let source = match source_store::find(&mut tx, self.source).await {
            Ok(source) => source,
            Err(Error::NotFound) => return Ok(jobs::Outcome::Done),
            Err(error) => return Err(error.into()),
        };
        let Some(due_at) = source.due_at.filter(|_| source.every_days > 0) else {
            return Ok(jobs::Outcome::Done);
        };
        // Somebody has had it read meanwhile.
        if let Ok(early) = (due_at - Utc::now()).to_std() {
            return Ok(jobs::Outcome::Again(early));
        }
        if source_store::read_again(&mut tx, self.source).await? {
            jobs::enqueue(&mut tx, &CrawlSource { source: self.source }).await?;
            tx.changed(Kind::KnowledgeBase);
        }
        crud::commit(core, tx).await?;
        Ok(jobs::Outcome::Done)
    }
}

/// Writes down what came of reading. Nothing where the source is gone or has another content by now.
async fn settle(context: &Context, id: Id<KnowledgeSource>, sha256: Option<&str>, read: &Read) -> Result<()> {
    let (core, worker) = (&context.core, context.caller()?);
    let mut tx = worker.begin(&core.db, Action::Update, Kind::KnowledgeBase).await?;
    context.lease.hold(tx.conn()).await?;
    let source = match source_store::find(&mut tx, id).await {
        Ok(source) => source,
        Err(Error::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    // Whoever reads another source of this base counts its passages after this one's are there.
    source_store::lock_base(&mut tx, source.base_id).await?;
    let room = source_store::MOST_PASSAGES - source_store::others(&mut tx, source.base_id, id).await?;
    let (outcome, pieces): (Outcome<'_>, &[Piece]) = match read {
        Read::Refused(says) => (failed(SourceState::Failed, says), &[]),
        Read::Document { pages, pieces, .. } if pieces.is_empty() => {
            let says = match pages {
                Some(_) if source.kind.is_fetched() => "There is no text on its pages.",
                Some(_) => {
                    "Its pages are pictures, so agents know nothing of it. Upload a file with text, or type what is in it."
                }
                None => "There is no text in it. Upload a file with text, or type what is in it.",
            };
            let empty = Outcome {
                pages: *pages,
                passages: Some(0),
                ..failed(SourceState::Empty, says)
            };
            (empty, &[])
        }
        Read::Document { pieces, .. } if pieces.len() as i64 > room => (
            failed(
                SourceState::Failed,
                "The knowledge base has no room for it: it may have 20,000 passages. Put it into another one.",
            ),
            &[],
        ),
        Read::Document {
            pages, pieces, note, ..
        } => {
            let ready = Outcome {
                state: SourceState::Ready,
                note,
                pages: *pages,
                passages: Some(i32::try_from(pieces.len()).unwrap_or(i32::MAX)),
            };
            (ready, pieces)
        }
    };
    if source_store::settle(&mut tx, id, sha256, &outcome).await? {
        if outcome.passages.is_some() {
            passage_store::replace(&mut tx, source.base_id, id, pieces).await?;
        }
        let verb = if outcome.state == SourceState::Ready {
            "read"
        } else {
            "fail_source"
        };
        let base = KnowledgeBase::find(&mut tx, source.base_id).await?;
        audit::record_verb(
            &mut tx,
            verb,
            Kind::KnowledgeBase,
            &base.id.to_string(),
            &base.draft.name,
        )
        .await?;
        tx.changed(Kind::KnowledgeBase);
    }
    crud::commit(core, tx).await
}

/// What was read before stays as it is.
fn failed(state: SourceState, note: &str) -> Outcome<'_> {
    Outcome {
        state,
        note,
        pages: None,
        passages: None,
    }
}

/// What the process does that reads a document: answers what is in these bytes, as JSON.
pub fn answer(content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let read = match Format::of_content_type(content_type) {
        Some(format) => super::read::read(format, bytes),
        None => Read::Refused("This kind of file cannot be read.".to_owned()),
    };
    serde_json::to_vec(&read).unwrap_or_default()
}
