//! Views: filters of the list under a name, as tabs above it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use switchboard::{
    Id,
    calls::CallView,
    resource::{Action, Kind},
};

use super::{address::kept, delete_call_view, list_call_views, rename_call_view, save_call_view};
use crate::{
    AppError,
    kit::{
        Asks, Check, DialogForm, Loading, Menu, Question, TextField, Toast, UrlQuery, dynamic, icon, once_loaded,
        use_confirm, use_toasts,
    },
    lazy::part,
    may, org,
};

/// The tabs, and what saves another one.
pub fn views(url: UrlQuery) -> AnyView {
    let again = RwSignal::new(0_u32);
    let mine = org();
    let saved = Loading::new(
        move || again.get(),
        move |_| {
            let views = list_call_views(mine.clone());
            // Without them the list is still of use.
            async move { Ok(views.await.unwrap_or_default()) }
        },
    );
    let done = Callback::new(move |()| again.update(|n| *n += 1));
    let tabs = once_loaded(saved, move |views: &Vec<ViewTab>| {
        let views = views.clone();
        dynamic(move || tabs(url, &views, done))
    });
    view! { <div class="viewbar">{tabs}</div> }.into_any()
}

/// A view as its tab needs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ViewTab {
    id: Id<CallView>,
    name: String,
    shared: bool,
    /// What the list is narrowed to. Days are those of whoever looks, unless a zone is named.
    query: String,
}

#[cfg(feature = "ssr")]
impl From<CallView> for ViewTab {
    fn from(view: CallView) -> Self {
        Self {
            id: view.id,
            name: view.name,
            shared: view.shared,
            query: super::address::write(&view.filter),
        }
    }
}

fn tabs(url: UrlQuery, views: &[ViewTab], done: Callback<()>) -> AnyView {
    let query = kept(url);
    let current = views.iter().find(|view| view.query == query).cloned();
    let everything = query.is_empty();
    let page = |now: bool| now.then_some("page");
    let links = views
        .iter()
        .map(|view| {
            let now = current.as_ref().is_some_and(|current| current.id == view.id);
            let shared = view.shared.then(|| view! { <span class="sr">", shared"</span> });
            view! { <a href=format!("/calls{}", view.query) aria-current=page(now)>{view.name.clone()}{shared}</a> }
        })
        .collect_view();
    let may_save = may(Action::Update, Kind::Call);
    let manage = current
        .filter(|_| may_save)
        .map(|view| untrack(|| Managing { url, view, done }.show()));
    let save = (may_save && !everything && manage.is_none()).then(|| untrack(|| Saving { query, done }.show()));
    view! {
        <nav class="tabs" aria-label="Views">
            <a href="/calls" aria-current=page(everything)>"All calls"</a>
            {links}
        </nav>
        {save}
        {manage}
    }
    .into_any()
}

/// A view as it is being named.
#[derive(Clone, Copy)]
struct Naming {
    form: DialogForm,
    name: RwSignal<String>,
    shared: RwSignal<bool>,
}

impl Naming {
    fn new(name: &str, shared: bool) -> Self {
        Self {
            form: DialogForm::default(),
            name: RwSignal::new(name.to_owned()),
            shared: RwSignal::new(shared),
        }
    }

    fn dialog(self, title: &'static str, send: impl Fn() + Send + Sync + 'static) -> AnyView {
        let set = Callback::new(move |text| self.name.set(text));
        let flip = Callback::new(move |on| self.shared.set(on));
        let fields = move || {
            view! {
                <TextField path="name" label="Name" value=self.name on_input=set placeholder="Failed this week"/>
                <Check path="shared" label="Everybody here sees it" value=self.shared on_change=flip/>
            }
            .into_any()
        };
        let asks = Asks {
            id: "view-form",
            title: Signal::stored(title.to_owned()),
            sub: Signal::stored("A view keeps the filters, not the calls.".to_owned()),
            verb: Signal::stored("Save view".to_owned()),
            destroys: false,
        };
        self.form.draw(asks, fields, send)
    }
}

/// What saves the filters that are set, for whoever has set some.
#[derive(Clone)]
struct Saving {
    query: String,
    done: Callback<()>,
}

impl Saving {
    fn show(self) -> AnyView {
        part!(filters, save, Saving).show_later(self)
    }
}

/// What is done with the view that shows.
#[derive(Clone)]
struct Managing {
    url: UrlQuery,
    view: ViewTab,
    done: Callback<()>,
}

impl Managing {
    fn show(self) -> AnyView {
        part!(filters, manage, Managing).show_later(self)
    }
}

fn save(saving: Saving) -> AnyView {
    let Saving { query, done } = saving;
    let naming = Naming::new("", false);
    let (mine, toasts) = (StoredValue::new(org()), use_toasts());
    let query = StoredValue::new(query);
    let send = move || {
        let (name, shared) = (naming.name.get_untracked(), naming.shared.get_untracked());
        let query = query.get_value();
        let org = mine.get_value();
        naming.form.send(async move {
            let told = format!("View {} saved", name.trim());
            save_call_view(org, name, query, shared).await?;
            toasts.say(Toast::done(told));
            done.run(());
            Ok(())
        });
    };
    view! {
        <button type="button" class="btn quiet sm" on:click=move |_| naming.form.show()>{icon("plus")}"Save view"</button>
        {naming.dialog("Save these filters as a view", send)}
    }
    .into_any()
}

fn manage(managing: Managing) -> AnyView {
    let Managing { url, view, done } = managing;
    let naming = Naming::new(&view.name, view.shared);
    let (mine, toasts, asking) = (StoredValue::new(org()), use_toasts(), use_confirm());
    let id = view.id;
    let send = move || {
        let (name, shared) = (naming.name.get_untracked(), naming.shared.get_untracked());
        let org = mine.get_value();
        naming.form.send(async move {
            rename_call_view(org, id, name, shared).await?;
            toasts.say(Toast::done("View saved"));
            done.run(());
            Ok(())
        });
    };
    let name = view.name.clone();
    let delete = move |_| {
        let told = name.clone();
        let question = Question::new(
            format!("Delete the view {name}?"),
            if view.shared {
                "It is gone for everybody. The calls stay."
            } else {
                "The calls stay."
            },
            "Delete view",
            move || {
                let (org, told) = (mine.get_value(), told.clone());
                async move {
                    match delete_call_view(org, id).await {
                        // Somebody else was faster.
                        Err(AppError(switchboard::Error::NotFound)) => {}
                        answer => answer?,
                    }
                    toasts.say(Toast::done(format!("View {told} deleted")));
                    url.go("/calls".to_owned(), false);
                    done.run(());
                    Ok(())
                }
            },
        );
        asking.ask(question);
    };
    view! {
        <button type="button" class="btn icon-only quiet sm" aria-label="More for this view" title="More for this view" popovertarget="view-menu">{icon("more")}</button>
        <Menu id="view-menu" label="View" end=true>
            <button type="button" on:click=move |_| naming.form.show()>{icon("edit")}"Rename or share…"</button>
            <hr/>
            <button type="button" class="danger" on:click=delete>{icon("trash")}"Delete…"</button>
        </Menu>
        {naming.dialog("Change the view", send)}
    }
    .into_any()
}
