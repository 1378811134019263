//! Dispositions: what this organization calls the reasons why calls end.

use std::collections::BTreeMap;

use leptos::prelude::*;
use switchboard::{
    calls::{Disposition, Dispositions, EndReason},
    check::Check,
    resource::{Action, Kind},
};

use crate::{
    AppError,
    calls::{call_dispositions, replace_dispositions},
    kit::{Asks, DialogForm, Loading, TextField, Toast, icon, once_loaded, use_toasts},
    may, org,
};

pub fn dispositions() -> AnyView {
    if !may(Action::Read, Kind::Call) {
        return ().into_any();
    }
    let here = StoredValue::new(org());
    let known = Loading::new(|| (), move |()| call_dispositions(here.get_value()));
    let may_change = may(Action::Update, Kind::Organization);
    let (form, words) = (
        DialogForm::default(),
        RwSignal::new(BTreeMap::<&'static str, String>::new()),
    );
    let card = once_loaded(known, move |known: &Dispositions| {
        let known = known.clone();
        let list = listed(&known.dispositions);
        let open = move |_| {
            let now = known.dispositions.iter();
            words.set(now.map(|one| (one.end_reason.word(), one.name.clone())).collect());
            form.show();
        };
        let button = may_change.then(|| {
            view! { <button type="button" class="btn sm push" on:click=open>{icon("edit")}"Change…"</button> }
        });
        view! {
            <section class="card" aria-labelledby="dispositions">
                <header><h2 id="dispositions">"Dispositions"</h2>{button}</header>
                <div class="body stack s2">
                    <p class="s13 muted">"Your own words for why calls end. Lists show them and are narrowed to them; they decide nothing."</p>
                    {list}
                </div>
            </section>
        }
        .into_any()
    });
    view! { {card}{dialog(form, words, known)} }.into_any()
}

fn listed(known: &[Disposition]) -> AnyView {
    if known.is_empty() {
        return view! { <p class="small muted">"None yet: each reason goes by its usual name."</p> }.into_any();
    }
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in known {
        by_name.entry(&one.name).or_default().push(one.end_reason.label());
    }
    let rows = by_name
        .into_iter()
        .map(|(name, reasons)| view! { <dt>{name.to_owned()}</dt><dd>{reasons.join(", ")}</dd> })
        .collect_view();
    view! { <dl class="kv">{rows}</dl> }.into_any()
}

fn dialog(form: DialogForm, words: RwSignal<BTreeMap<&'static str, String>>, known: Loading<Dispositions>) -> AnyView {
    let (here, toasts) = (StoredValue::new(org()), use_toasts());
    let fields = move || {
        let each = EndReason::ALL
            .into_iter()
            .map(|reason| {
                let word = reason.word();
                let value = Signal::derive(move || words.with(|words| words.get(word).cloned().unwrap_or_default()));
                let set = Callback::new(move |text: String| {
                    words.update(|words| {
                        words.insert(word, text);
                    });
                });
                view! { <TextField path=word label=reason.label() optional=true autocomplete="off" value=value on_input=set/> }
            })
            .collect_view();
        view! { <div class="cols">{each}</div> }.into_any()
    };
    let send = move || {
        let named = words.get_untracked();
        form.send(async move {
            let mut check = Check::default();
            let dispositions = EndReason::ALL.into_iter().filter_map(|end_reason| {
                let name = named.get(end_reason.word())?.trim().to_owned();
                (!name.is_empty()).then_some(Disposition { end_reason, name })
            });
            let what = Dispositions {
                dispositions: dispositions.collect(),
            };
            for one in &what.dispositions {
                check.text(one.end_reason.word(), &one.name, 1..=40);
            }
            check.finish().map_err(AppError)?;
            replace_dispositions(here.get_value(), what).await?;
            known.refetch();
            toasts.say(Toast::done("Dispositions saved"));
            Ok(())
        });
    };
    let asks = Asks {
        id: "change-dispositions",
        title: Signal::stored("Dispositions".to_owned()),
        sub: Signal::stored(
            "What is left empty goes by its usual name. The same word may stand for several reasons.".to_owned(),
        ),
        verb: Signal::stored("Save dispositions".to_owned()),
        destroys: false,
    };
    form.draw(asks, fields, send)
}
