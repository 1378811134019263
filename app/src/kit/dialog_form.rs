//! Forms in dialogs: open until what was asked for is done, with what is wrong beside its field.

use std::{future::Future, pin::Pin, sync::Arc};

use leptos::{prelude::*, task::spawn_local};

use super::{
    browser,
    dialog::Dialog,
    form::{focus_first_error, form_state},
    reactive::aria_bool,
};
use crate::AppError;

/// Whether the dialog is open, and what became of what was sent.
#[derive(Clone, Copy)]
pub struct DialogForm {
    pub open: RwSignal<bool>,
    pending: RwSignal<bool>,
    failure: RwSignal<Option<AppError>>,
}

impl Default for DialogForm {
    fn default() -> Self {
        Self {
            open: RwSignal::new(false),
            pending: RwSignal::new(false),
            failure: RwSignal::new(None),
        }
    }
}

/// The words of a dialog.
pub struct Asks {
    pub id: &'static str,
    pub title: Signal<String>,
    /// One line below the title.
    pub sub: Signal<String>,
    /// On the button.
    pub verb: Signal<String>,
    /// Whether something is gone afterwards.
    pub destroys: bool,
}

impl DialogForm {
    pub fn show(self) {
        self.failure.set(None);
        self.open.set(true);
    }

    /// Waits for the answer: closes, or says what was wrong.
    pub fn send(self, answer: impl Future<Output = Result<(), AppError>> + 'static) {
        self.wait(Box::pin(answer));
    }

    fn wait(self, answer: Pin<Box<dyn Future<Output = Result<(), AppError>>>>) {
        if self.pending.get_untracked() {
            return;
        }
        self.failure.set(None);
        self.pending.set(true);
        spawn_local(async move {
            let answer = answer.await;
            self.pending.try_set(false);
            match answer {
                Ok(()) => drop(self.open.try_set(false)),
                Err(error) => {
                    self.failure.try_set(Some(error));
                    // Whoever has closed it meanwhile wants to know all the same. One that is open keeps its fields.
                    if self.open.try_get_untracked() == Some(false) {
                        self.open.set(true);
                    }
                    focus_first_error();
                }
            }
        });
    }

    /// The dialog. Its fields are drawn anew each time it opens; `send` is called with them filled in.
    pub fn draw(
        self,
        asks: Asks,
        fields: impl Fn() -> AnyView + Send + Sync + 'static,
        send: impl Fn() + Send + Sync + 'static,
    ) -> AnyView {
        self.dialog(asks, Arc::new(fields), Callback::new(move |()| send()))
    }

    /// Compiled once, whatever is asked for.
    fn dialog(self, asks: Asks, fields: Arc<dyn Fn() -> AnyView + Send + Sync>, send: Callback<()>) -> AnyView {
        let Asks {
            id,
            title,
            sub,
            verb,
            destroys,
        } = asks;
        let class = if destroys { "btn danger solid" } else { "btn primary" };
        let body = move || {
            let form = form_state(self.failure.into(), self.pending.into());
            let fields = fields();
            // A frame after the dialog has opened, which itself waits for one.
            request_animation_frame(|| {
                request_animation_frame(|| {
                    browser::focus("dialog[open] .d-body :is(input, select, textarea)");
                })
            });
            view! {
                <form method="post" novalidate on:submit=move |event: web_sys::SubmitEvent| {
                    event.prevent_default();
                    send.run(());
                }>
                    <div class="d-body stack s3">{form.notice()}{fields}</div>
                    <div class="d-foot">
                        <button type="button" class="btn quiet" on:click=move |_| self.open.set(false)>"Cancel"</button>
                        <button type="submit" class=class aria-busy=aria_bool(move || self.pending.get())>{verb}</button>
                    </div>
                </form>
            }
            .into_any()
        };
        view! { <Dialog id=id open=self.open title=title sub=sub class="w-sm">{body()}</Dialog> }.into_any()
    }
}
