//! Actions: what can be done to a tool from wherever it stands, and what is said about it.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::{Id, org::OrgId, tools::Tool};

use super::{delete_tool, sync_tool};
use crate::{
    AppError,
    kit::{Asking, Question, Toast, ToastList, use_confirm, use_toasts},
    org,
};

/// Id and name: enough to do something to a tool and to say to which.
pub type ToolRef = (String, String);

#[derive(Clone, Copy)]
pub struct ToolActions {
    org: StoredValue<OrgId>,
    go: StoredValue<Callback<String>>,
    /// Called after anything has changed.
    changed: Callback<()>,
    asking: Asking,
    toasts: ToastList,
}

pub fn tool_actions(changed: Callback<()>) -> ToolActions {
    let navigate = use_navigate();
    ToolActions {
        org: StoredValue::new(org()),
        go: StoredValue::new(Callback::new(move |to: String| {
            navigate(&to, NavigateOptions::default())
        })),
        changed,
        asking: use_confirm(),
        toasts: use_toasts(),
    }
}

fn id_of(id: &str) -> Result<Id<Tool>, AppError> {
    id.parse().map_err(|_| AppError(switchboard::Error::NotFound))
}

impl ToolActions {
    pub fn go(self, to: impl Into<String>) {
        self.go.get_value().run(to.into());
    }

    /// Answers through `done`, which hears the tool as it is now.
    pub fn sync(self, (id, name): ToolRef, done: Option<Callback<Tool>>) {
        let toasts = self.toasts;
        spawn_local(async move {
            let synced = match id_of(&id) {
                Ok(id) => sync_tool(self.org.get_value(), id).await,
                Err(error) => Err(error),
            };
            match synced {
                Ok(tool) => {
                    toasts.say(Toast::done(format!("{name} published")).detail("The provider's copy is yours again"));
                    if let Some(done) = done {
                        done.run(tool);
                    }
                }
                Err(error) => toasts.say(Toast::failed(format!("{name} was not published"), &error)),
            }
            self.changed.run(());
        });
    }

    /// Asks first, by name; `then` runs when all of them are gone. A tool that agents have is refused, and the dialog
    /// says which agents those are.
    pub fn delete(self, tools: Vec<ToolRef>, then: Callback<()>) {
        let one = tools.len() == 1;
        let title = match tools.as_slice() {
            [(_, name)] => format!("Delete {name}?"),
            many => format!("Delete {} tools?", many.len()),
        };
        let names: Vec<_> = tools.iter().map(|(_, name)| name.as_str()).collect();
        let names = if one {
            String::new()
        } else {
            format!("{}. ", names.join(", "))
        };
        let consequence = format!(
            "{names}Its secret and its copy at the provider go too. Calls that have used it stay. This cannot be undone."
        );
        let toasts = self.toasts;
        let run = move || {
            let tools = tools.clone();
            async move {
                for (id, _) in &tools {
                    let gone = delete_tool(self.org.get_value(), id_of(id)?).await;
                    self.changed.run(());
                    // Somebody else was faster: what was asked for has happened.
                    if let Err(error) = gone
                        && !matches!(error.0, switchboard::Error::NotFound)
                    {
                        return Err(error);
                    }
                }
                let words = match tools.as_slice() {
                    [(_, name)] => format!("{name} deleted"),
                    many => format!("{} tools deleted", many.len()),
                };
                toasts.say(Toast::done(words));
                then.run(());
                Ok(())
            }
        };
        let (verb, keep) = if one {
            ("Delete tool", "Keep it")
        } else {
            ("Delete tools", "Keep them")
        };
        self.asking.ask(Question::new(title, consequence, verb, run).keep(keep));
    }
}
