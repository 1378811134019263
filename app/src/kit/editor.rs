//! The editor's memory: what is typed, what was saved, who else has saved, and what must not get lost.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use serde::{Deserialize, Serialize};
use switchboard::{
    Error, Id,
    check::Check,
    org::OrgId,
    read,
    resource::{Kind, Resource},
};

use super::{
    Toast, ToastList,
    browser::{self, Debounce, Keep},
    effect, focus_first_error, form_state, use_live, use_toasts,
};
use crate::{AppError, org};

/// What becomes of a draft that is left.
pub const KEPT_IN_TAB: &str =
    "What you typed is kept in this tab until you close it, and is here again when you come back.";

/// A resource that people edit on a page of its own: what its editor asks, and what it says when that is done.
pub trait Edited: Resource {
    /// What is true once a new one is there: "It can be called now".
    const CREATED: &'static str;

    /// What is true once this is saved: "The next call uses it".
    fn saved(&self) -> &'static str;

    fn get(org: OrgId, id: Id<Self>) -> impl Future<Output = Result<Self, AppError>>;
    fn create(org: OrgId, draft: Self::Draft) -> impl Future<Output = Result<Self, AppError>>;
    fn update(
        org: OrgId,
        id: Id<Self>,
        draft: Self::Draft,
        revision: i64,
    ) -> impl Future<Output = Result<Self, AppError>>;

    /// What of a draft the tab may keep until it is saved: everything but secrets.
    fn without_secrets(draft: Self::Draft) -> Self::Draft {
        draft
    }
}

pub struct Editor<R: Edited> {
    pub draft: RwSignal<R::Draft>,
    /// What is saved; nothing where it does not exist yet.
    pub saved: RwSignal<Option<R>>,
    /// What a new one began with.
    start: StoredValue<R::Draft>,
    /// The revision that what is typed started from.
    revision: RwSignal<i64>,
    /// What somebody else has saved since.
    pub theirs: RwSignal<Option<R>>,
    /// What is typed was found in this tab, not loaded.
    pub restored: RwSignal<bool>,
    pub pending: RwSignal<bool>,
    failure: RwSignal<Option<AppError>>,
    /// From the first attempt on, what is wrong is said as it is typed.
    tried: RwSignal<bool>,
    pub dirty: Memo<bool>,
    org: StoredValue<OrgId>,
    key: StoredValue<String>,
    go: StoredValue<Callback<String>>,
    toasts: ToastList,
}

impl<R: Edited> Clone for Editor<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R: Edited> Copy for Editor<R> {}

/// What a tab keeps of an unsaved draft.
#[derive(Serialize, Deserialize)]
struct StoredDraft<D> {
    revision: i64,
    draft: D,
}

/// Under which name the tab keeps what is typed: `of` is the id of what is edited, or the word for a new one.
pub fn kept_key(org: &OrgId, kind: Kind, of: &str) -> String {
    format!("draft:{org}:{}:{of}", kind.word())
}

/// Of one that does not exist yet.
pub const NEW: &str = "new";

/// Begins editing. The kit's fields below find the errors of this editor by themselves.
pub fn editor<R: Edited>(of: Option<R>, start: R::Draft) -> Editor<R> {
    let org = org();
    let name = of.as_ref().map_or_else(|| NEW.to_owned(), |of| of.id().to_string());
    let key = kept_key(&org, R::KIND, &name);
    let revision = of.as_ref().map_or(0, R::revision);
    let draft = RwSignal::new(of.as_ref().map_or_else(|| start.clone(), R::draft));
    let saved = RwSignal::new(of);
    let first = StoredValue::new(start);
    let dirty = Memo::new(move |_| {
        draft.with(|draft| {
            saved.with(|saved| match saved {
                Some(saved) => saved.draft() != *draft,
                None => first.with_value(|first| first != draft),
            })
        })
    });
    let (failure, tried, pending) = (RwSignal::new(None), RwSignal::new(false), RwSignal::new(false));
    let said = Signal::derive(move || {
        let wrong = tried.get().then(|| draft.with(Check::run).err()).flatten();
        wrong.map(AppError).or_else(|| failure.get())
    });
    form_state(said, pending.into());
    let navigate = use_navigate();
    let editor = Editor::<R> {
        draft,
        saved,
        start: first,
        revision: RwSignal::new(revision),
        theirs: RwSignal::new(None),
        restored: RwSignal::new(false),
        pending,
        failure,
        tried,
        dirty,
        org: StoredValue::new(org),
        key: StoredValue::new(key),
        go: StoredValue::new(Callback::new(move |to: String| {
            navigate(
                &to,
                NavigateOptions {
                    replace: true,
                    ..NavigateOptions::default()
                },
            );
        })),
        toasts: use_toasts(),
    };
    editor.keep_typed();
    editor.watch_others();
    editor
}

impl<R: Edited> Editor<R> {
    /// A text of the draft, as a field wants it.
    pub fn text(
        self,
        get: fn(&R::Draft) -> &String,
        get_mut: fn(&mut R::Draft) -> &mut String,
    ) -> (Memo<String>, Callback<String>) {
        let read = Memo::new(move |_| self.draft.with(|draft| get(draft).clone()));
        let write = Callback::new(move |text: String| self.draft.update(|draft| *get_mut(draft) = text));
        (read, write)
    }

    /// A number of the draft, as a field wants it.
    pub fn number(self, get: fn(&R::Draft) -> i32, set: fn(&mut R::Draft, i32)) -> (Memo<i32>, Callback<i32>) {
        let read = Memo::new(move |_| self.draft.with(get));
        let write = Callback::new(move |number| self.draft.update(|draft| set(draft, number)));
        (read, write)
    }

    /// What the draft is compared with: what is saved, or what a new one began with.
    pub fn before(self) -> R::Draft {
        self.saved.with(|saved| match saved {
            Some(saved) => saved.draft(),
            None => self.start.get_value(),
        })
    }

    /// Whether what is typed passes its checks; what does not is said beside its field from now on.
    pub fn passes(self) -> bool {
        self.tried.set(true);
        self.failure.set(None);
        let passes = self.draft.with_untracked(|draft| Check::run(draft).is_ok());
        if !passes {
            focus_first_error();
        }
        passes
    }

    pub fn save(self) {
        self.save_and(Box::new(|| ()));
    }

    /// Does something with what is saved, which what is typed has to be first.
    pub fn once_saved(self, then: Callback<()>) {
        if self.dirty.get_untracked() {
            self.save_and(Box::new(move || {
                // Whoever asked for it may have left meanwhile.
                let _ = then.try_run(());
            }));
        } else {
            then.run(());
        }
    }

    fn save_and(self, then: Box<dyn FnOnce()>) {
        if self.pending.get_untracked() || !self.passes() {
            return;
        }
        let draft = self.draft.get_untracked();
        self.pending.set(true);
        spawn_local(async move {
            let id = self.id();
            let answer = match id {
                Some(id) => R::update(self.org.get_value(), id, draft.clone(), self.revision.get_untracked()).await,
                None => R::create(self.org.get_value(), draft.clone()).await,
            };
            self.pending.try_set(false);
            match answer {
                Ok(made) if id.is_none() => self.created(&made),
                Ok(saved) => {
                    self.saved_as(saved, &draft);
                    then();
                }
                Err(error) => self.refused(error).await,
            }
        });
    }

    fn id(self) -> Option<Id<R>> {
        self.saved.with_untracked(|saved| saved.as_ref().map(R::id))
    }

    fn created(self, made: &R) {
        // Nothing of it is unsaved any more, so that leaving asks no question.
        self.start.set_value(made.draft());
        self.draft.set(made.draft());
        browser::forget(Keep::Tab, &self.key.get_value());
        self.toasts
            .say(Toast::done(format!("{} created", made.name())).detail(R::CREATED));
        self.go
            .get_value()
            .run(format!("{}/{}", R::KIND.about().path, made.id()));
    }

    fn saved_as(self, saved: R, sent: &R::Draft) {
        self.toasts
            .say(Toast::done(format!("{} saved", saved.name())).detail(saved.saved()));
        // What was typed while the answer was under way stays typed.
        if self.draft.with_untracked(|draft| draft == sent) {
            self.draft.set(saved.draft());
        }
        self.accept(saved);
        self.tried.set(false);
    }

    async fn refused(self, error: AppError) {
        let conflict = matches!(error.0, Error::Conflict(_));
        if conflict
            && let Some(now) = self.look().await
            && now.revision() != self.revision.get_untracked()
        {
            self.theirs.set(Some(now));
            return;
        }
        self.failure.set(Some(error));
        focus_first_error();
    }

    async fn look(self) -> Option<R> {
        R::get(self.org.get_value(), self.id()?).await.ok()
    }

    /// This is how it stands now; what is typed starts from it.
    pub fn accept(self, now: R) {
        self.revision.set(now.revision());
        self.theirs.set(None);
        self.failure.set(None);
        self.saved.set(Some(now));
    }

    /// Somebody else's version counts, and what was typed is gone.
    pub fn take_theirs(self) {
        if let Some(theirs) = self.theirs.get_untracked() {
            self.draft.set(theirs.draft());
            self.accept(theirs);
        }
    }

    /// What is typed counts, knowing what it replaces.
    pub fn keep_mine(self) {
        if let Some(theirs) = self.theirs.get_untracked() {
            self.accept(theirs);
            self.save();
        }
    }

    pub fn discard(self) {
        self.draft.set(untrack(|| self.before()));
        self.failure.set(None);
        self.tried.set(false);
        self.restored.set(false);
    }

    /// Keeps what is typed in this tab until it is saved, and puts it back after a reload.
    fn keep_typed(self) {
        effect(move || {
            let kept = browser::stored(Keep::Tab, &self.key.get_value());
            let kept = kept.and_then(|kept| read::from_str::<StoredDraft<R::Draft>>(&kept).ok());
            let Some(kept) = kept.filter(|kept| self.draft.with_untracked(|draft| *draft != kept.draft)) else {
                return;
            };
            // It started from an older version: saving it unseen would undo what others did since.
            if kept.revision != self.revision.get_untracked() {
                self.theirs.set(self.saved.get_untracked());
                self.revision.set(kept.revision);
            }
            self.draft.set(kept.draft);
            self.restored.set(true);
        });
        let later = Debounce::new(400);
        let mut first = true;
        effect(move || {
            self.draft.track();
            let dirty = self.dirty.get();
            if std::mem::take(&mut first) {
                return;
            }
            let key = self.key.get_value();
            later.call(move || {
                let Some(draft) = self.draft.try_get_untracked().filter(|_| dirty) else {
                    browser::forget(Keep::Tab, &key);
                    return;
                };
                let kept = StoredDraft {
                    revision: self.revision.get_untracked(),
                    draft: R::without_secrets(draft),
                };
                if let Ok(kept) = serde_json::to_string(&kept) {
                    browser::store(Keep::Tab, &key, &kept);
                }
            });
        });
    }

    /// Follows what happens to it elsewhere.
    fn watch_others(self) {
        let live = use_live(R::KIND);
        let mut first = true;
        effect(move || {
            live.track();
            if std::mem::take(&mut first) || self.pending.get_untracked() {
                return;
            }
            spawn_local(async move {
                let Some(now) = self.look().await else { return };
                if self.pending.try_get_untracked() != Some(false) {
                    return;
                }
                if now.revision() == self.revision.get_untracked() {
                    self.saved.set(Some(now));
                } else if self.before() == now.draft() {
                    // Something about it changed, and nothing of what is typed here.
                    self.accept(now);
                } else if self.dirty.get_untracked() {
                    self.theirs.set(Some(now));
                } else {
                    self.draft.set(now.draft());
                    self.accept(now);
                }
            });
        });
    }
}
