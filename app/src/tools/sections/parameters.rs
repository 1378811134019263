//! Parameters: what a request carries, where it stands, and who fills it in.

use leptos::prelude::*;
use serde_json::Value;
use switchboard::tools::{Automatic, Parameter, ParameterKind, Place};
use wasm_bindgen::JsCast;

use super::bound::{Bound, open, row_id};
use crate::{
    kit::{
        Check, FormState, Select, TagInput, TextArea, TextField, browser, dynamic, field_id, icon, keyed_list,
        laid_out, reactive_bool, reactive_text,
    },
    tools::{
        ToolEditor,
        shape::{Shape, choices, describe, description, sent_as, write_value},
    },
};

pub fn body(editor: ToolEditor) -> AnyView {
    // Rows are known by their place: a parameter has no name until it is given one.
    let count = Memo::new(move |_| editor.draft.with(|draft| draft.parameters.len()));
    let add = move |_| {
        editor.draft.update(|draft| draft.parameters.push(Parameter::default()));
        let at = count.get_untracked().saturating_sub(1);
        // Open, with the cursor where its name belongs.
        request_animation_frame(move || {
            open(at);
            browser::focus(&format!("#{}", field_id(&format!("parameters[{at}].name"))));
        });
    };
    let none = dynamic(move || {
        let none = (count.get() == 0).then(|| {
            view! { <p class="s13 muted">"None yet. A parameter is a value that the agent finds out, that is always the same, or that the call knows."</p> }
        });
        none.into_any()
    });
    view! {
        {none}
        <div class="params">{keyed_list(move || (0..count.get()).collect(), usize::to_string, move |i| line(editor, i))}</div>
        <div class="cluster between">
            <button type="button" class="btn sm" on:click=add>{icon("plus")}"Add a parameter"</button>
            <span class="small muted wide" hidden=reactive_bool(move || count.get() < 2)>"Alt and ↑ or ↓ moves one"</span>
        </div>
    }
    .into_any()
}

fn line(editor: ToolEditor, i: usize) -> AnyView {
    let row = Bound { editor, i };
    let name = row.memo(|parameter| parameter.name.clone());
    let kind = row.memo(|parameter| parameter.kind);
    let form = use_context::<FormState>();
    let errors = Memo::new(move |_| form.map_or(0, |form| form.errors_under(&format!("parameters[{i}]."))));
    let keys = move |event: web_sys::KeyboardEvent| {
        let to = match event.key().as_str() {
            "ArrowUp" if event.alt_key() => i.checked_sub(1),
            "ArrowDown" if event.alt_key() => Some(i + 1),
            _ => return,
        };
        let on_summary = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| element.tag_name().eq_ignore_ascii_case("summary"));
        if on_summary {
            event.prevent_default();
            row.step(to, "summary");
        }
    };
    let title = reactive_text(move || {
        name.with(|name| {
            if name.is_empty() {
                "New parameter".to_owned()
            } else {
                name.clone()
            }
        })
    });
    let badge = dynamic(move || match errors.get() {
        0 => ().into_any(),
        errors => view! { " "<span class="badge bad">{errors}" to fix"</span> }.into_any(),
    });
    let filler = dynamic(move || {
        let (kind, words) = row.read(|parameter| (parameter.kind, filler(parameter)));
        let class = match kind {
            ParameterKind::Dynamic => "badge info",
            ParameterKind::Static => "badge",
            ParameterKind::Automatic => "badge ok",
        };
        view! { <span class=class>{kind.label()}</span><small>{words}</small> }.into_any()
    });
    view! {
        <details class="param" id=row_id(i) aria-label=reactive_text(move || format!("Parameter {}", name.get()))>
            <summary on:keydown=keys>
                <span><b>{title}</b>{badge}<small>{reactive_text(move || row.read(told))}</small></span>
                <span class="small muted">{reactive_text(move || row.read(place_of))}</span>
                <span class="filler">{filler}</span>
                {icon("down")}
            </summary>
            <div class="body stack s3">
                {fields(row, kind)}
                {foot(row, name)}
            </div>
        </details>
    }
    .into_any()
}

/// What the model is told about it, where it is told anything.
fn told(parameter: &Parameter) -> String {
    match parameter.kind {
        ParameterKind::Dynamic => description(&parameter.schema).to_owned(),
        ParameterKind::Static | ParameterKind::Automatic => String::new(),
    }
}

fn place_of(parameter: &Parameter) -> String {
    parameter.place.label().to_owned()
}

/// Who fills it in, with what.
fn filler(parameter: &Parameter) -> String {
    match parameter.kind {
        ParameterKind::Dynamic => {
            let needed = parameter.required || parameter.place == Place::Path;
            let shape = Shape::of(&parameter.schema).label();
            if needed {
                shape.to_owned()
            } else {
                format!("{shape}, optional")
            }
        }
        ParameterKind::Static => format!("always {}", write_value(&parameter.value)),
        ParameterKind::Automatic => parameter.automatic.label().to_owned(),
    }
}

fn fields(row: Bound, kind: Memo<ParameterKind>) -> AnyView {
    let options = |words: &[(&str, &str)]| -> Vec<(String, String)> {
        words
            .iter()
            .map(|(word, label)| ((*word).to_owned(), (*label).to_owned()))
            .collect()
    };
    let places = options(&Place::ALL.map(|place| (place.word(), place.label())));
    let kinds = options(&ParameterKind::ALL.map(|kind| (kind.word(), kind.label())));
    let name = row.memo(|parameter| parameter.name.clone());
    let place = row.memo(|parameter| parameter.place.word().to_owned());
    let filled_by = row.memo(|parameter| parameter.kind.word().to_owned());
    let inside = dynamic(move || match kind.get() {
        ParameterKind::Dynamic => from_the_agent(row),
        ParameterKind::Static => fixed(row),
        ParameterKind::Automatic => automatic(row),
    });
    view! {
        <div class="form-grid">
            <TextField path=row.path("name") label="Name" mono=true value=name autocomplete="off"
                on_input=row.input(|parameter, typed| parameter.name = typed)/>
            <Select path=row.path("place") label="Place" options=places value=place
                on_change=row.input(|parameter, word| parameter.place = place_named(&word))/>
            <Select path=row.path("kind") label="Filled by" options=kinds value=filled_by
                on_change=row.input(|parameter, word| parameter.kind = kind_named(&word))/>
        </div>
        <p class="help">{reactive_text(move || meaning(kind.get()).to_owned())}</p>
        {inside}
    }
    .into_any()
}

fn meaning(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Dynamic => "The agent finds it out while it talks.",
        ParameterKind::Static => "Always the same. The model does not see it.",
        ParameterKind::Automatic => "Put in from the call. The model does not see it.",
    }
}

fn place_named(word: &str) -> Place {
    Place::ALL
        .into_iter()
        .find(|place| place.word() == word)
        .unwrap_or_default()
}

fn kind_named(word: &str) -> ParameterKind {
    ParameterKind::ALL
        .into_iter()
        .find(|kind| kind.word() == word)
        .unwrap_or_default()
}

fn from_the_agent(row: Bound) -> AnyView {
    let shape = Memo::new(move |_| {
        row.read(|parameter| Some(Shape::of(&parameter.schema)))
            .unwrap_or(Shape::Text)
    });
    let is_own = Memo::new(move |_| shape.get() == Shape::Schema);
    let types = dynamic(move || {
        let options = Shape::SIMPLE
            .into_iter()
            .chain(is_own.get().then_some(Shape::Schema))
            .map(|shape| (shape.word().to_owned(), shape.label().to_owned()))
            .collect::<Vec<_>>();
        let value = Memo::new(move |_| shape.get().word().to_owned());
        let choose = Callback::new(move |word: String| {
            let Some(shape) = Shape::of_word(&word) else { return };
            row.write(|parameter| parameter.schema = shape.schema(&parameter.schema));
            // Where a schema of one's own goes, the choice is drawn anew.
            let choice = format!("#{}", field_id(&row.path("type")));
            request_animation_frame(move || {
                browser::focus(&choice);
            });
        });
        view! { <Select path=row.path("type") label="Type" options=options value=value on_change=choose/> }.into_any()
    });
    let about = row.memo(|parameter| description(&parameter.schema).to_owned());
    let one_of = Memo::new(move |_| shape.get() == Shape::OneOf);
    let list = dynamic(move || one_of.get().then(|| may_be(row)).into_any());
    let (schema, set_schema) = row.typed(
        |parameter| &parameter.schema,
        |schema| match schema {
            Value::String(typed) => typed.clone(),
            schema => laid_out(&schema.to_string()),
        },
        |parameter, schema| parameter.schema = schema,
    );
    let in_path = row.memo(|parameter| parameter.place == Place::Path);
    let required = Memo::new(move |_| in_path.get() || row.read(|parameter| parameter.required));
    let set_required = Callback::new(move |on| row.write(|parameter| parameter.required = on));
    let needed = dynamic(move || {
        if in_path.get() {
            view! { <p class="s13 muted">"What stands in the address is always required."</p> }.into_any()
        } else {
            view! { <Check path=row.path("required") label="Required" value=required on_change=set_required/> }
                .into_any()
        }
    });
    view! {
        <div class="form-grid">
            <TextField path=row.path("description") label="What the agent is told" value=about autocomplete="off"
                on_input=row.input(|parameter, words| describe(&mut parameter.schema, &words))/>
            <div>{types}</div>
        </div>
        {list}
        {needed}
        <details class="raw">
            <summary>"JSON Schema"</summary>
            <TextArea path=row.path("schema") label="JSON Schema" rows=5 class="textarea mono" value=schema on_input=set_schema
                help="For lengths, ranges, patterns, lists and objects"/>
        </details>
    }
    .into_any()
}

fn may_be(row: Bound) -> AnyView {
    let tags = row.memo(|parameter| choices(&parameter.schema));
    let set = Callback::new(move |all: Vec<String>| row.write(|parameter| parameter.schema["enum"] = all.into()));
    view! { <TagInput path=row.path("choices") label="May be" tags=tags on_change=set placeholder="Add a value" help="Enter adds one"/> }
        .into_any()
}

fn fixed(row: Bound) -> AnyView {
    let (value, set_value) = row.typed(
        |parameter| &parameter.value,
        write_value,
        |parameter, value| parameter.value = value,
    );
    let sent = row.memo(|parameter| sent_as(&parameter.value));
    view! {
        <TextField path=row.path("value") label="Value" mono=true value=value on_input=set_value autocomplete="off"
            help="{{name}} inserts a variable of the agent. In quotes, a number is a text."/>
        <p class="help">{reactive_text(move || format!("Sent as {}", sent.get()))}</p>
    }
    .into_any()
}

fn automatic(row: Bound) -> AnyView {
    let options: Vec<_> = Automatic::ALL
        .map(|known| (known.word().to_owned(), known.label().to_owned()))
        .into();
    let value = row.memo(|parameter| parameter.automatic.word().to_owned());
    let choose = row.input(|parameter, word| {
        parameter.automatic = Automatic::ALL
            .into_iter()
            .find(|known| known.word() == word)
            .unwrap_or_default();
    });
    view! { <Select path=row.path("automatic") label="From the call" options=options value=value on_change=choose/> }
        .into_any()
}

fn foot(row: Bound, name: Memo<String>) -> AnyView {
    let i = row.i;
    let last = Memo::new(move |_| row.editor.draft.with(|draft| i + 1 >= draft.parameters.len()));
    view! {
        <div class="cluster between">
            <span class="cluster tight-gap">
                <button type="button" class="btn quiet sm up" disabled={i == 0} aria-label=reactive_text(move || format!("Move {} up", name.get()))
                    on:click=move |_| row.step(i.checked_sub(1), ".up")>"↑ Up"</button>
                <button type="button" class="btn quiet sm down" disabled=reactive_bool(move || last.get()) aria-label=reactive_text(move || format!("Move {} down", name.get()))
                    on:click=move |_| row.step(Some(i + 1), ".down")>"↓ Down"</button>
            </span>
            <button type="button" class="btn quiet sm" aria-label=reactive_text(move || format!("Remove {}", name.get())) on:click=move |_| row.remove()>
                {icon("trash")}
                "Remove"
            </button>
        </div>
    }
    .into_any()
}
