//! Making a folder, changing it, and deleting it with a choice for what is inside.

use leptos::prelude::*;
use switchboard::{
    Id,
    check::Check,
    folders::{Contents, Folder, FolderColor, FolderDraft},
    org::OrgId,
    resource::{Action, Kind},
    text::{capitalize, counted},
};

use super::{
    create_folder, delete_folder_with,
    places::{Place, inside},
    update_folder,
};
use crate::{
    AppError,
    kit::{Asks, DialogForm, Pick, Select, TextField, Toast, ToastList, UrlQuery, reactive_bool, use_toasts},
    may, org,
};

/// The dialogs about folders, and what they are about.
#[derive(Clone, Copy)]
pub struct FolderForms {
    org: StoredValue<OrgId>,
    /// All folders, as the tree was drawn last.
    known: StoredValue<Vec<Place>>,
    draft: RwSignal<FolderDraft>,
    /// Which one is changed, from which revision on; nothing while a new one is made.
    changed: RwSignal<Option<(Id<Folder>, i64)>>,
    saving: DialogForm,
    doomed: RwSignal<Option<Place>>,
    contents: RwSignal<Contents>,
    deleting: DialogForm,
    done: Callback<()>,
    toasts: ToastList,
}

/// `done` is called after anything has changed.
pub fn folder_forms(done: Callback<()>) -> FolderForms {
    FolderForms {
        org: StoredValue::new(org()),
        known: StoredValue::new(Vec::new()),
        draft: RwSignal::new(FolderDraft::default()),
        changed: RwSignal::new(None),
        saving: DialogForm::default(),
        doomed: RwSignal::new(None),
        contents: RwSignal::new(Contents::default()),
        deleting: DialogForm::default(),
        done,
        toasts: use_toasts(),
    }
}

impl FolderForms {
    pub fn know(self, places: &[Place]) {
        self.known.set_value(places.to_vec());
    }

    pub fn create(self, parent: Option<Id<Folder>>) {
        self.changed.set(None);
        self.draft.set(FolderDraft {
            parent_id: parent,
            ..FolderDraft::default()
        });
        self.saving.show();
    }

    pub fn edit(self, id: Id<Folder>) {
        if let Some(Place { folder, .. }) = self.place(id) {
            self.changed.set(Some((id, folder.revision)));
            self.draft.set(FolderDraft {
                name: folder.name,
                parent_id: folder.parent_id,
                color: folder.color,
            });
            self.saving.show();
        }
    }

    fn place(self, id: Id<Folder>) -> Option<Place> {
        self.known
            .with_value(|known| known.iter().find(|place| place.folder.id == id).cloned())
    }

    pub fn delete(self, id: Id<Folder>) {
        self.doomed.set(self.place(id));
        self.contents.set(Contents::Keep);
        self.deleting.show();
    }

    fn inside(self, id: Id<Folder>) -> Vec<Id<Folder>> {
        self.known
            .with_value(|known| inside(known, id).iter().map(|place| place.folder.id).collect())
    }

    pub fn dialogs(self, url: UrlQuery) -> AnyView {
        view! {
            {self.save_dialog()}
            {self.delete_dialog(url)}
        }
        .into_any()
    }

    fn save_dialog(self) -> AnyView {
        let is_new = move || self.changed.with(Option::is_none);
        let asks = Asks {
            id: "folder-form",
            title: Signal::derive(move || if is_new() { "New folder" } else { "Change folder" }.to_owned()),
            sub: Signal::stored(String::new()),
            verb: Signal::derive(move || if is_new() { "Create folder" } else { "Save folder" }.to_owned()),
            destroys: false,
        };
        self.saving.draw(asks, move || self.fields(), move || self.save())
    }

    fn fields(self) -> AnyView {
        let name = Memo::new(move |_| self.draft.with(|draft| draft.name.clone()));
        let set_name = Callback::new(move |name| self.draft.update(|draft| draft.name = name));
        let parent = Memo::new(move |_| {
            let parent = self.draft.with(|draft| draft.parent_id);
            parent.map(|id| id.to_string()).unwrap_or_default()
        });
        let set_parent = Callback::new(move |id: String| self.draft.update(|draft| draft.parent_id = id.parse().ok()));
        // No folder lies in itself.
        let own = self.changed.get_untracked().map(|(id, _)| id);
        let below = own.map(|id| self.inside(id)).unwrap_or_default();
        let mut parents = vec![(String::new(), "At the top".to_owned())];
        self.known.with_value(|known| {
            let others = known
                .iter()
                .filter(|place| Some(place.folder.id) != own && !below.contains(&place.folder.id));
            parents.extend(others.map(|place| (place.folder.id.to_string(), place.path.clone())));
        });
        view! {
            <TextField path="name" label="Name" value=name on_input=set_name autocomplete="off"/>
            <Select path="parent_id" label="Lies in" options=parents value=parent on_change=set_parent/>
            {self.colors()}
        }
        .into_any()
    }

    fn colors(self) -> AnyView {
        let dots = FolderColor::ALL
            .iter()
            .map(|color| {
                let (color, name) = (*color, capitalize(color.word()));
                let chosen = move || self.draft.with(|draft| draft.color == color);
                view! {
                    <label class="jack" data-tint=color.word() title=name.clone()>
                        <input type="radio" name="color" value=color.word() aria-label=name.clone() checked=untrack(chosen)
                            prop:checked=reactive_bool(chosen) on:change=move |_| self.draft.update(|draft| draft.color = color)/>
                    </label>
                }
            })
            .collect_view();
        view! {
            <fieldset class="field">
                <legend class="label">"Colour"</legend>
                <div class="colors">{dots}</div>
            </fieldset>
        }
        .into_any()
    }

    fn save(self) {
        let (org, draft, changed) = (
            self.org.get_value(),
            self.draft.get_untracked(),
            self.changed.get_untracked(),
        );
        self.saving.send(async move {
            Check::run(&draft)?;
            let name = draft.name.clone();
            match changed {
                None => create_folder(org, draft).await?,
                Some((id, revision)) => update_folder(org, id, draft, revision).await?,
            };
            let words = if changed.is_some() { "saved" } else { "created" };
            self.toasts.say(Toast::done(format!("{name} {words}")));
            self.done.run(());
            Ok(())
        });
    }

    fn delete_dialog(self, url: UrlQuery) -> AnyView {
        let about = move |words: fn(FolderForms, &Place) -> String| {
            Signal::derive(move || {
                self.doomed
                    .with(|place| place.as_ref().map(|place| words(self, place)).unwrap_or_default())
            })
        };
        let asks = Asks {
            id: "folder-delete",
            title: about(|_, place| format!("Delete {}?", place.folder.name)),
            sub: about(FolderForms::what_is_inside),
            verb: about(|forms, place| match forms.contents.get() {
                Contents::Delete if place.count > 0 => {
                    ["Delete folder and ", &counted(place.count, "contact")].concat()
                }
                _ => "Delete folder".to_owned(),
            }),
            destroys: true,
        };
        self.deleting
            .draw(asks, move || self.choice(), move || self.delete_now(url))
    }

    fn what_is_inside(self, place: &Place) -> String {
        match (place.count, self.inside(place.folder.id).len()) {
            (0, 0) => "It is empty, so nothing else changes.".to_owned(),
            (contacts, folders) => {
                let (contacts, folders) = (counted(contacts, "contact"), counted(folders as i64, "folder"));
                format!("It holds {contacts} and {folders}.")
            }
        }
    }

    fn choice(self) -> AnyView {
        let full = self.doomed.with_untracked(|place| {
            place
                .as_ref()
                .is_some_and(|place| place.count > 0 || !self.inside(place.folder.id).is_empty())
        });
        if !full || !may(Action::Delete, Kind::Contact) {
            return ().into_any();
        }
        let value = Signal::derive(move || {
            match self.contents.get() {
                Contents::Keep => "keep",
                Contents::Delete => "delete",
            }
            .to_owned()
        });
        let choose = Callback::new(move |word: String| {
            self.contents.set(if word == "delete" {
                Contents::Delete
            } else {
                Contents::Keep
            });
        });
        let options = vec![
            ("keep", "Keep it", "It moves to where the folder is now."),
            (
                "delete",
                "Delete it too",
                "Contacts and folders inside are gone for good. Calls stay, without a name.",
            ),
        ];
        view! { <Pick path="contents" legend="What is inside" options=options value=value on_change=choose/> }
            .into_any()
    }

    fn delete_now(self, url: UrlQuery) {
        let Some(place) = self.doomed.get_untracked() else {
            return;
        };
        let (org, contents) = (self.org.get_value(), self.contents.get_untracked());
        let mut gone = vec![place.folder.id];
        if contents == Contents::Delete {
            gone.extend(self.inside(place.folder.id));
        }
        self.deleting.send(async move {
            delete_folder_with(org, place.folder.id, contents).await?;
            self.toasts.say(Toast::done(format!("{} deleted", place.folder.name)));
            // Nobody is left in a folder that is not there.
            let here = untrack(|| url.get("folder")).and_then(|id| id.parse().ok());
            if here.is_some_and(|id| gone.contains(&id)) {
                let up = place.folder.parent_id.map(|id| id.to_string());
                url.go(untrack(|| url.with("folder", up.as_deref())), true);
            }
            self.done.run(());
            Ok::<(), AppError>(())
        });
    }
}
