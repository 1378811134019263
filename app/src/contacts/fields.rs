//! The fields of a contact: who it is, how to reach them, and whatever else one wants to know.

use std::collections::BTreeMap;

use leptos::prelude::*;
use switchboard::{Error, agents::LANGUAGES, check::Check};

use super::edit::Editor;
use crate::{
    calls::dials,
    folders::{FolderPanel, choices},
    kit::{Select, TagInput, TextArea, TextField, ZoneField, dynamic, icon, keyed_list, reactive_text},
};

pub fn fields(editor: Editor, (folders, facets): &FolderPanel) -> AnyView {
    let (name, set_name) = editor.text(|draft| &draft.name, |draft| &mut draft.name);
    let (phone, set_phone) = editor.text(|draft| &draft.phone, |draft| &mut draft.phone);
    let (email, set_email) = editor.text(|draft| &draft.email, |draft| &mut draft.email);
    let (company, set_company) = editor.text(|draft| &draft.company, |draft| &mut draft.company);
    let (notes, set_notes) = editor.text(|draft| &draft.notes, |draft| &mut draft.notes);
    let (language, set_language) = editor.text(|draft| &draft.language, |draft| &mut draft.language);
    let (zone, set_zone) = editor.text(|draft| &draft.time_zone, |draft| &mut draft.time_zone);
    let folder = Memo::new(move |_| {
        let folder = editor.draft.with(|draft| draft.folder_id);
        folder.map(|id| id.to_string()).unwrap_or_default()
    });
    let set_folder = Callback::new(move |id: String| editor.draft.update(|draft| draft.folder_id = id.parse().ok()));
    let tags = Memo::new(move |_| editor.draft.with(|draft| draft.tags.clone()));
    let set_tags = Callback::new(move |tags| editor.draft.update(|draft| draft.tags = tags));
    let languages = languages(&language.get_untracked());
    let folders = choices(folders, "No folder");
    let known = Signal::stored(facets.tags.clone());
    view! {
        <div class="split">
            <div class="stack">
                <section class="card" aria-labelledby="who">
                    <header><h2 id="who">"Who it is"</h2></header>
                    <div class="body form-grid">
                        <TextField path="name" label="Name" value=name on_input=set_name autocomplete="off"/>
                        <div class="stack s2">
                            <TextField path="phone" label="Phone number" kind="tel" mono=true value=phone on_input=set_phone autocomplete="off"
                                placeholder="+1 415 555 0100" help="With its country code. One contact has it."/>
                            {dials(phone.into())}
                        </div>
                        <TextField path="email" label="Email" kind="email" optional=true value=email on_input=set_email autocomplete="off"/>
                        <TextField path="company" label="Company" optional=true value=company on_input=set_company autocomplete="off"/>
                    </div>
                </section>
                {custom_fields(editor.custom)}
                <section class="card" aria-labelledby="notes">
                    <header><h2 id="notes">"Notes"</h2></header>
                    <div class="body">
                        <TextArea path="notes" label="What your team should know" optional=true rows=5 value=notes on_input=set_notes/>
                    </div>
                </section>
            </div>
            <section class="card" aria-labelledby="sorted">
                <header><h2 id="sorted">"Where it belongs"</h2></header>
                <div class="body stack">
                    <Select path="folder_id" label="Folder" options=folders value=folder on_change=set_folder/>
                    <TagInput path="tags" label="Tags" tags=tags on_change=set_tags known=known help="Enter adds one. Lists can be narrowed to a tag."/>
                    <Select path="language" label="Language" options=languages value=language on_change=set_language/>
                    <ZoneField path="time_zone" optional=true value=zone on_input=set_zone/>
                </div>
            </section>
        </div>
    }
    .into_any()
}

/// Those there are names for, and the contact's own.
fn languages(own: &str) -> Vec<(String, String)> {
    let mut options = vec![(String::new(), "Not known".to_owned())];
    options.extend(LANGUAGES.map(|(tag, name)| (tag.to_owned(), name.to_owned())));
    if !options.iter().any(|(tag, _)| tag == own) {
        options.push((own.to_owned(), own.to_owned()));
    }
    options
}

/// Custom fields as they are typed: name and value of each.
#[derive(Clone, Copy)]
pub struct CustomFields(RwSignal<Vec<(String, String)>>);

impl CustomFields {
    pub fn of(custom: &BTreeMap<String, String>) -> Self {
        let fields = Self(RwSignal::new(Vec::new()));
        fields.set(custom);
        fields
    }

    pub fn set(self, custom: &BTreeMap<String, String>) {
        self.0.set(
            custom
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        );
    }

    /// As the contact has them. One with nothing in it is none.
    pub fn values(self) -> BTreeMap<String, String> {
        self.0.with(|fields| {
            let filled = fields
                .iter()
                .filter(|(name, value)| !name.trim().is_empty() || !value.is_empty());
            filled
                .map(|(name, value)| (name.trim().to_owned(), value.clone()))
                .collect()
        })
    }

    /// No two have one name: the contact would keep one of them.
    pub fn check(self) -> Result<(), Error> {
        let mut check = Check::default();
        self.0.with(|fields| {
            for (i, (name, _)) in fields.iter().enumerate() {
                let name = name.trim();
                if !name.is_empty() && fields[..i].iter().any(|(other, _)| other.trim() == name) {
                    check.fail(
                        format!("custom_fields[{i}].name"),
                        "Another custom field has this name.",
                    );
                }
            }
        });
        check.finish()
    }

    /// The field on the page of what a check calls `custom.Patient`.
    pub fn field_of(self, path: &str) -> String {
        let Some(name) = path.strip_prefix("custom.") else {
            return path.to_owned();
        };
        let at = self.0.with(|fields| {
            fields
                .iter()
                .position(|(other, value)| other.trim() == name && !(name.is_empty() && value.is_empty()))
        });
        let part = if (1..=NAME).contains(&name.chars().count()) {
            "value"
        } else {
            "name"
        };
        at.map_or_else(|| "custom".to_owned(), |at| format!("custom_fields[{at}].{part}"))
    }
}

/// The longest name of a value.
const NAME: usize = 60;

fn custom_fields(fields: CustomFields) -> AnyView {
    let CustomFields(signal) = fields;
    // They are known by their place: one has no name until it is given one.
    let count = Memo::new(move |_| signal.with(Vec::len));
    let add = move |_| signal.update(|fields| fields.push(Default::default()));
    let none = dynamic(move || {
        (count.get() == 0)
            .then(
                || view! { <p class="s13 muted">"None yet. One has a name, such as Patient number, and a value."</p> },
            )
            .into_any()
    });
    view! {
        <section class="card" aria-labelledby="custom">
            <header><h2 id="custom">"Custom fields"</h2></header>
            <div class="body stack s3">
                {none}
                <div class="cards-in">
                    {keyed_list(move || (0..count.get()).collect(), usize::to_string, move |i| custom_field(signal, i))}
                </div>
                <div><button type="button" class="btn sm" on:click=add>{icon("plus")}"Add a custom field"</button></div>
            </div>
        </section>
    }
    .into_any()
}

/// One of them, bound by its place; reading past the end happens for a moment while one is taken away.
fn custom_field(fields: RwSignal<Vec<(String, String)>>, i: usize) -> AnyView {
    let name = Memo::new(move |_| fields.with(|fields| fields.get(i).map(|field| field.0.clone()).unwrap_or_default()));
    let value =
        Memo::new(move |_| fields.with(|fields| fields.get(i).map(|field| field.1.clone()).unwrap_or_default()));
    let change = move |change: fn(&mut (String, String), String)| {
        Callback::new(move |text: String| {
            fields.update(|fields| {
                if let Some(field) = fields.get_mut(i) {
                    change(field, text);
                }
            });
        })
    };
    let remove = move |_| fields.update(|fields| drop(fields.remove(i)));
    view! {
        <div class="custom-field" role="group" aria-label=reactive_text(move || format!("Custom field {}", i + 1))>
            <TextField path=format!("custom_fields[{i}].name") label="Name" value=name on_input=change(|field, text| field.0 = text) autocomplete="off"/>
            <TextField path=format!("custom_fields[{i}].value") label="Value" value=value on_input=change(|field, text| field.1 = text) autocomplete="off"/>
            <button type="button" class="btn icon-only quiet" on:click=remove title="Remove custom field"
                aria-label=reactive_text(move || format!("Remove custom field {}", name.get()))>{icon("trash")}</button>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(of: &[(&str, &str)]) -> CustomFields {
        CustomFields(RwSignal::new(
            of.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        ))
    }

    #[test]
    fn empty_custom_fields_are_none_and_names_are_told_once() {
        Owner::new().with(|| {
            let typed = typed(&[("Patient ", "7"), ("", ""), ("", "8"), ("Patient", "9")]);
            assert_eq!(typed.values().into_keys().collect::<Vec<_>>(), ["", "Patient"]);
            let wrong = typed.check().unwrap_err();
            assert_eq!(wrong.fields()[0].field, "custom_fields[3].name");
        });
    }

    #[test]
    fn a_complaint_finds_the_field_it_is_about() {
        Owner::new().with(|| {
            let long = "x".repeat(61);
            let typed = typed(&[("Patient", "7"), ("", ""), ("", "8"), (&long, "9")]);
            let fields = [
                "phone",
                "custom.Patient",
                "custom.",
                &format!("custom.{long}"),
                "custom.gone",
            ];
            let found: Vec<_> = fields.map(|path| typed.field_of(path)).into();
            assert_eq!(
                found,
                [
                    "phone",
                    "custom_fields[0].value",
                    "custom_fields[2].name",
                    "custom_fields[3].name",
                    "custom"
                ]
            );
        });
    }
}
