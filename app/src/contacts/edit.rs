//! Making a contact and changing it: one page, whole on arrival.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};
use switchboard::{
    Error, Id,
    check::Check,
    contacts::{Contact, ContactDraft},
    error::FieldError,
    org::OrgId,
    resource::{Action, Kind},
};

use super::{
    create_contact,
    fields::{CustomFields, fields},
    get_contact, update_contact,
};
use crate::{
    AppError,
    folders::{FolderPanel, side},
    kit::{
        Ago, Loading, PageHead, StatusDot, Toast, aria_bool, ask_before_leaving, browser, crumbs, dynamic,
        focus_first_error, form_state,
        keys::{on_ctrl, on_key},
        loaded, skeleton_rows, status_dot, use_toasts,
    },
    may, org,
};

/// A contact, if there is one yet, and what its fields offer.
type Opened = (Option<Contact>, FolderPanel);

async fn open(org: OrgId, id: Option<Id<Contact>>) -> Result<Opened, AppError> {
    let contact = match id {
        Some(id) => Some(get_contact(org.clone(), id).await?),
        None => None,
    };
    Ok((contact, side(org).await?))
}

/// A new contact: with a number or in a folder, where the address says so.
#[component]
pub fn ContactNew() -> impl IntoView {
    let query = use_query_map();
    let org = org();
    let opened = Loading::new(|| (), move |()| open(org.clone(), None));
    loaded(opened, "form", skeleton_rows, move |(_, side)| {
        let asked = |key| query.with_untracked(|query| query.get(key)).unwrap_or_default();
        let start = ContactDraft {
            phone: asked("phone"),
            folder_id: asked("folder").parse().ok(),
            ..ContactDraft::default()
        };
        page(None, start, &side)
    })
}

#[component]
pub fn ContactEdit() -> impl IntoView {
    let params = use_params_map();
    let org = org();
    let id = move || params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<Contact>>().ok()));
    let opened = Loading::new(id, move |id| {
        let org = org.clone();
        async move {
            match id {
                Some(id) => open(org, Some(id)).await,
                None => Err(AppError(Error::NotFound)),
            }
        }
    });
    loaded(opened, "contact", skeleton_rows, |(contact, side)| {
        let start = contact
            .as_ref()
            .map(|contact| contact.draft.clone())
            .unwrap_or_default();
        page(contact, start, &side)
    })
}

/// What is typed, what it started from, and what became of it.
#[derive(Clone, Copy)]
pub struct Editor {
    pub draft: RwSignal<ContactDraft>,
    /// The values of one's own, line by line: while they are typed they may have no name, or one name twice.
    pub custom: CustomFields,
    start: StoredValue<ContactDraft>,
    saved: StoredValue<Option<Contact>>,
    /// What somebody else has saved since.
    theirs: RwSignal<Option<Contact>>,
    pending: RwSignal<bool>,
    failure: RwSignal<Option<AppError>>,
    dirty: Memo<bool>,
    org: StoredValue<OrgId>,
    left: StoredValue<Callback<Contact>>,
}

fn editor(contact: Option<Contact>, start: ContactDraft) -> Editor {
    let custom = CustomFields::of(&start.custom);
    // A number that the page was opened with is as good as typed.
    let before = contact
        .as_ref()
        .map(|contact| contact.draft.clone())
        .unwrap_or_default();
    let start_value = StoredValue::new(ContactDraft {
        folder_id: start.folder_id,
        ..before
    });
    let draft = RwSignal::new(start);
    let dirty = Memo::new(move |_| {
        let typed = with_custom_fields(&draft.get(), custom);
        start_value.with_value(|start| *start != typed)
    });
    let (navigate, toasts) = (use_navigate(), use_toasts());
    let is_new = contact.is_none();
    let left = Callback::new(move |contact: Contact| {
        let words = if is_new { "created" } else { "saved" };
        toasts.say(Toast::done(format!("{} {words}", contact.display_name())));
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        navigate(&format!("/contacts/{}", contact.id), options);
    });
    Editor {
        draft,
        custom,
        start: start_value,
        saved: StoredValue::new(contact),
        theirs: RwSignal::new(None),
        pending: RwSignal::new(false),
        failure: RwSignal::new(None),
        dirty,
        org: StoredValue::new(org()),
        left: StoredValue::new(left),
    }
}

fn with_custom_fields(draft: &ContactDraft, custom: CustomFields) -> ContactDraft {
    ContactDraft {
        custom: custom.values(),
        ..draft.clone()
    }
}

impl Editor {
    /// A text of the draft, as a field wants it.
    pub fn text(
        self,
        get: fn(&ContactDraft) -> &String,
        get_mut: fn(&mut ContactDraft) -> &mut String,
    ) -> (Memo<String>, Callback<String>) {
        let read = Memo::new(move |_| self.draft.with(|draft| get(draft).clone()));
        let write = Callback::new(move |text: String| self.draft.update(|draft| *get_mut(draft) = text));
        (read, write)
    }

    fn save(self) {
        if self.pending.get_untracked() {
            return;
        }
        self.failure.set(None);
        let draft = untrack(|| with_custom_fields(&self.draft.get(), self.custom));
        if let Err(error) = untrack(|| self.custom.check()).and_then(|()| Check::run(&draft)) {
            return self.refuse(error);
        }
        self.pending.set(true);
        spawn_local(async move {
            let org = self.org.get_value();
            let saved = self
                .saved
                .with_value(|saved| saved.as_ref().map(|saved| (saved.id, saved.revision)));
            let answer = match saved {
                Some((id, revision)) => update_contact(org.clone(), id, draft, revision).await,
                None => create_contact(org.clone(), draft).await,
            };
            self.pending.try_set(false);
            match (answer, saved) {
                (Ok(contact), _) => self.done(contact),
                (Err(AppError(Error::Conflict(why))), Some((id, _))) => match get_contact(org, id).await {
                    Ok(theirs) => drop(self.theirs.try_set(Some(theirs))),
                    Err(_) => self.refuse(Error::Conflict(why)),
                },
                (Err(error), _) => self.refuse(error.0),
            }
        });
    }

    fn done(self, contact: Contact) {
        // Nothing of it is unsaved any more, so that leaving asks no question.
        self.show(contact.clone());
        self.left.get_value().run(contact);
    }

    fn refuse(self, error: Error) {
        let error = match error {
            Error::Invalid(fields) => Error::Invalid(
                fields
                    .into_iter()
                    .map(|wrong| FieldError {
                        field: untrack(|| self.custom.field_of(&wrong.field)),
                        ..wrong
                    })
                    .collect(),
            ),
            other => other,
        };
        self.failure.try_set(Some(AppError(error)));
        focus_first_error();
    }

    fn show(self, contact: Contact) {
        self.theirs.set(None);
        self.start.set_value(contact.draft.clone());
        self.custom.set(&contact.draft.custom);
        self.draft.set(contact.draft.clone());
        self.saved.set_value(Some(contact));
    }

    /// What is typed counts, knowing what it replaces.
    fn keep_mine(self) {
        if let Some(theirs) = self.theirs.get_untracked() {
            self.theirs.set(None);
            self.saved.set_value(Some(theirs));
            self.save();
        }
    }
}

fn page(contact: Option<Contact>, start: ContactDraft, side: &FolderPanel) -> AnyView {
    let (action, title, leave) = match &contact {
        Some(contact) => (
            Action::Update,
            format!("Edit {}", contact.display_name()),
            format!("/contacts/{}", contact.id),
        ),
        None => (Action::Create, "New contact".to_owned(), "/contacts".to_owned()),
    };
    let is_new = contact.is_none();
    let writes = may(action, Kind::Contact);
    let editor = editor(contact, start);
    let form = form_state(editor.failure.into(), editor.pending.into());
    ask_before_leaving(editor.dirty, "What you typed here is lost.");
    on_ctrl("s", move || {
        if writes {
            editor.save();
        }
    });
    on_key(move |key| key == "e" && browser::focus("#f-name"));
    let sub = if is_new {
        "A name or a number is enough."
    } else {
        "Their calls stay with them, whatever you change."
    };
    let actions = move || {
        view! {
            <a class="btn quiet" href=leave.clone()>"Cancel"</a>
            {writes.then(|| view! {
                <button type="submit" form="contact" class="btn primary" title="Ctrl S" aria-busy=aria_bool(move || editor.pending.get())>
                    {if is_new { "Create contact" } else { "Save contact" }}
                </button>
            })}
        }
        .into_any()
    };
    view! {
        <PageHead title=title sub=move || sub.into_any() actions=actions crumbs=|| crumbs(&[("Contacts", "/contacts")])/>
        <div class="notices stack s2">
            {form.notice()}
            {dynamic(move || meanwhile(editor).into_any())}
        </div>
        <form id="contact" method="post" novalidate on:submit=move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            editor.save();
        }>
            <fieldset disabled=!writes>
                <legend class="sr">"Contact"</legend>
                {fields(editor, side)}
            </fieldset>
        </form>
    }
    .into_any()
}

/// Somebody else has saved: both versions are still there, and a person decides.
fn meanwhile(editor: Editor) -> Option<AnyView> {
    let theirs = editor.theirs.get()?;
    let at = theirs.updated_at;
    let take = move |_| editor.show(theirs.clone());
    let notice = view! {
        <div class="banner boxed" data-kind="warn" role="alert">
            {status_dot(StatusDot::Warn, "Saved elsewhere")}
            <p>"Somebody saved this contact "<Ago at=at/>" while you were typing. Yours replaces theirs, or theirs replaces yours."</p>
            <span class="cluster">
                <button type="button" class="btn sm primary" on:click=move |_| editor.keep_mine()>"Keep mine"</button>
                <button type="button" class="btn sm" on:click=take>"Take theirs"</button>
            </span>
        </div>
    };
    Some(notice.into_any())
}
