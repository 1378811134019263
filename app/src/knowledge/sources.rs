//! The sources of a knowledge base, each with how it is and what can be done about it.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    knowledge::{KnowledgeSource, SourceChange, SourceKind, SourceState},
    resource::{Action, Kind},
    text::{counted, grouped},
};

use super::{actions::Deleting, add::Adding, change_knowledge_source, read_knowledge_source};
use crate::{
    kit::{Ago, Illustration, StatusDot, Toast, empty, icon, status_dot, use_toasts},
    may, org,
};

pub fn sources(sources: Vec<KnowledgeSource>, adding: Adding, deleting: Deleting) -> AnyView {
    let writes = may(Action::Update, Kind::KnowledgeBase);
    let count = grouped(i64::try_from(sources.len()).unwrap_or_default());
    let inside = if sources.is_empty() {
        let words = if writes {
            "Upload files, or type what callers ask. Each is read at once, and found from then on."
        } else {
            "Developers and admins of this organization add them."
        };
        empty(Illustration::Empty, "Nothing to look up yet", words, ())
    } else {
        let rows = sources
            .into_iter()
            .map(|source| row(source, writes, deleting))
            .collect_view();
        view! {
            <div class="table-wrap">
                <table class="table cards sources">
                    <caption class="sr">"Sources"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Source"</th>
                            <th scope="col">"State and why"</th>
                            <th scope="col" class="num">"In it"</th>
                            <th scope="col" class="lo2">"Last read"</th>
                            <th scope="col"><span class="sr">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    let add = writes.then(|| {
        view! {
            <div class="body stack s3">{adding.field()}</div>
        }
    });
    let text = writes.then(|| {
        view! {
            <span class="push cluster">
                <button type="button" class="btn sm" on:click=move |_| adding.open_site()>{icon("plus")}"Add website…"</button>
                <button type="button" class="btn sm" on:click=move |_| adding.open_text()>{icon("plus")}"Add text…"</button>
            </span>
        }
    });
    view! {
        <section class="card" aria-labelledby="sources-title">
            <header><h2 id="sources-title">"Sources"</h2><span class="sub">{count}</span>{text}</header>
            {add}
            {inside}
        </section>
    }
    .into_any()
}

fn row(source: KnowledgeSource, writes: bool, deleting: Deleting) -> AnyView {
    let icon_name = match source.kind {
        SourceKind::File => "file",
        SourceKind::Text => "edit",
        SourceKind::Address | SourceKind::Sitemap => "link",
    };
    let read = source.read_at.map(|at| view! { <Ago at=at/> });
    let (why, pages) = (why(&source), fetched(&source));
    view! {
        <tr>
            <th scope="row">
                <span class="src">
                    {icon(icon_name)}
                    <span><b>{source.name.clone()}</b><small>{kind(&source)}</small></span>
                </span>
            </th>
            <td class="state full">{state(&source)}{why.map(|why| view! { <span class="why">{why}</span> })}{pages}</td>
            <td class="num corner">{grouped(source.passages.into())}<small>{if source.passages == 1 { "passage" } else { "passages" }}</small></td>
            <td class="lo2 nowrap">{read}</td>
            <td class="tight more">{writes.then(|| buttons(&source, deleting))}</td>
        </tr>
    }
    .into_any()
}

fn kind(source: &KnowledgeSource) -> String {
    let mut words = match source.kind {
        SourceKind::Address if source.depth == 0 => "One page".to_owned(),
        SourceKind::Text | SourceKind::Address | SourceKind::Sitemap => source.kind.label().to_owned(),
        SourceKind::File => match source.name.rsplit_once('.') {
            Some((_, ending)) => ending.to_ascii_uppercase(),
            None => "File".to_owned(),
        },
    };
    if let Some(pages) = source.pages {
        words.push_str(&format!(", {}", counted(pages.into(), "page")));
    }
    if !source.kind.is_fetched() {
        words.push_str(&format!(", {}", size(source.bytes)));
    }
    match source.every_days {
        0 => {}
        1 => words.push_str(", read every day"),
        days => words.push_str(&format!(", read every {days} days")),
    }
    words
}

fn size(bytes: i32) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

fn state(source: &KnowledgeSource) -> AnyView {
    let dot = match source.state {
        _ if !source.enabled => return status_dot(StatusDot::Off, "Off"),
        SourceState::Waiting => StatusDot::Wait,
        SourceState::Reading => StatusDot::Work,
        SourceState::Ready => StatusDot::Live,
        SourceState::Empty => StatusDot::Warn,
        SourceState::Failed => StatusDot::Fail,
    };
    status_dot(dot, source.state.label())
}

/// What the state means here.
fn why(source: &KnowledgeSource) -> Option<String> {
    let kept = source.passages > 0;
    if !source.enabled {
        return Some("Kept, but not searched.".to_owned());
    }
    match source.state {
        SourceState::Waiting | SourceState::Reading if kept => {
            Some("Agents keep what was read before until this is done.".to_owned())
        }
        SourceState::Failed if kept => Some(format!("{} Agents keep what was read before.", source.note)),
        _ => Some(source.note.clone()).filter(|note| !note.is_empty()),
    }
}

/// The pages of a website, with why some are left out.
fn fetched(source: &KnowledgeSource) -> Option<AnyView> {
    if source.fetched.is_empty() {
        return None;
    }
    let taken = source.fetched.iter().filter(|page| page.passages > 0).count();
    let left = source.fetched.len() - taken;
    let sum = format!(
        "{} read, {left} left out",
        counted(i64::try_from(taken).unwrap_or_default(), "page")
    );
    let pages = source
        .fetched
        .iter()
        .map(|page| {
            let what = match page.passages {
                0 => page.reason.clone(),
                passages => counted(passages.into(), "passage"),
            };
            view! { <li><span class="mono">{page.url.clone()}</span><span>{what}</span></li> }
        })
        .collect_view();
    Some(view! { <details class="pagelist"><summary>{sum}</summary><ul>{pages}</ul></details> }.into_any())
}

fn buttons(source: &KnowledgeSource, deleting: Deleting) -> AnyView {
    let (id, name, enabled) = (source.id, source.name.clone(), source.enabled);
    let (mine, toasts) = (org(), use_toasts());
    let again = (!source.state.is_on_its_way()).then(|| {
        let label = format!("Read {name} again");
        let org = mine.clone();
        let read = move |_| {
            let org = org.clone();
            spawn_local(async move {
                // The page is told of it by itself.
                if let Err(error) = read_knowledge_source(org, id).await {
                    toasts.say(Toast::failed("It is not read again", &error));
                }
            });
        };
        view! { <button type="button" class="btn icon-only quiet sm" aria-label=label.clone() title=label on:click=read>{icon("refresh")}</button> }
    });
    let verb = if enabled { "off" } else { "on" };
    let label = format!("Turn {name} {verb}");
    let turn = move |_| {
        let org = mine.clone();
        spawn_local(async move {
            let change = SourceChange { enabled: !enabled };
            if let Err(error) = change_knowledge_source(org, id, change).await {
                toasts.say(Toast::failed("It is as it was", &error));
            }
        });
    };
    let delete = format!("Delete {name}");
    view! {
        <span class="cluster tight-gap">
            {again}
            <button type="button" class="btn icon-only quiet sm" aria-label=label.clone() title=label on:click=turn>
                {icon(if enabled { "pause" } else { "play" })}
            </button>
            <button type="button" class="btn icon-only quiet sm" aria-label=delete.clone() title=delete
                on:click=move |_| deleting.ask_source(id, name.clone())>
                {icon("trash")}
            </button>
        </span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_is_written_in_whole_numbers() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (380_400, "380 kB"),
            (8_190_000, "8.1 MB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }
}
