//! Finding: pages of calls, narrowed to what is asked for.

use std::collections::HashMap;

use chrono::Utc;
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    AtFault, CallFacets, CallFilter, CallRow, EndReason, Medium, Passage, Status, dispositions, words::Candidates,
};
use crate::{
    analysis::{self, Sentiment, Verdict},
    check::Check,
    contacts,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    listing::Window,
};

/// Marks in a headline, of the range that no language uses.
const BEGIN: char = '\u{e000}';
const END: char = '\u{e001}';
/// How many tags and people the filters offer.
const OFFERED: i64 = 200;

/// `NotFound` where it is narrowed to a contact that is not there.
pub(crate) async fn page(tx: &mut OrgTx, filter: &CallFilter, window: Window) -> Result<Vec<CallRow>> {
    Check::run(filter)?;
    if let Some(contact) = filter.contact_id {
        contacts::store::must_exist(tx, contact).await?;
    }
    let Some(said) = words(filter.said.as_deref())? else {
        return rows(tx, filter, window, None, None).await;
    };
    let (from, until) = filter.placed_between(Utc::now());
    let until = until.map_or(window.after.at, |until| until.min(window.after.at));
    let wanted = usize::try_from(window.fetch()).unwrap_or_default();
    let mut found = match Candidates::of(tx, said, from, until).await? {
        None => rows(tx, filter, window, Some(said), None).await?,
        Some(mut candidates) => loop {
            let more = candidates.take(tx).await?;
            let found = rows(tx, filter, window, Some(said), Some(&candidates.ids)).await?;
            if !more || candidates.are_all(&found, wanted) {
                break found;
            }
        },
    };
    let mut passages = passages(tx, &found, said).await?;
    for row in &mut found {
        row.said = passages.remove(&row.id.uuid()).unwrap_or_default();
    }
    Ok(found)
}

/// `among` are ids that may be meant, where not all calls have to be looked at.
async fn rows(
    tx: &mut OrgTx,
    filter: &CallFilter,
    window: Window,
    said: Option<&str>,
    among: Option<&[Uuid]>,
) -> Result<Vec<CallRow>> {
    let (from, until) = filter.placed_between(Utc::now());
    let text = |text: &Option<String>| {
        text.as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let metadata = filter.metadata.objects();
    let (names, values) = filter.field.lowered();
    let reasons = match text(&filter.disposition) {
        Some(name) => Some(dispositions::flow::reasons(tx, &name).await?),
        None => None,
    };
    Ok(sqlx::query!(
        r#"select c.id, c.agent_id, c.agent_name, c.agent_version, c.medium, c.status, c.end_reason, d.name as "disposition?", c.to_number, c.contact_id,
                coalesce(nullif(p.name, ''), p.phone) as contact_name, c.metadata as "metadata: Json<crate::metadata::Metadata>",
                array(select t.tag from app.call_tags t where t.org_id = c.org_id and t.call_id = c.id order by t.tag) as "tags!",
                c.created_at, c.joined_at, c.ended_at, c.price_micros as price, a.verdict as "verdict?: Verdict", a.sentiment as "sentiment?: Sentiment",
                a.fields as "fields?: Json<Vec<analysis::FieldValue>>"
         from app.calls c
           left join app.contacts p on p.org_id = c.org_id and p.id = c.contact_id
           left join app.call_analyses a on a.org_id = c.org_id and a.call_id = c.id
           left join app.call_fields f on f.org_id = c.org_id and f.call_id = c.id and f.name = $26
           left join app.call_fields g on g.org_id = c.org_id and g.call_id = c.id and g.name = $28
           left join app.call_fields h on h.org_id = c.org_id and h.call_id = c.id and h.name = $30
           left join app.dispositions d on d.org_id = c.org_id and d.end_reason = c.end_reason
         where c.org_id = $1 and (c.created_at, c.id) < ($2, $3)
           and ($4::text is null or position(lower($4) in lower(concat_ws(' ', c.to_number, p.name, c.agent_name))) > 0)
           and ($5::text is null or c.status = $5)
           and ($6::uuid is null or c.agent_id = $6)
           and ($7::uuid is null or c.contact_id = $7)
           and ($8::timestamptz is null or c.created_at >= $8)
           and ($9::timestamptz is null or c.created_at < $9)
           and ($10::jsonb[] is null or c.metadata @> all($10))
           and ($11::int is null or c.agent_version = $11)
           and ($12::text is null or c.end_reason = $12)
           and ($13::text is null or c.at_fault = $13)
           and ($14::text is null or c.medium = $14)
           and ($15::text is null or c.placed_by = $15)
           and ($16::text is null or c.to_number = $16)
           and ($17::text is null or exists (
             select from app.call_tags t where t.org_id = c.org_id and t.call_id = c.id and t.tag = $17))
           and ($18::int is null or c.talk_s >= $18)
           and ($19::int is null or c.talk_s <= $19)
           and ($20::bigint is null or c.price_micros >= $20)
           and ($21::bigint is null or c.price_micros <= $21)
           and ($22::text is null or exists (
             select from app.call_texts w where w.org_id = c.org_id and w.call_id = c.id and w.words @@ websearch_to_tsquery('simple', $22)))
           and ($23::uuid[] is null or c.id = any($23))
           and ($24::text is null or a.verdict = $24)
           and ($25::text is null or a.sentiment = $25)
           and ($26::text is null or f.value = $27)
           and ($28::text is null or g.value = $29)
           and ($30::text is null or h.value = $31)
           and ($32::text[] is null or c.end_reason = any($32))
         order by c.created_at desc, c.id desc
         limit $33"#,
        tx.org() as _,
        window.after.at,
        window.after.id,
        text(&filter.q),
        filter.status.map(Status::word),
        filter.agent_id.map(Id::uuid),
        filter.contact_id.map(Id::uuid),
        from,
        until,
        metadata.as_deref(),
        filter.agent_version,
        filter.end_reason.map(EndReason::word),
        filter.at_fault.map(AtFault::word),
        filter.medium.map(Medium::word),
        text(&filter.placed_by),
        filter.dialed(),
        text(&filter.tag),
        filter.min_talk_s,
        filter.max_talk_s,
        filter.min_price.map(|price| price.0),
        filter.max_price.map(|price| price.0),
        said,
        among,
        filter.verdict.map(Verdict::word),
        filter.sentiment.map(Sentiment::word),
        names.first().map(String::as_str),
        values.first().map(String::as_str),
        names.get(1).map(String::as_str),
        values.get(1).map(String::as_str),
        names.get(2).map(String::as_str),
        values.get(2).map(String::as_str),
        reasons.as_deref(),
        window.fetch(),
    )
    .map(|row| CallRow {
        id: row.id,
        agent_id: row.agent_id,
        agent_name: row.agent_name,
        agent_version: row.agent_version,
        medium: row.medium,
        status: row.status,
        end_reason: row.end_reason,
        disposition: row.disposition,
        to_number: row.to_number,
        contact_id: row.contact_id,
        contact_name: row.contact_name,
        metadata: row.metadata.0,
        tags: row.tags,
        created_at: row.created_at,
        joined_at: row.joined_at,
        ended_at: row.ended_at,
        price: row.price,
        verdict: row.verdict,
        sentiment: row.sentiment,
        fields: row.fields.map(|fields| analysis::values(&fields.0)).unwrap_or_default(),
        said: Vec::new(),
    })
    .fetch_all(tx.conn())
    .await?)
}

/// What is searched for, if anything.
fn words(said: Option<&str>) -> Result<Option<&str>> {
    match said.map(str::trim).filter(|said| !said.is_empty()) {
        None => Ok(None),
        Some(said) if said.chars().any(char::is_alphanumeric) => Ok(Some(said)),
        Some(_) => Err(Error::invalid("said", "Write a word that was said.")),
    }
}

/// Where in each of these calls some of the words were said first.
async fn passages(tx: &mut OrgTx, rows: &[CallRow], said: &str) -> Result<HashMap<Uuid, Vec<Passage>>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.uuid()).collect();
    // Words that must all be there may be spread over several messages: the passage has one of them at least.
    let found = sqlx::query!(
        r#"with query as (select replace(websearch_to_tsquery('simple', $3)::text, ' & ', ' | ')::tsquery as any_word)
         select distinct on (m.call_id) m.call_id,
           ts_headline('simple', left(m.text, 4000), q.any_word, $4) as "headline!"
         from app.call_messages m cross join query q
         where m.org_id = $1 and m.call_id = any($2) and m.role in ('agent', 'person') and to_tsvector('simple', m.text) @@ q.any_word
         order by m.call_id, m.seq"#,
        tx.org() as _,
        &ids,
        said,
        format!("StartSel={BEGIN},StopSel={END},MaxFragments=1,MinWords=8,MaxWords=22,FragmentDelimiter=…"),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.call_id.uuid(), pieces(&row.headline)))
        .collect())
}

/// A headline in pieces; none where nothing in it was found, as when only what is not to be there was named.
fn pieces(headline: &str) -> Vec<Passage> {
    let mut pieces = Vec::new();
    for (at, part) in headline.split(BEGIN).enumerate() {
        let (found, rest) = match part.split_once(END) {
            Some((found, rest)) if at > 0 => (found, rest),
            _ => ("", part),
        };
        for (text, found) in [(found, true), (rest, false)] {
            if !text.is_empty() {
                let text = text.to_owned();
                pieces.push(Passage { text, found });
            }
        }
    }
    if pieces.iter().any(|piece| piece.found) {
        pieces
    } else {
        Vec::new()
    }
}

/// What the filters offer. Each value is looked up behind the one before, so that a million calls with three tags are three looks.
pub(crate) async fn facets(tx: &mut OrgTx) -> Result<CallFacets> {
    let tags = sqlx::query_scalar!(
        r#"with recursive tag as (
             (select t.tag from app.call_tags t where t.org_id = $1 order by t.tag limit 1)
             union all
             select (select t.tag from app.call_tags t where t.org_id = $1 and t.tag > tag.tag order by t.tag limit 1)
             from tag where tag.tag is not null)
           select tag.tag as "tag!" from tag where tag.tag is not null limit $2"#,
        tx.org() as _,
        OFFERED,
    )
    .fetch_all(tx.conn())
    .await?;
    let placed_by = sqlx::query!(
        r#"with recursive placer as (
             (select c.placed_by from app.calls c where c.org_id = $1 order by c.placed_by limit 1)
             union all
             select (select c.placed_by from app.calls c where c.org_id = $1 and c.placed_by > placer.placed_by order by c.placed_by limit 1)
             from placer where placer.placed_by is not null)
           select placer.placed_by as "id!", coalesce(u.name, k.name, '') as "name!"
           from placer
             left join app.users u on u.org_id = $1 and u.user_id = placer.placed_by
             left join app.api_keys k on k.org_id = $1 and k.id::text = placer.placed_by
           where placer.placed_by is not null limit $2"#,
        tx.org() as _,
        OFFERED,
    )
    .fetch_all(tx.conn())
    .await?;
    let placed_by = placed_by.into_iter().map(|row| (row.id, row.name)).collect();
    let dispositions = sqlx::query_scalar!(
        "select distinct d.name from app.dispositions d where d.org_id = $1 order by d.name",
        tx.org() as _,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(CallFacets {
        tags,
        dispositions,
        placed_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headline: &str) -> Vec<(String, bool)> {
        pieces(headline)
            .into_iter()
            .map(|piece| (piece.text, piece.found))
            .collect()
    }

    #[test]
    fn a_headline_is_taken_apart_at_its_marks() {
        let found = |text: &str| format!("{BEGIN}{text}{END}");
        let headline = format!("by the {} of {}", found("end"), found("May"));
        let pieces = [("by the ", false), ("end", true), (" of ", false), ("May", true)];
        assert_eq!(told(&headline), pieces.map(|(text, found)| (text.to_owned(), found)));
        assert_eq!(told("nothing"), []);
        // Marks that somebody said.
        assert_eq!(told(&format!("a{END}b")), []);
    }

    #[test]
    fn a_search_has_a_word_in_it() {
        assert_eq!(words(Some(" May ")).unwrap(), Some("May"));
        assert_eq!(words(Some("  ")).unwrap(), None);
        assert!(words(Some("\"-\"")).is_err());
    }
}
