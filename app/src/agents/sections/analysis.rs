//! After the call: by what a call is judged, and what is read from it.

use leptos::prelude::*;
use switchboard::{
    agents::AgentDraft,
    analysis::{AnalysisField, AnalysisSettings, Criterion, FieldKind, MOST_CRITERIA, MOST_FIELDS, SummaryBy},
    text::capitalize,
    viewer::WritingHelp,
};

use crate::{
    agents::AgentEditor,
    kit::{
        Select, StatusDot, Switch, TagInput, TextArea, TextField, dynamic, icon, keyed_list, reactive_bool,
        reactive_text, status_dot,
    },
    viewer,
};

/// In one line, for the section's head.
pub fn sum(settings: &AnalysisSettings) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts = [
        counted(settings.criteria.len(), "criterion", "criteria"),
        counted(settings.fields.len(), "field", "fields"),
        settings.sentiment.then(|| "mood".to_owned()),
        Some("summary".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub fn body(editor: AgentEditor) -> AnyView {
    let summary = Memo::new(move |_| editor.draft.with(|draft| draft.analysis.summary.word().to_owned()));
    let set_summary = Callback::new(move |word: String| {
        let by = SummaryBy::ALL
            .into_iter()
            .find(|by| by.word() == word)
            .unwrap_or_default();
        editor.draft.update(|draft| draft.analysis.summary = by);
    });
    let writers = SummaryBy::ALL
        .map(|by| (by.word().to_owned(), by.label().to_owned()))
        .to_vec();
    let sentiment = Memo::new(move |_| editor.draft.with(|draft| draft.analysis.sentiment));
    let set_sentiment = Callback::new(move |on| editor.draft.update(|draft| draft.analysis.sentiment = on));
    let none = (viewer().installation.writing == WritingHelp::None).then(|| {
        view! {
            <p class="s13">
                {status_dot(StatusDot::Warn, "No language model is configured, so only Ultravox' own summary is written.")}
                <span class="muted">" What is chosen here counts once there is one."</span>
            </p>
        }
    });
    view! {
        <p class="s13 muted">"When a call is over, its transcript is read: whether the call was a success, what was said about the things you name, and how the other side felt. Callers hear nothing of it."</p>
        {none}
        <div class="form-grid">
            <Select path="analysis.summary" label="Summary by" options=writers value=summary on_change=set_summary
                help="Ultravox writes one of every call, at no cost"/>
        </div>
        <Switch path="analysis.sentiment" label="Judge the mood of the other side" value=sentiment on_change=set_sentiment/>
        {criteria(editor)}
        {fields(editor)}
    }
    .into_any()
}

fn criteria(editor: AgentEditor) -> AnyView {
    let count = Memo::new(move |_| editor.draft.with(|draft| draft.analysis.criteria.len()));
    let add = Callback::new(move |()| {
        let another = |draft: &mut AgentDraft| draft.analysis.criteria.push(Criterion::default());
        editor.draft.update(another);
    });
    let list = List {
        title: "Success criteria",
        none: "None yet. A call is a success when all of them are met.",
        another: "Add a criterion",
        most: MOST_CRITERIA,
    };
    list.draw(count, add, move |i| criterion(editor, i))
}

/// Questions of one kind, and a button that adds one.
struct List {
    title: &'static str,
    /// Said where there are none.
    none: &'static str,
    another: &'static str,
    most: usize,
}

impl List {
    fn draw(
        self,
        count: Memo<usize>,
        add: Callback<()>,
        one: impl Fn(usize) -> AnyView + Clone + Send + Sync + 'static,
    ) -> AnyView {
        let Self {
            title,
            none,
            another,
            most,
        } = self;
        let none = dynamic(move || {
            (count.get() == 0)
                .then(|| view! { <p class="s13 muted">{none}</p> })
                .into_any()
        });
        view! {
            <h3>{title}</h3>
            {none}
            <div class="cards-in">{keyed_list(move || (0..count.get()).collect(), usize::to_string, one)}</div>
            <div hidden=reactive_bool(move || count.get() >= most)>
                <button type="button" class="btn sm" on:click=move |_| add.run(())>{icon("plus")}{another}</button>
            </div>
        }
        .into_any()
    }
}

/// One question: what it is called, its fields, and a button that takes it away.
fn card(kind: &'static str, name: Memo<String>, fields: AnyView, remove: Callback<()>) -> AnyView {
    let label = reactive_text(move || format!("{} {}", capitalize(kind), name.get()));
    let removal = reactive_text(move || format!("Remove {kind} {}", name.get()));
    view! {
        <div class="card-in" role="group" aria-label=label>
            <div class="form-grid">{fields}</div>
            <div class="cluster between">
                <span></span>
                <button type="button" class="btn quiet sm" on:click=move |_| remove.run(()) aria-label=removal>{icon("trash")}"Remove"</button>
            </div>
        </div>
    }
    .into_any()
}

/// Bound by its place, as variables are.
fn criterion(editor: AgentEditor, i: usize) -> AnyView {
    let read = move |get: fn(&Criterion) -> String| {
        Memo::new(move |_| {
            editor
                .draft
                .with(|draft| draft.analysis.criteria.get(i).map(get).unwrap_or_default())
        })
    };
    let write = move |set: fn(&mut Criterion, String)| {
        Callback::new(move |text: String| {
            editor.draft.update(|draft| {
                if let Some(criterion) = draft.analysis.criteria.get_mut(i) {
                    set(criterion, text);
                }
            });
        })
    };
    let name = read(|criterion| criterion.name.clone());
    let remove = Callback::new(move |()| editor.draft.update(|draft| drop(draft.analysis.criteria.remove(i))));
    let fields = view! {
        <TextField path=format!("analysis.criteria[{i}].name") label="Name" value=name autocomplete="off" placeholder="Visit booked"
            on_input=write(|criterion, text| criterion.name = text)/>
        <TextArea path=format!("analysis.criteria[{i}].description") label="When it is met" optional=true rows=2
            placeholder="The person agreed to a day and a time"
            value=read(|criterion| criterion.description.clone()) on_input=write(|criterion, text| criterion.description = text)/>
    };
    card("criterion", name, fields.into_any(), remove)
}

fn fields(editor: AgentEditor) -> AnyView {
    let count = Memo::new(move |_| editor.draft.with(|draft| draft.analysis.fields.len()));
    let add = Callback::new(move |()| {
        let another = |draft: &mut AgentDraft| draft.analysis.fields.push(AnalysisField::default());
        editor.draft.update(another);
    });
    let list = List {
        title: "Fields",
        none: "None yet. A field is a value that is read from each call, and that calls are found by.",
        another: "Add a field",
        most: MOST_FIELDS,
    };
    list.draw(count, add, move |i| field(editor, i))
}

fn field(editor: AgentEditor, i: usize) -> AnyView {
    let read = move |get: fn(&AnalysisField) -> String| {
        Memo::new(move |_| {
            editor
                .draft
                .with(|draft| draft.analysis.fields.get(i).map(get).unwrap_or_default())
        })
    };
    let update = move |set: &dyn Fn(&mut AnalysisField)| {
        editor.draft.update(|draft| {
            if let Some(field) = draft.analysis.fields.get_mut(i) {
                set(field);
            }
        });
    };
    let write = move |set: fn(&mut AnalysisField, String)| {
        Callback::new(move |text: String| update(&|field| set(field, text.clone())))
    };
    let name = read(|field| field.name.clone());
    let set_kind = Callback::new(move |word: String| {
        let kind = FieldKind::ALL
            .into_iter()
            .find(|kind| kind.word() == word)
            .unwrap_or_default();
        update(&|field| {
            field.kind = kind;
            if kind != FieldKind::Choice {
                field.choices.clear();
            }
        });
    });
    let choices = Memo::new(move |_| {
        let choices = |field: &AnalysisField| field.choices.clone();
        editor
            .draft
            .with(|draft| draft.analysis.fields.get(i).map(choices).unwrap_or_default())
    });
    let set_choices = Callback::new(move |choices: Vec<String>| update(&|field| field.choices.clone_from(&choices)));
    let is_choice = Memo::new(move |_| {
        let is_choice = |field: &AnalysisField| field.kind == FieldKind::Choice;
        editor
            .draft
            .with(|draft| draft.analysis.fields.get(i).is_some_and(is_choice))
    });
    let chosen = dynamic(move || {
        let input = is_choice.get().then(|| {
            view! {
                <TagInput path=format!("analysis.fields[{i}].choices") label="Choices" tags=choices on_change=set_choices
                    placeholder="Add a choice" help="Enter adds one."/>
            }
        });
        input.into_any()
    });
    let remove = Callback::new(move |()| editor.draft.update(|draft| drop(draft.analysis.fields.remove(i))));
    let kinds = FieldKind::ALL
        .map(|kind| (kind.word().to_owned(), kind.label().to_owned()))
        .to_vec();
    let fields = view! {
        <TextField path=format!("analysis.fields[{i}].name") label="Name" mono=true value=name autocomplete="off"
            placeholder="reason_for_visit" on_input=write(|field, text| field.name = text)/>
        <Select path=format!("analysis.fields[{i}].kind") label="Kind" options=kinds value=read(|field| field.kind.word().to_owned())
            on_change=set_kind/>
        <TextField path=format!("analysis.fields[{i}].description") label="What belongs there" optional=true autocomplete="off"
            value=read(|field| field.description.clone()) on_input=write(|field, text| field.description = text)/>
        {chosen}
    };
    card("field", name, fields.into_any(), remove)
}
