//! Fields: a label, a control, help, and what is wrong with it, tied together for eyes and ears alike.
//!
//! `path` is the field's place in the request (`variables[2].name`): its errors are found by it and its id is made of
//! it. Without `on_input` a field keeps its own text, as a plain form does; with it, the text lives in a signal.

use leptos::prelude::*;
use switchboard::error::FieldError;

use super::{
    form::FormState,
    icon::icon,
    reactive::{Live, aria_flag, dynamic, reactive_bool, reactive_text},
};

/// The id of the control at this path.
pub fn field_id(path: &str) -> String {
    let mut id = String::with_capacity(path.len() + 2);
    id.push_str("f-");
    id.extend(
        path.chars()
            .filter(|c| *c != ']')
            .map(|c| if matches!(c, '[' | '.') { '-' } else { c }),
    );
    id
}

/// What stands around a control.
#[derive(Clone)]
struct Around {
    id: String,
    error: Memo<Option<FieldError>>,
}

impl Around {
    fn new(path: &str) -> Self {
        let form = use_context::<FormState>();
        if let Some(form) = form {
            form.claim(path);
        }
        let path = path.to_owned();
        let id = field_id(&path);
        let error = Memo::new(move |_| form.and_then(|form| form.error_at(&path)));
        Self { id, error }
    }

    fn invalid(&self) -> Live<Option<&'static str>> {
        let error = self.error;
        aria_flag(move || error.with(Option::is_some))
    }

    fn described_by(&self) -> String {
        format!("{0}-err {0}-help", self.id)
    }

    fn frame(self, label: String, optional: bool, help: String, control: AnyView) -> AnyView {
        let optional = optional.then(|| view! { <span class="opt">" optional"</span> });
        view! {
            <div class="field">
                <label for=self.id.clone()>{label}{optional}</label>
                {control}
                {self.below(help)}
            </div>
        }
        .into_any()
    }

    fn below(self, help: String) -> AnyView {
        let error = self.error;
        let help_id = format!("{}-help", self.id);
        view! {
            <p class="err" id=format!("{}-err", self.id) hidden=reactive_bool(move || error.with(Option::is_none))>
                {icon("warn")}
                <span>{complaint(error)}</span>
            </p>
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
        }
        .into_any()
    }
}

/// What is wrong, and the way to what is in the way.
pub fn complaint(error: Memo<Option<FieldError>>) -> AnyView {
    dynamic(move || {
        error
            .get()
            .map(|error| {
                let link = error.link.map(|to| view! { " "<a href=to>"Open it"</a> });
                view! { {error.message}{link} }
            })
            .into_any()
    })
}

/// What a box shows: the signal, or for ever what it began with.
fn shown(value: Signal<String>, live: bool) -> Signal<String> {
    if live {
        value
    } else {
        Signal::stored(value.get_untracked())
    }
}

/// A control of the caller's own between label, help and error.
#[component]
pub fn Field(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] help: String,
    #[prop(optional)] optional: bool,
    children: Children,
) -> impl IntoView {
    Around::new(&path).frame(label, optional, help, children().into_any())
}

#[component]
pub fn TextField(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    /// As the form sends it, where that is not the path: `draft[name]`.
    #[prop(into, optional)]
    name: Option<String>,
    #[prop(into, optional)] value: Signal<String>,
    #[prop(into, optional)] on_input: Option<Callback<String>>,
    /// `email`, `password`, `number`, `tel`; `masked` is a secret that is nobody's password, so that no browser offers
    /// to make one up or to keep it.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(into, optional)] help: String,
    #[prop(into, optional)] placeholder: String,
    #[prop(optional)] optional: bool,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] mono: bool,
    #[prop(optional)] autofocus: bool,
    /// The id of a list of what it could be.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Unit or hint at the end of the box.
    #[prop(optional)]
    unit: &'static str,
) -> impl IntoView {
    let around = Around::new(&path);
    let live = on_input.is_some();
    let masked = kind == "masked";
    let class = match (masked, mono) {
        (true, _) => "input mono masked",
        (false, true) => "input mono",
        (false, false) => "input",
    };
    let control = view! {
        <input
            class=class
            id=around.id.clone()
            name=name.unwrap_or(path)
            type=if masked { "text" } else { kind }
            spellcheck=masked.then_some("false")
            value=value.get_untracked()
            prop:value=shown(value, live)
            placeholder=placeholder
            autocomplete=autocomplete
            autofocus=autofocus
            list=list
            inputmode=(kind == "number").then_some("numeric")
            aria-invalid=around.invalid()
            aria-describedby=around.described_by()
            on:input=move |event| {
                if let Some(on_input) = on_input {
                    on_input.run(event_target_value(&event));
                }
            }
        />
    };
    let control = if unit.is_empty() {
        control.into_any()
    } else {
        view! { <span class="affix">{control}<span>{unit}</span></span> }.into_any()
    };
    around.frame(label, optional, help, control)
}

#[component]
pub fn TextArea(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] name: Option<String>,
    #[prop(into, optional)] value: Signal<String>,
    #[prop(into, optional)] on_input: Option<Callback<String>>,
    #[prop(into, optional)] help: String,
    #[prop(into, optional)] placeholder: String,
    #[prop(optional)] optional: bool,
    #[prop(default = 3)] rows: u16,
    #[prop(default = "textarea")] class: &'static str,
) -> impl IntoView {
    let around = Around::new(&path);
    let live = on_input.is_some();
    let control = view! {
        <textarea
            class=class
            id=around.id.clone()
            name=name.unwrap_or(path)
            rows=rows
            placeholder=placeholder
            prop:value=shown(value, live)
            aria-invalid=around.invalid()
            aria-describedby=around.described_by()
            on:input=move |event| {
                if let Some(on_input) = on_input {
                    on_input.run(event_target_value(&event));
                }
            }
        >
            {value.get_untracked()}
        </textarea>
    }
    .into_any();
    around.frame(label, optional, help, control)
}

/// One of several, as value and words.
#[component]
pub fn Select(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] name: Option<String>,
    #[prop(into)] options: Vec<(String, String)>,
    #[prop(into, optional)] value: Signal<String>,
    #[prop(into, optional)] on_change: Option<Callback<String>>,
    #[prop(into, optional)] help: String,
) -> impl IntoView {
    let around = Around::new(&path);
    let live = on_change.is_some();
    let first = value.get_untracked();
    let options = options
        .into_iter()
        .map(|(option, words)| {
            let chosen = option == first;
            let this = option.clone();
            view! {
                <option
                    value=option
                    selected=chosen
                    prop:selected=reactive_bool(move || if live { value.with(|value| *value == this) } else { chosen })
                >
                    {words}
                </option>
            }
        })
        .collect_view();
    let control = view! {
        <span class="select">
            <select
                id=around.id.clone()
                name=name.unwrap_or(path)
                aria-invalid=around.invalid()
                aria-describedby=around.described_by()
                on:change=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event_target_value(&event));
                    }
                }
            >
                {options}
            </select>
            {icon("down")}
        </span>
    }
    .into_any();
    around.frame(label, false, help, control)
}

/// On or off, with what that means below.
#[component]
pub fn Switch(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] name: Option<String>,
    #[prop(into, optional)] help: String,
    #[prop(into, optional)] value: Signal<bool>,
    #[prop(into, optional)] on_change: Option<Callback<bool>>,
) -> impl IntoView {
    toggle(path, label, name, help, value, on_change, true)
}

/// A box to tick.
#[component]
pub fn Check(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] name: Option<String>,
    #[prop(into, optional)] help: String,
    #[prop(into, optional)] value: Signal<bool>,
    #[prop(into, optional)] on_change: Option<Callback<bool>>,
) -> impl IntoView {
    toggle(path, label, name, help, value, on_change, false)
}

fn toggle(
    path: String,
    label: String,
    name: Option<String>,
    help: String,
    value: Signal<bool>,
    on_change: Option<Callback<bool>>,
    switch: bool,
) -> AnyView {
    let id = field_id(&path);
    let live = on_change.is_some();
    let control = view! {
        <input
            type="checkbox"
            class=switch.then_some("switch")
            role=switch.then_some("switch")
            id=id
            name=name.unwrap_or(path)
            value="true"
            checked=value.get_untracked()
            prop:checked=reactive_bool(move || if live { value.get() } else { value.get_untracked() })
            on:change=move |event| {
                if let Some(on_change) = on_change {
                    on_change.run(event_target_checked(&event));
                }
            }
        />
    };
    let words = view! { <span>{label}{(!help.is_empty()).then(|| view! { <small>{help}</small> })}</span> };
    if switch {
        view! { <label class="switch-row">{words}{control}</label> }.into_any()
    } else {
        view! { <label class="check">{control}{words}</label> }.into_any()
    }
}

/// A number chosen by feel, with what it means beside it.
#[component]
pub fn Range(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    min: i32,
    max: i32,
    step: i32,
    #[prop(into)] value: Signal<i32>,
    #[prop(into)] on_input: Callback<i32>,
    /// Says the number in its unit.
    words: fn(i32) -> String,
    #[prop(into, optional)] help: String,
) -> impl IntoView {
    let around = Around::new(&path);
    let control = view! {
        <span class="range">
            <input
                type="range"
                id=around.id.clone()
                name=path
                min=min
                max=max
                step=step
                value=value.get_untracked()
                prop:value=reactive_text(move || value.get().to_string())
                aria-valuetext=reactive_text(move || words(value.get()))
                aria-invalid=around.invalid()
                aria-describedby=around.described_by()
                on:input=move |event| {
                    if let Ok(number) = event_target_value(&event).parse() {
                        on_input.run(number);
                    }
                }
            />
            <output for=around.id.clone()>{reactive_text(move || words(value.get()))}</output>
        </span>
    }
    .into_any();
    around.frame(label, false, help, control)
}

#[cfg(test)]
mod tests {
    use super::field_id;

    #[test]
    fn a_path_becomes_an_id_that_selectors_can_use() {
        assert_eq!(field_id("variables[2].name"), "f-variables-2-name");
    }
}
