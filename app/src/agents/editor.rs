//! The editor's memory: what is typed, what was saved, who else has saved, and what must not get lost.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use serde::{Deserialize, Serialize};
use switchboard::{
    Error,
    agents::{Agent, AgentDraft},
    check::Check,
    org::OrgId,
    read,
    resource::Kind,
};

use super::{create_agent, get_agent, update_agent};
use crate::{
    AppError,
    kit::{
        Toast, ToastList,
        browser::{self, Debounce, Keep},
        effect, focus_first_error, form_state, use_live, use_toasts,
    },
    org,
};

#[derive(Clone, Copy)]
pub struct Editor {
    pub draft: RwSignal<AgentDraft>,
    /// What is saved; nothing for an agent that does not exist yet.
    pub saved: RwSignal<Option<Agent>>,
    /// What a new agent began with.
    start: StoredValue<AgentDraft>,
    /// The revision that what is typed started from.
    revision: RwSignal<i64>,
    /// What somebody else has saved since.
    pub theirs: RwSignal<Option<Agent>>,
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

/// What a tab keeps of an unsaved draft.
#[derive(Serialize, Deserialize)]
struct StoredDraft {
    revision: i64,
    draft: AgentDraft,
}

/// Begins editing. The kit's fields below find the errors of this editor by themselves.
pub fn editor(agent: Option<Agent>, start: AgentDraft) -> Editor {
    let org = org();
    let name = agent
        .as_ref()
        .map_or_else(|| "new".to_owned(), |agent| agent.id.to_string());
    let key = format!("draft:{org}:agents:{name}");
    let revision = agent.as_ref().map_or(0, |agent| agent.revision);
    let draft = RwSignal::new(
        agent
            .as_ref()
            .map_or_else(|| start.clone(), |agent| agent.draft.clone()),
    );
    let saved = RwSignal::new(agent);
    let first = StoredValue::new(start);
    let dirty = Memo::new(move |_| {
        draft.with(|draft| {
            saved.with(|saved| match saved {
                Some(agent) => agent.draft != *draft,
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
    let editor = Editor {
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

impl Editor {
    /// A text of the draft, as a field wants it.
    pub fn text(
        self,
        get: fn(&AgentDraft) -> &String,
        get_mut: fn(&mut AgentDraft) -> &mut String,
    ) -> (Memo<String>, Callback<String>) {
        let read = Memo::new(move |_| self.draft.with(|draft| get(draft).clone()));
        let write = Callback::new(move |text: String| self.draft.update(|draft| *get_mut(draft) = text));
        (read, write)
    }

    /// A number of the draft, as a field wants it.
    pub fn number(self, get: fn(&AgentDraft) -> i32, set: fn(&mut AgentDraft, i32)) -> (Memo<i32>, Callback<i32>) {
        let read = Memo::new(move |_| self.draft.with(get));
        let write = Callback::new(move |number| self.draft.update(|draft| set(draft, number)));
        (read, write)
    }

    /// What the draft is compared with: what is saved, or what a new agent began with.
    pub fn before(self) -> AgentDraft {
        self.saved.with(|saved| match saved {
            Some(agent) => agent.draft.clone(),
            None => self.start.get_value(),
        })
    }

    pub fn save(self) {
        if self.pending.get_untracked() {
            return;
        }
        let draft = self.draft.get_untracked();
        self.tried.set(true);
        self.failure.set(None);
        if Check::run(&draft).is_err() {
            focus_first_error();
            return;
        }
        self.pending.set(true);
        spawn_local(async move {
            let id = self.saved.with_untracked(|saved| saved.as_ref().map(|agent| agent.id));
            let answer = match id {
                Some(id) => update_agent(self.org.get_value(), id, draft.clone(), self.revision.get_untracked()).await,
                None => create_agent(self.org.get_value(), draft.clone()).await,
            };
            self.pending.try_set(false);
            match answer {
                Ok(agent) if id.is_none() => self.created(&agent),
                Ok(agent) => self.saved_as(agent, &draft),
                Err(error) => self.refused(error).await,
            }
        });
    }

    fn created(self, agent: &Agent) {
        // Nothing of it is unsaved any more, so that leaving asks no question.
        self.start.set_value(agent.draft.clone());
        self.draft.set(agent.draft.clone());
        browser::forget(Keep::Tab, &self.key.get_value());
        self.toasts
            .say(Toast::done(format!("{} created", agent.draft.name)).detail("It can be called now"));
        self.go.get_value().run(format!("/agents/{}", agent.id));
    }

    fn saved_as(self, agent: Agent, sent: &AgentDraft) {
        self.toasts
            .say(Toast::done(format!("{} saved", agent.draft.name)).detail("The next call uses it"));
        // What was typed while the answer was under way stays typed.
        if self.draft.with_untracked(|draft| draft == sent) {
            self.draft.set(agent.draft.clone());
        }
        self.accept(agent);
        self.tried.set(false);
    }

    async fn refused(self, error: AppError) {
        let conflict = matches!(error.0, Error::Conflict(_));
        if conflict
            && let Some(agent) = self.look().await
            && agent.revision != self.revision.get_untracked()
        {
            self.theirs.set(Some(agent));
            return;
        }
        self.failure.set(Some(error));
        focus_first_error();
    }

    async fn look(self) -> Option<Agent> {
        let id = self
            .saved
            .with_untracked(|saved| saved.as_ref().map(|agent| agent.id))?;
        get_agent(self.org.get_value(), id).await.ok()
    }

    /// This is how it stands now; what is typed starts from it.
    pub fn accept(self, agent: Agent) {
        self.revision.set(agent.revision);
        self.theirs.set(None);
        self.failure.set(None);
        self.saved.set(Some(agent));
    }

    /// Somebody else's version counts, and what was typed is gone.
    pub fn take_theirs(self) {
        if let Some(theirs) = self.theirs.get_untracked() {
            self.draft.set(theirs.draft.clone());
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
            let kept = kept.and_then(|kept| read::from_str::<StoredDraft>(&kept).ok());
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
                    draft,
                };
                if let Ok(kept) = serde_json::to_string(&kept) {
                    browser::store(Keep::Tab, &key, &kept);
                }
            });
        });
    }

    /// Follows what happens to the agent elsewhere.
    fn watch_others(self) {
        let live = use_live(Kind::Agent);
        let mut first = true;
        effect(move || {
            live.track();
            if std::mem::take(&mut first) || self.pending.get_untracked() {
                return;
            }
            spawn_local(async move {
                let Some(agent) = self.look().await else { return };
                if self.pending.try_get_untracked() != Some(false) {
                    return;
                }
                if agent.revision == self.revision.get_untracked() {
                    self.saved.set(Some(agent));
                } else if self.dirty.get_untracked() {
                    self.theirs.set(Some(agent));
                } else {
                    self.draft.set(agent.draft.clone());
                    self.accept(agent);
                }
            });
        });
    }
}
