//! Dialogs: the native element, opened by a signal, with what is inside drawn only while it is open.

use leptos::{html, prelude::*};

use super::{
    browser,
    icon::icon,
    reactive::{dynamic, effect},
};

#[component]
pub fn Dialog(
    #[prop(into)] id: String,
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    /// One line below the title.
    #[prop(into, optional)]
    sub: Signal<String>,
    /// `w-sm`, `w-lg`, `drawer`.
    #[prop(optional)]
    class: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    show_while(node, open);
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let body = StoredValue::new(children);
    view! {
        <dialog class=format!("dialog {class}") id=id aria-labelledby=labelled_by node_ref=node on:close=move |_| open.set(false)>
            <div class="d-head">
                <div>
                    <h2 id=heading>{title}</h2>
                    <p>{sub}</p>
                </div>
                <button type="button" class="btn icon-only quiet sm" aria-label="Close" title="Close" on:click=move |_| open.set(false)>
                    {icon("x")}
                </button>
            </div>
            {dynamic(move || open.get().then(|| body.with_value(|body| body())).into_any())}
        </dialog>
    }
}

/// Opens and closes with the signal. Opens a frame late, when what is inside is there to take the focus.
pub fn show_while(node: NodeRef<html::Dialog>, open: RwSignal<bool>) {
    effect(move || {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            request_animation_frame(move || {
                if !dialog.open() && dialog.is_connected() {
                    let _ = dialog.show_modal();
                    // What is drawn into an open page cannot ask for the focus by itself.
                    browser::focus_within(&dialog, "[data-first]");
                }
            });
        } else if dialog.open() {
            dialog.close();
        }
    });
}
