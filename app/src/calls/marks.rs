//! Marks on a call's page: its tags, and what colleagues wrote beside it.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    calls::{Call, CallChange, Conversation, DeleteCalls, NewNote, Note},
    check::Check,
    resource::{Action, Kind},
};

use super::{add_call_note, call_facets, change_call, delete_call_note, delete_calls, follow::Follow};
use crate::{
    AppError,
    kit::{
        Asking, Loading, Question, TagInput, TextArea, Toast, ToastList, When, focus_first_error, form_state, icon,
        keyed_list, once_loaded, use_confirm, use_toasts,
    },
    may, org, viewer,
};

pub fn tags(call: Memo<Call>, follow: Follow<Conversation>) -> AnyView {
    let id = call.with_untracked(|call| call.id);
    let tags = Memo::new(move |_| call.with(|call| call.tags.clone()));
    if !may(Action::Update, Kind::Call) {
        let shown = move || {
            let all = tags.get();
            let words = all
                .into_iter()
                .map(|tag| view! { <span class="tag">{tag}</span> })
                .collect_view();
            (!tags.with(Vec::is_empty))
                .then(|| card("Tags", view! { <p class="cluster tight-gap">{words}</p> }.into_any()))
        };
        return shown.into_any();
    }
    let (mine, toasts) = (StoredValue::new(org()), use_toasts());
    // What has been chosen and is on its way.
    let chosen = RwSignal::new(None::<Vec<String>>);
    let shown = Signal::derive(move || chosen.get().unwrap_or_else(|| tags.get()));
    let change = Callback::new(move |wanted: Vec<String>| {
        chosen.set(Some(wanted.clone()));
        spawn_local(async move {
            let patch = CallChange {
                tags: Some(wanted.clone()),
                ..CallChange::default()
            };
            if let Err(error) = change_call(mine.get_value(), id, patch).await {
                toasts.say(Toast::failed("The tags stay as they were", &error));
            }
            follow.now();
            // Unless something else has been chosen meanwhile.
            chosen.try_update(|chosen| {
                if chosen.as_ref() == Some(&wanted) {
                    *chosen = None;
                }
            });
        });
    });
    let facets = Loading::new(|| (), {
        let org = org();
        move |()| {
            let facets = call_facets(org.clone());
            async move { Ok(facets.await.unwrap_or_default()) }
        }
    });
    let field = once_loaded(facets, move |facets| {
        let known = Signal::stored(facets.tags.clone());
        view! { <TagInput path="tags" label="Tags" tags=shown on_change=change known=known/> }.into_any()
    });
    view! { <section class="card"><div class="body">{field}</div></section> }.into_any()
}

fn card(title: &'static str, body: AnyView) -> AnyView {
    view! { <section class="card"><header><h2>{title}</h2></header><div class="body">{body}</div></section> }.into_any()
}

#[derive(Clone, Copy)]
struct Notes {
    id: switchboard::Id<Call>,
    org: StoredValue<switchboard::org::OrgId>,
    follow: Follow<Conversation>,
    asking: Asking,
    toasts: ToastList,
}

pub fn notes(call: Memo<Call>, notes: Memo<Vec<Note>>, follow: Follow<Conversation>) -> AnyView {
    let context = Notes {
        id: call.with_untracked(|call| call.id),
        org: StoredValue::new(org()),
        follow,
        asking: use_confirm(),
        toasts: use_toasts(),
    };
    let may_write = may(Action::Update, Kind::Call);
    let list = keyed_list(
        move || notes.get(),
        |note| note.id.to_string(),
        move |note| line(context, note, may_write),
    );
    let none = move || {
        notes
            .with(Vec::is_empty)
            .then(|| view! { <p class="muted small">"Nobody has written anything yet."</p> })
    };
    let form = may_write.then(|| write(context));
    view! {
        <section class="card notes">
            <header><h2>"Notes"</h2></header>
            <div class="body stack s3">{none}<ul class="stack s3" aria-label="Notes">{list}</ul>{form}</div>
        </section>
    }
    .into_any()
}

fn line(context: Notes, note: Note, may_delete: bool) -> AnyView {
    let me = viewer()
        .person
        .is_some_and(|person| person.id.to_string() == note.written_by);
    let author = match (me, note.author.as_str()) {
        (true, _) => "You".to_owned(),
        (false, "") => "Somebody who is gone".to_owned(),
        (false, name) => name.to_owned(),
    };
    let id = note.id;
    let delete = may_delete.then(|| {
        let ask = move |_| {
            let question = Question::new("Delete this note?", "It is gone for everybody.", "Delete note", move || async move {
                match delete_call_note(context.org.get_value(), context.id, id).await {
                    // Somebody else was faster.
                    Err(AppError(switchboard::Error::NotFound)) => {}
                    answer => answer?,
                }
                context.toasts.say(Toast::done("Note deleted"));
                context.follow.now();
                Ok(())
            });
            context.asking.ask(question);
        };
        view! { <button type="button" class="btn icon-only quiet sm" aria-label="Delete note" title="Delete note" on:click=ask>{icon("trash")}</button> }
    });
    view! {
        <li>
            <div class="cluster"><b class="small">{author}</b><small class="muted"><When at=note.written_at/></small><span class="push">{delete}</span></div>
            <p class="as-typed">{note.text}</p>
        </li>
    }
    .into_any()
}

fn write(context: Notes) -> AnyView {
    let (text, pending, failure) = (
        RwSignal::new(String::new()),
        RwSignal::new(false),
        RwSignal::new(None::<AppError>),
    );
    let form = form_state(failure.into(), pending.into());
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        let note = NewNote {
            text: text.get_untracked(),
        };
        if let Err(wrong) = Check::run(&note) {
            failure.set(Some(AppError(wrong)));
            return focus_first_error();
        }
        failure.set(None);
        pending.set(true);
        spawn_local(async move {
            let answer = add_call_note(context.org.get_value(), context.id, note).await;
            pending.try_set(false);
            match answer {
                Ok(_) => drop(text.try_set(String::new())),
                Err(error) => {
                    failure.try_set(Some(error));
                    focus_first_error();
                }
            }
            context.follow.now();
        });
    };
    let set = Callback::new(move |words| text.set(words));
    view! {
        <form method="post" class="stack s2" novalidate on:submit=send>
            {form.notice()}
            <TextArea path="text" label="Note" rows=2 value=text on_input=set placeholder="What the next one should know"/>
            <div><button type="submit" class="btn" aria-busy=move || pending.get().to_string()>"Add note"</button></div>
        </form>
    }
    .into_any()
}

/// Asks whether to delete the call; `gone` runs when it is.
pub fn deleting(call: Memo<Call>, gone: Callback<()>) -> Callback<()> {
    let (mine, asking, toasts) = (StoredValue::new(org()), use_confirm(), use_toasts());
    Callback::new(move |()| {
        let id = call.with_untracked(|call| call.id);
        let question = Question::new(
            "Delete this call?",
            "What was said, the recording and the notes are gone, here and at Ultravox. What was paid stays in the ledger. \
             This cannot be undone.",
            "Delete call",
            move || async move {
                match delete_calls(mine.get_value(), DeleteCalls { ids: vec![id] }).await {
                    // Somebody else was faster.
                    Err(AppError(switchboard::Error::NotFound)) => {}
                    answer => answer?,
                }
                toasts.say(Toast::done("Call deleted"));
                gone.run(());
                Ok(())
            },
        );
        asking.ask(question);
    })
}
