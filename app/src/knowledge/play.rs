//! The playground: a question, what is found for it as on a call, and each passage in its place. Its settings are in the address, and
//! nowhere else.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    Id,
    knowledge::{FoundPassage, KnowledgeBase, KnowledgeCheckDraft, Passage, SearchAnswer, SearchQuestion},
    resource::{Action, Kind},
    text::counted,
};

use super::{add_knowledge_check, knowledge_passages, search_knowledge};
use crate::{
    kit::{
        Loading, StatusDot, Toast, UrlQuery, aria_bool, dynamic, icon, loaded, reactive_bool, reactive_text,
        skeleton_rows, status_dot, use_toasts, use_url,
    },
    may, org,
};

#[derive(Clone, Copy)]
pub struct Play {
    base: Memo<Option<Id<KnowledgeBase>>>,
    url: UrlQuery,
    answer: Loading<Option<SearchAnswer>>,
    typed: RwSignal<Option<String>>,
    go: StoredValue<Callback<String>>,
}

const SETTINGS: [&str; 2] = ["limit", "least"];

pub fn play(base: Memo<Option<Id<KnowledgeBase>>>, live: Signal<u64>) -> Play {
    let (url, org) = (use_url(), org());
    let number = move |key: &'static str, label| url.read(key, label, |word| word.parse::<i32>().ok());
    let answer = Loading::new(
        move || {
            let settings = (number("limit", "number of passages"), number("least", "score"));
            (base.get(), url.get("q"), settings, live.get())
        },
        move |(base, q, (limit, least), _)| {
            let org = org.clone();
            async move {
                let (Some(base), Some(q)) = (base, q) else {
                    return Ok(None);
                };
                let question = SearchQuestion {
                    q,
                    limit: limit?,
                    least: least?,
                };
                search_knowledge(org, base, question).await.map(Some)
            }
        },
    );
    let navigate = leptos_router::hooks::use_navigate();
    let go = Callback::new(move |to: String| {
        let options = leptos_router::NavigateOptions {
            scroll: false,
            replace: true,
            ..leptos_router::NavigateOptions::default()
        };
        navigate(&to, options);
    });
    Play {
        base,
        url,
        answer,
        typed: RwSignal::new(None),
        go: StoredValue::new(go),
    }
}

impl Play {
    pub fn draw(self) -> AnyView {
        let url = self.url;
        let shown = move || self.typed.get().unwrap_or_else(|| url.get("q").unwrap_or_default());
        let ask = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            let q = untrack(shown);
            let to = untrack(|| url.with("q", Some(q.trim()).filter(|q| !q.is_empty())));
            self.go.get_value().run(to);
            self.typed.set(None);
        };
        let base = self.base;
        let found = loaded(self.answer, "answer", skeleton_rows, move |answer| {
            match answer {
            Some(answer) => content(&answer, base.get_untracked(), untrack(|| url.get("q").unwrap_or_default())),
            None => view! { <p class="quiet-note">"Ask as a caller would. What is found here is what an agent is told."</p> }.into_any(),
        }
        });
        view! {
            <section class="card" id="play" aria-labelledby="play-title">
                <header><h2 id="play-title">"Playground"</h2><span class="sub">"Searches as a call does; settings here change nothing else"</span></header>
                <form class="body stack s3" method="get" on:submit=ask>
                    <div class="ask">
                        <input class="input" type="search" name="q" id="question" aria-label="Question" maxlength="500" autocomplete="off"
                            placeholder="How much is a crown?" value=untrack(shown) prop:value=reactive_text(shown)
                            on:input=move |event| self.typed.set(Some(event_target_value(&event)))/>
                        <button type="submit" class="btn primary">{icon("search")}"Ask"</button>
                    </div>
                    <div class="cluster">{setting(self, "limit", "At most", &[("1", "1 passage"), ("2", "2 passages"), ("4", "4 passages"), ("10", "10 passages")], "4")}
                        {setting(self, "least", "Score from", &[("0", "0.00"), ("150", "0.15"), ("300", "0.30"), ("500", "0.50"), ("700", "0.70")], "150")}</div>
                </form>
                {found}
            </section>
        }
        .into_any()
    }
}

/// A temporary setting; what calls use is chosen first.
fn setting(
    play: Play,
    key: &'static str,
    label: &'static str,
    choices: &'static [(&'static str, &'static str)],
    usual: &'static str,
) -> AnyView {
    debug_assert!(SETTINGS.contains(&key));
    let url = play.url;
    let now = move || url.get(key).unwrap_or_else(|| usual.to_owned());
    let options = choices
        .iter()
        .map(|(value, words)| {
            let (value, words) = (*value, *words);
            let chosen = move || now() == value;
            view! { <option value=value selected=untrack(chosen) prop:selected=reactive_bool(chosen)>{words}</option> }
        })
        .collect_view();
    let change = move |event: web_sys::Event| {
        let value = event_target_value(&event);
        let value = Some(value.as_str()).filter(|value| *value != usual);
        let to = untrack(|| url.with(key, value));
        play.go.get_value().run(to);
    };
    view! {
        <label class="cluster tight-gap small">
            <span>{label}</span>
            <span class="select sm"><select name=key on:change=change>{options}</select>{icon("down")}</span>
        </label>
    }
    .into_any()
}

fn content(answer: &SearchAnswer, base: Option<Id<KnowledgeBase>>, question: String) -> AnyView {
    let read_as = answer
        .read_as
        .iter()
        .map(|read| {
            format!(
                "“{}” is in no passage, so “{}” was looked for.",
                read.word, read.taken_for
            )
        })
        .collect::<Vec<_>>()
        .join(" ");
    let read_as = (!read_as.is_empty()).then(|| view! { <p class="quiet-note">{read_as}</p> });
    let counts = format!(
        "{} of {}, in {} ms",
        counted(i64::try_from(answer.passages.len()).unwrap_or_default(), "passage"),
        counted(answer.searched, "passage"),
        answer.took_ms
    );
    let hits = answer
        .passages
        .iter()
        .enumerate()
        .map(|(at, passage)| hit(at + 1, passage, base, &question))
        .collect_view();
    let nothing = answer.passages.is_empty().then(|| {
        let keep = base.map(|base| keep(base, question.clone(), String::new(), "Keep as check: nothing is found"));
        view! {
            <div class="body stack s3">
                <p>{status_dot(StatusDot::None, "Nothing found")}" An agent is told that it does not know."</p>
                <p>{keep}</p>
            </div>
        }
    });
    view! {
        <p class="quiet-note" role="status">{counts}</p>
        {read_as}
        {nothing}
        <div role="list" aria-label="Passages that were found">{hits}</div>
        <details class="body told">
            <summary>"What an agent is told"</summary>
            <pre class="told-text" tabindex="0">{answer.told.clone()}</pre>
        </details>
    }
    .into_any()
}

/// `0.86`, of whole thousandths.
fn decimal(score: i32) -> String {
    format!("{}.{:02}", score / 1000, score % 1000 / 10)
}

fn hit(place: usize, passage: &FoundPassage, base: Option<Id<KnowledgeBase>>, question: &str) -> AnyView {
    let mut from = passage.source.clone();
    if let Some(page) = passage.page {
        from.push_str(&format!(", page {page}"));
    }
    let heading =
        (!passage.heading.is_empty()).then(|| view! { <small class="muted">{passage.heading.clone()}</small> });
    let page = (!passage.url.is_empty()).then(|| view! { <small class="mono muted">{passage.url.clone()}</small> });
    let kept: String = passage.text.chars().take(300).collect();
    let keep = base.map(|base| keep(base, question.to_owned(), kept, "Keep as check"));
    let width = passage.score / 10;
    view! {
        <div class="hit" role="listitem" aria-label=format!("Place {place}")>
            <div class="rank"><b>{decimal(passage.score)}</b><svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width=width height="4"/></svg></div>
            <div class="stack s2">
                <p class="from">{icon("file")}<b>{from}</b>{heading}{page}</p>
                <p class="text">{passage.text.clone()}</p>
                {in_place(passage)}
                <p class="foot">{keep}</p>
            </div>
        </div>
    }
    .into_any()
}

/// The passage between the one before and the one after it, once somebody wants to see that.
fn in_place(passage: &FoundPassage) -> AnyView {
    let (org, id, position) = (org(), passage.source_id, passage.position);
    let around = RwSignal::new(None::<Vec<Passage>>);
    let toasts = use_toasts();
    let open = move |_| {
        if around.with_untracked(Option::is_some) {
            around.set(None);
            return;
        }
        let org = org.clone();
        spawn_local(async move {
            let before = position.min(1);
            match knowledge_passages(org, id, position - before, before + 2).await {
                Ok(passages) => drop(around.try_set(Some(passages))),
                Err(error) => toasts.say(Toast::failed("Its place did not load", &error)),
            }
        });
    };
    let place = dynamic(move || {
        let lines = around.get().map(|passages| {
            let lines = passages
                .into_iter()
                .map(|passage| {
                    let class = if passage.position == position { "here" } else { "" };
                    view! { <p class=class>{passage.text}</p> }
                })
                .collect_view();
            view! { <div class="place">{lines}</div> }
        });
        lines.into_any()
    });
    let label = move || {
        if around.with(Option::is_some) {
            "Close"
        } else {
            "Open in place"
        }
        .to_owned()
    };
    let expanded = move || around.with(Option::is_some);
    view! {
        {place}
        <p><button type="button" class="btn quiet sm" aria-expanded=aria_bool(expanded) on:click=open>{icon("eye")}<span>{reactive_text(label)}</span></button></p>
    }
    .into_any()
}

/// Keeps the question with what has to be found.
fn keep(base: Id<KnowledgeBase>, query: String, expected: String, words: &'static str) -> AnyView {
    if !may(Action::Update, Kind::KnowledgeBase) {
        return ().into_any();
    }
    let (org, toasts) = (org(), use_toasts());
    let keep = move |_| {
        let org = org.clone();
        let draft = KnowledgeCheckDraft {
            base_id: base,
            query: query.clone(),
            expected: expected.clone(),
            within: 3,
        };
        spawn_local(async move {
            match add_knowledge_check(org, draft).await {
                Ok(_) => toasts.say(Toast::done("Kept as a check")),
                Err(error) => toasts.say(Toast::failed("It is not kept", &error)),
            }
        });
    };
    view! { <button type="button" class="btn quiet sm" on:click=keep>{icon("check")}{words}</button> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn a_score_has_two_places() {
        assert_eq!([0, 155, 869, 1000].map(decimal), ["0.00", "0.15", "0.86", "1.00"]);
    }
}
