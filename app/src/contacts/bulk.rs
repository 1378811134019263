//! What is done with the contacts that are ticked: moved, tagged, deleted, all of them together.

use leptos::prelude::*;
use switchboard::{
    check::Check,
    contacts::{MoveContacts, TagContacts},
    org::OrgId,
    resource::{Action, Kind},
};

use super::{
    actions::{Deleting, ids, told},
    move_contacts, tag_contacts,
};
use crate::{
    folders::{FolderPanel, choices},
    kit::{
        Asks, DialogForm, Loading, Select, Selection, TagInput, Toast, ToastList, dynamic, icon, once_loaded,
        use_toasts,
    },
    may, org,
};

#[derive(Clone, Copy)]
struct Bulk {
    org: StoredValue<OrgId>,
    selection: Selection,
    side: Loading<FolderPanel>,
    /// The folder to move to; empty for none.
    to: RwSignal<String>,
    moving: DialogForm,
    add: RwSignal<Vec<String>>,
    remove: RwSignal<Vec<String>>,
    tagging: DialogForm,
    done: Callback<()>,
    toasts: ToastList,
}

/// The bar at the foot of the list, and its dialogs. `done` is called after anything has changed.
pub fn bulk(selection: Selection, side: Loading<FolderPanel>, deleting: Deleting, done: Callback<()>) -> AnyView {
    let bulk = Bulk {
        org: StoredValue::new(org()),
        selection,
        side,
        to: RwSignal::new(String::new()),
        moving: DialogForm::default(),
        add: RwSignal::new(Vec::new()),
        remove: RwSignal::new(Vec::new()),
        tagging: DialogForm::default(),
        done,
        toasts: use_toasts(),
    };
    let bar = move || {
        let label = format!("{} selected", selection.count());
        let change = may(Action::Update, Kind::Contact).then(|| {
            view! {
                <button type="button" class="btn sm" on:click=move |_| bulk.moving.show()>{icon("folder")}"Move…"</button>
                <button type="button" class="btn sm" on:click=move |_| bulk.tag()>{icon("tag")}"Tag…"</button>
            }
        });
        let delete = may(Action::Delete, Kind::Contact).then(|| {
            let delete = move |_| {
                deleting.ask(selection.rows(), move || {
                    selection.clear();
                    done.run(());
                });
            };
            view! { <button type="button" class="btn sm danger" on:click=delete>{icon("trash")}"Delete…"</button> }
        });
        view! {
            <div class="bulk" role="region" aria-label="Selected contacts">
                <b aria-live="polite">{label}</b>
                <span class="sep"></span>
                {change}
                {delete}
                <button type="button" class="btn sm" on:click=move |_| selection.clear()>"Clear"</button>
            </div>
        }
    };
    view! {
        {dynamic(move || (selection.count() > 0).then(bar).into_any())}
        {bulk.move_dialog()}
        {bulk.tag_dialog()}
    }
    .into_any()
}

impl Bulk {
    fn title(self, verb: &'static str) -> Signal<String> {
        Signal::derive(move || {
            self.selection.count();
            format!("{verb} {}", told(&self.selection.rows()))
        })
    }

    fn finish(self, words: String) {
        self.toasts.say(Toast::done(words));
        self.selection.clear();
        self.done.run(());
    }

    fn move_dialog(self) -> AnyView {
        let fields = move || {
            let choose = Callback::new(move |id| self.to.set(id));
            once_loaded(self.side, move |(folders, _)| {
                let options = choices(folders, "No folder");
                view! { <Select path="folder_id" label="Folder" options=options value=self.to on_change=choose/> }
                    .into_any()
            })
        };
        let send = move || {
            let people = self.selection.rows();
            let folder = self.to.get_untracked();
            self.moving.send(async move {
                let folder_id = folder.parse().ok();
                let what = MoveContacts {
                    ids: ids(&people)?,
                    folder_id,
                };
                move_contacts(self.org.get_value(), what).await?;
                self.finish(format!("{} moved", told(&people)));
                Ok(())
            });
        };
        let asks = Asks {
            id: "bulk-move",
            title: self.title("Move"),
            sub: Signal::stored(String::new()),
            verb: Signal::stored("Move".to_owned()),
            destroys: false,
        };
        self.moving.draw(asks, fields, send)
    }

    fn tag(self) {
        self.add.set(Vec::new());
        self.remove.set(Vec::new());
        self.tagging.show();
    }

    fn tag_dialog(self) -> AnyView {
        let fields = move || {
            let set_add = Callback::new(move |tags| self.add.set(tags));
            let set_remove = Callback::new(move |tags| self.remove.set(tags));
            once_loaded(self.side, move |(_, facets)| {
                let known = Signal::stored(facets.tags.clone());
                view! {
                    <TagInput path="add" label="Add" tags=self.add on_change=set_add known=known help="Enter adds one."/>
                    <TagInput path="remove" label="Take away" tags=self.remove on_change=set_remove known=known/>
                }
                .into_any()
            })
        };
        let send = move || {
            let people = self.selection.rows();
            let (add, remove) = (self.add.get_untracked(), self.remove.get_untracked());
            self.tagging.send(async move {
                let what = TagContacts {
                    ids: ids(&people)?,
                    add,
                    remove,
                };
                Check::run(&what)?;
                tag_contacts(self.org.get_value(), what).await?;
                self.finish(format!("{} tagged", told(&people)));
                Ok(())
            });
        };
        let asks = Asks {
            id: "bulk-tag",
            title: self.title("Tag"),
            sub: Signal::stored("Those that have a tag already keep it once.".to_owned()),
            verb: Signal::stored("Save tags".to_owned()),
            destroys: false,
        };
        self.tagging.draw(asks, fields, send)
    }
}
