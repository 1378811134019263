//! Confirmations: one dialog that names what is about to be destroyed and stays until it is.

use std::{future::Future, pin::Pin, sync::Arc};

use leptos::{html, prelude::*, task::spawn_local};

use super::{
    dialog::show_while,
    fault::error_banner,
    icon::icon,
    reactive::{aria_bool, dynamic},
};
use crate::AppError;

type Run = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), AppError>>>> + Send + Sync>;

/// What is asked before something is gone.
#[derive(Clone)]
pub struct Question {
    /// Names the thing: "Delete Front desk?"
    pub title: String,
    /// What it means for others.
    pub consequence: String,
    /// "Delete agent".
    pub verb: &'static str,
    /// "Keep it".
    pub keep: &'static str,
    run: Run,
}

impl Question {
    pub fn new<F>(
        title: impl Into<String>,
        consequence: impl Into<String>,
        verb: &'static str,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), AppError>> + 'static,
    {
        Self {
            title: title.into(),
            consequence: consequence.into(),
            verb,
            keep: "Keep it",
            run: Arc::new(move || Box::pin(run())),
        }
    }

    pub fn keep(mut self, keep: &'static str) -> Self {
        self.keep = keep;
        self
    }
}

#[derive(Clone, Copy)]
pub struct Asking {
    question: RwSignal<Option<Question>>,
    open: RwSignal<bool>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<AppError>>,
}

pub fn provide_confirm() {
    provide_context(Asking {
        question: RwSignal::new(None),
        open: RwSignal::new(false),
        busy: RwSignal::new(false),
        failure: RwSignal::new(None),
    });
}

pub fn use_confirm() -> Asking {
    use_context().expect("App provides the confirmation")
}

impl Asking {
    pub fn ask(self, question: Question) {
        self.failure.set(None);
        self.busy.set(false);
        self.question.set(Some(question));
        self.open.set(true);
    }

    fn yes(self) {
        let Some(question) = self.question.get_untracked() else {
            return;
        };
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let outcome = (question.run)().await;
            self.busy.set(false);
            match outcome {
                Ok(()) => self.open.set(false),
                Err(error) => {
                    self.failure.set(Some(error));
                    // Whoever has closed it meanwhile wants to know all the same.
                    self.open.set(true);
                }
            }
        });
    }

    /// A closed dialog has nothing to say any more.
    fn closed(self) {
        self.open.set(false);
        self.failure.set(None);
    }
}

#[component]
pub fn Confirm() -> impl IntoView {
    let asking = use_confirm();
    let node = NodeRef::<html::Dialog>::new();
    show_while(node, asking.open);
    let text = move |get: fn(&Question) -> String| {
        Signal::derive(move || asking.question.with(|q| q.as_ref().map(get).unwrap_or_default()))
    };
    view! {
        <dialog class="dialog w-sm" aria-labelledby="confirm-title" aria-describedby="confirm-body" node_ref=node on:close=move |_| asking.closed()>
            <div class="d-head">
                <div>
                    <h2 id="confirm-title">{text(|q| q.title.clone())}</h2>
                    <p id="confirm-body">{text(|q| q.consequence.clone())}</p>
                </div>
                <button type="button" class="btn icon-only quiet sm" aria-label="Close" title="Close" on:click=move |_| asking.open.set(false)>
                    {icon("x")}
                </button>
            </div>
            <div class="d-body">{dynamic(move || asking.failure.get().map(|error| error_banner(&error.0)).into_any())}</div>
            <div class="d-foot">
                <button type="button" class="btn quiet" data-first="" on:click=move |_| asking.open.set(false)>
                    {text(|q| q.keep.to_owned())}
                </button>
                <button type="button" class="btn danger solid" aria-busy=aria_bool(move || asking.busy.get()) on:click=move |_| asking.yes()>
                    {text(|q| q.verb.to_owned())}
                </button>
            </div>
        </dialog>
    }
}
