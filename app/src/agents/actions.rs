//! AgentActions: what can be done to an agent from wherever it stands, and what is said about it.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::{Id, agents::Agent, org::OrgId};

use super::{delete_agent, duplicate_agent, sync_agent};
use crate::{
    AppError,
    kit::{Asking, Question, Toast, ToastList, use_confirm, use_toasts},
    org,
};

/// Id and name: enough to do something to an agent and to say to which.
pub type AgentRef = (String, String);

#[derive(Clone, Copy)]
pub struct AgentActions {
    org: StoredValue<OrgId>,
    go: StoredValue<Callback<String>>,
    /// Called after anything has changed.
    changed: Callback<()>,
    asking: Asking,
    toasts: ToastList,
}

pub fn agent_actions(changed: Callback<()>) -> AgentActions {
    let navigate = use_navigate();
    AgentActions {
        org: StoredValue::new(org()),
        go: StoredValue::new(Callback::new(move |to: String| {
            navigate(&to, NavigateOptions::default())
        })),
        changed,
        asking: use_confirm(),
        toasts: use_toasts(),
    }
}

fn id_of(id: &str) -> Result<Id<Agent>, AppError> {
    id.parse().map_err(|_| AppError(switchboard::Error::NotFound))
}

impl AgentActions {
    pub fn go(self, to: impl Into<String>) {
        self.go.get_value().run(to.into());
    }

    pub fn duplicate(self, (id, name): AgentRef) {
        let toasts = self.toasts;
        spawn_local(async move {
            let made = match id_of(&id) {
                Ok(id) => duplicate_agent(self.org.get_value(), id).await,
                Err(error) => Err(error),
            };
            match made {
                Ok(agent) => {
                    toasts
                        .say(Toast::done(format!("{name} duplicated")).detail(format!("This is {}", agent.draft.name)));
                    self.changed.run(());
                    self.go(format!("/agents/{}", agent.id));
                }
                Err(error) => toasts.say(Toast::failed(format!("{name} was not duplicated"), &error)),
            }
        });
    }

    /// Answers through `done`, which hears the agent as it is now.
    pub fn sync(self, (id, name): AgentRef, done: Option<Callback<Agent>>) {
        let toasts = self.toasts;
        spawn_local(async move {
            let synced = match id_of(&id) {
                Ok(id) => sync_agent(self.org.get_value(), id).await,
                Err(error) => Err(error),
            };
            match synced {
                Ok(agent) => {
                    toasts.say(
                        Toast::done(format!("{name} synced")).detail("The provider's copy is the live version again"),
                    );
                    if let Some(done) = done {
                        done.run(agent);
                    }
                }
                Err(error) => toasts.say(Toast::failed(format!("{name} was not synced"), &error)),
            }
            self.changed.run(());
        });
    }

    /// Asks first, by name; `then` runs when all of them are gone.
    pub fn delete(self, agents: Vec<AgentRef>, then: Callback<()>) {
        let title = match agents.as_slice() {
            [(_, name)] => format!("Delete {name}?"),
            many => format!("Delete {} agents?", many.len()),
        };
        let names = match agents.as_slice() {
            [_] => String::new(),
            many => format!(
                "{}. ",
                many.iter()
                    .map(|(_, name)| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let verb = if agents.len() == 1 {
            "Delete agent"
        } else {
            "Delete agents"
        };
        let keep = if agents.len() == 1 { "Keep it" } else { "Keep them" };
        let toasts = self.toasts;
        let consequence = format!(
            "{names}Nobody can be called with it any more, and its copy at the provider goes too. Calls it has made stay. This cannot be undone."
        );
        self.asking.ask(
            Question::new(title, consequence, verb, move || {
                let agents = agents.clone();
                async move {
                    let count = agents.len();
                    for (id, _) in &agents {
                        let gone = delete_agent(self.org.get_value(), id_of(id)?).await;
                        self.changed.run(());
                        // Somebody else was faster: what was asked for has happened.
                        if let Err(error) = gone
                            && !matches!(error.0, switchboard::Error::NotFound)
                        {
                            return Err(error);
                        }
                    }
                    let words = match agents.as_slice() {
                        [(_, name)] => format!("{name} deleted"),
                        _ => format!("{count} agents deleted"),
                    };
                    toasts.say(Toast::done(words));
                    then.run(());
                    Ok(())
                }
            })
            .keep(keep),
        );
    }
}
