//! The palette: any page, command or thing by typing a few letters of it.

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::resource::{Action, Found, Kind};

use super::{Panels, bar::flip_theme, nav::pages, search};
use crate::{
    kit::{
        self, aria_bool,
        browser::{self, Debounce},
        dynamic, effect, icon,
    },
    lazy::{LazyPart, part},
    may, viewer,
};

/// One line of the palette.
#[derive(Clone, Debug, PartialEq)]
struct Hit {
    icon: &'static str,
    words: String,
    note: String,
    does: Does,
}

#[derive(Clone, Debug, PartialEq)]
enum Does {
    Go(String),
    Theme,
    Help,
}

/// What the dialog hands to the list below it.
#[derive(Clone, Copy)]
struct Typing {
    panels: Panels,
    text: RwSignal<String>,
    /// The line that Enter takes.
    at: RwSignal<usize>,
    /// Keys that move among the lines, until the list has answered them.
    pressed: RwSignal<Vec<String>>,
}

/// The dialog takes what is typed from the first key on. What it finds is a part, because few open it on a page.
pub fn palette(panels: Panels) -> AnyView {
    let open = panels.palette;
    let node = NodeRef::<html::Dialog>::new();
    kit::show_while(node, open);
    let typing = Typing {
        panels,
        text: RwSignal::new(String::new()),
        at: RwSignal::new(0),
        pressed: RwSignal::new(Vec::new()),
    };
    let Typing { text, at, pressed, .. } = typing;
    let results: LazyPart<Typing> = part!(panels, results, Typing);
    results.look_ahead();
    let key = move |event: web_sys::KeyboardEvent| {
        let key = event.key();
        if matches!(key.as_str(), "ArrowDown" | "ArrowUp" | "Enter") {
            pressed.update(|pressed| pressed.push(key));
            event.prevent_default();
        }
    };
    let closed = move |_| {
        open.set(false);
        text.set(String::new());
        pressed.set(Vec::new());
        at.set(0);
    };
    view! {
        <dialog class="dialog palette" id="palette" aria-label="Search or jump" node_ref=node on:close=closed>
            <div class="affix">
                {icon("search")}
                <input class="input" role="combobox" aria-expanded="true" aria-controls="palette-hits" aria-label="Search or jump to"
                    aria-activedescendant=kit::reactive_text(move || format!("hit-{}", at.get()))
                    placeholder="Page, command, or the name of anything" autocomplete="off" data-first="" prop:value=text
                    on:keydown=key
                    on:input=move |event| {
                        text.set(event_target_value(&event));
                        at.set(0);
                    }/>
            </div>
            <div class="d-body listbox-flat">{dynamic(move || open.get().then(|| results.show(typing)).into_any())}</div>
        </dialog>
    }
    .into_any()
}

fn results(typing: Typing) -> AnyView {
    let Typing {
        panels,
        text,
        at,
        pressed,
    } = typing;
    let found = RwSignal::new(Vec::<Found>::new());
    let fixed = fixed_hits();
    let hits = Memo::new(move |_| {
        let wanted = text.with(|text| browser::lower_case(text.trim()));
        let mut hits: Vec<Hit> = fixed
            .iter()
            .filter(|hit| browser::lower_case(&hit.words).contains(&wanted))
            .cloned()
            .collect();
        hits.extend(found.get().into_iter().filter_map(hit));
        hits
    });
    look_for(text, found);
    let navigate = use_navigate();
    let choose = Callback::new(move |hit: Hit| {
        panels.palette.set(false);
        match hit.does {
            Does::Go(to) => navigate(&to, NavigateOptions::default()),
            Does::Theme => flip_theme(),
            Does::Help => panels.help.set(true),
        }
    });
    effect(move || {
        pressed.track();
        for key in pressed.try_update_untracked(std::mem::take).unwrap_or_default() {
            let count = hits.with_untracked(Vec::len);
            match key.as_str() {
                "ArrowDown" if count > 0 => at.update(|at| *at = (*at + 1) % count),
                "ArrowUp" if count > 0 => at.update(|at| *at = (*at + count - 1) % count),
                "Enter" => {
                    if let Some(hit) = hits.with_untracked(|hits| hits.get(at.get_untracked()).cloned()) {
                        choose.run(hit);
                    }
                }
                _ => {}
            }
        }
    });
    let line = move |(i, hit): (usize, Hit)| {
        let chosen = hit.clone();
        view! {
            <li role="option" id=format!("hit-{i}") aria-selected=aria_bool(move || at.get() == i)
                on:click=move |_| choose.run(chosen.clone()) on:mousemove=move |_| at.set(i)>
                {icon(hit.icon)}
                <span>{hit.words}</span>
                <span class="push">{hit.note}</span>
            </li>
        }
    };
    dynamic(move || {
        match hits.get() {
        hits if hits.is_empty() => view! { <p class="s13 muted none">"Nothing here by that name."</p> }.into_any(),
        hits => view! {
            <ul role="listbox" id="palette-hits" aria-label="Results">{hits.into_iter().enumerate().map(line).collect_view()}</ul>
        }
        .into_any(),
    }
    })
}

/// Pages and commands, known without asking.
fn fixed_hits() -> Vec<Hit> {
    let mut hits: Vec<Hit> = pages()
        .map(|page| Hit {
            icon: page.icon,
            words: page.label.into(),
            note: "Page".into(),
            does: Does::Go(page.href.into()),
        })
        .collect();
    let makes = Kind::ALL.iter().filter(|kind| may(Action::Create, **kind));
    hits.extend(makes.filter_map(|kind| {
        Some(Hit {
            icon: "plus",
            words: format!("New {}", kind.singular()),
            note: "Command".into(),
            does: Does::Go(kind.about().new?.into()),
        })
    }));
    for (icon, words, does) in [
        ("theme", "Light or dark", Does::Theme),
        ("help", "Keyboard shortcuts", Does::Help),
    ] {
        hits.push(Hit {
            icon,
            words: words.into(),
            note: "Command".into(),
            does,
        });
    }
    hits
}

/// Absent where there is no page to go to.
fn hit(found: Found) -> Option<Hit> {
    let about = found.kind.about();
    let to = if about.has_page {
        format!("{}/{}", about.path, found.id)
    } else {
        about.pages.first()?.href.to_owned()
    };
    Some(Hit {
        icon: about.icon,
        words: found.name,
        note: about.singular.into(),
        does: Does::Go(to),
    })
}

/// Asks a moment after the last key; an answer to an older question is dropped.
fn look_for(text: RwSignal<String>, found: RwSignal<Vec<Found>>) {
    let later = Debounce::new(150);
    let org = StoredValue::new(viewer().place.map(|place| place.org_id));
    effect(move || {
        text.track();
        later.call(move || {
            let asked = text.get_untracked();
            let Some(org) = org.get_value() else {
                return;
            };
            if asked.trim().is_empty() {
                found.set(Vec::new());
                return;
            }
            spawn_local(async move {
                // A palette that finds nothing is answer enough; the list itself says what failed.
                let answer = search(org, asked.trim().to_owned()).await;
                if text.try_get_untracked().as_ref() == Some(&asked) {
                    found.try_set(answer.unwrap_or_default());
                }
            });
        });
    });
}
