//! The statements of passages. A base's passages are looked through along (org_id, base_id), so what others have makes no search
//! slower and leaves nothing out.

use super::{KnowledgeBase, KnowledgeSource, Passage, read::Piece, search::Wanted, words::words};
use crate::{
    db::OrgTx,
    error::Result,
    id::{Id, uuids},
};

/// A passage with words of the question.
#[derive(Debug)]
pub(super) struct Hit {
    pub source_id: Id<KnowledgeSource>,
    pub position: i32,
    /// Those of its words that were looked for.
    pub words: Vec<String>,
}

/// A passage as it is read.
pub(super) struct PassageText {
    pub source_id: Id<KnowledgeSource>,
    pub source: String,
    pub position: i32,
    pub heading: String,
    pub page: Option<i32>,
    pub url: String,
    pub text: String,
}

/// How many passages there are to search.
pub(super) async fn count(tx: &mut OrgTx, bases: &[Id<KnowledgeBase>]) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(s.passages), 0) as "passages!" from app.knowledge_sources s
           where s.org_id = $1 and s.base_id = any($2) and s.enabled"#,
        tx.org() as _,
        &uuids(bases),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The passages that have any of these words, or any that begins like that.
pub(super) async fn hits(tx: &mut OrgTx, bases: &[Id<KnowledgeBase>], wanted: &Wanted) -> Result<Vec<Hit>> {
    // Words are letters and digits alone, so nothing in them means anything to Postgres.
    let exact = wanted.words.iter().map(|word| format!("'{word}'"));
    let begun = wanted.stems.iter().map(|stem| format!("'{stem}':*"));
    let query = exact.chain(begun).collect::<Vec<_>>().join(" | ");
    Ok(sqlx::query_as!(
        Hit,
        r#"select p.source_id, p.position,
                  array(select w from unnest(tsvector_to_array(p.words)) w
                        where w = any($4) or exists (select from unnest($5::text[]) s where starts_with(w, s))) as "words!"
           from app.knowledge_passages p
             join app.knowledge_sources s on s.org_id = p.org_id and s.id = p.source_id
           where p.org_id = $1 and p.base_id = any($2) and s.enabled and p.words @@ $3::text::tsquery"#,
        tx.org() as _,
        &uuids(bases),
        query,
        &wanted.words,
        &wanted.stems,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The words of so many letters that are in any passage.
pub(super) async fn vocabulary(
    tx: &mut OrgTx,
    bases: &[Id<KnowledgeBase>],
    shortest: i32,
    longest: i32,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct w as "word!" from app.knowledge_passages p
             join app.knowledge_sources s on s.org_id = p.org_id and s.id = p.source_id
             cross join lateral unnest(tsvector_to_array(p.words)) w
           where p.org_id = $1 and p.base_id = any($2) and s.enabled and length(w) between $3 and $4
           limit 100000"#,
        tx.org() as _,
        &uuids(bases),
        shortest,
        longest,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// These passages, in no order.
pub(super) async fn texts(tx: &mut OrgTx, places: &[(Id<KnowledgeSource>, i32)]) -> Result<Vec<PassageText>> {
    let (sources, positions): (Vec<Id<KnowledgeSource>>, Vec<i32>) = places.iter().copied().unzip();
    Ok(sqlx::query_as!(
        PassageText,
        r#"select p.source_id, s.name as source, p.position, p.heading, p.page, p.url, p.body as text
           from unnest($2::uuid[], $3::int[]) as wanted (source_id, position)
             join app.knowledge_passages p on p.org_id = $1 and p.source_id = wanted.source_id and p.position = wanted.position
             join app.knowledge_sources s on s.org_id = p.org_id and s.id = p.source_id"#,
        tx.org() as _,
        &uuids(&sources),
        &positions,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Passages of a source in their order.
pub(super) async fn list(tx: &mut OrgTx, source: Id<KnowledgeSource>, from: i32, limit: i32) -> Result<Vec<Passage>> {
    Ok(sqlx::query_as!(
        Passage,
        "select p.position, p.heading, p.page, p.body as text from app.knowledge_passages p
         where p.org_id = $1 and p.source_id = $2 and p.position >= $3 order by p.position limit $4",
        tx.org() as _,
        source.uuid(),
        from,
        i64::from(limit),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Puts these in place of those that a source had.
pub(super) async fn replace(
    tx: &mut OrgTx,
    base: Id<KnowledgeBase>,
    source: Id<KnowledgeSource>,
    pieces: &[Piece],
) -> Result<()> {
    sqlx::query!(
        "delete from app.knowledge_passages where org_id = $1 and source_id = $2",
        tx.org() as _,
        source.uuid(),
    )
    .execute(tx.conn())
    .await?;
    let headings: Vec<String> = pieces.iter().map(|piece| piece.heading.clone()).collect();
    let bodies: Vec<String> = pieces.iter().map(|piece| piece.text.clone()).collect();
    let urls: Vec<String> = pieces.iter().map(|piece| piece.url.clone()).collect();
    let pages: Vec<Option<i32>> = pieces.iter().map(|piece| piece.page).collect();
    let lexemes: Vec<String> = pieces
        .iter()
        .map(|piece| words(&format!("{} {}", piece.heading, piece.text)).join(" "))
        .collect();
    sqlx::query!(
        "insert into app.knowledge_passages (org_id, base_id, source_id, position, heading, page, body, words, url)
         select $1, $2, $3, (p.place - 1)::int, p.heading, p.page, p.body, array_to_tsvector(string_to_array(p.words, ' ')), p.url
         from unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::text[]) with ordinality p (heading, page, body, words, url, place)",
        tx.org() as _,
        base.uuid(),
        source.uuid(),
        &headings,
        &pages as &[Option<i32>],
        &bodies,
        &lexemes,
        &urls,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
