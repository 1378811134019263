//! One parameter of the draft, bound by its place: read, written, moved and taken away.

use leptos::prelude::*;
use serde_json::Value;
use switchboard::tools::Parameter;

use crate::{
    kit::browser,
    tools::{ToolEditor, shape::read_value},
};

type Typed = (Memo<String>, Callback<String>);

pub fn row_id(i: usize) -> String {
    format!("parameter-{i}")
}

pub fn open(i: usize) {
    if let Some(fold) = browser::element(&row_id(i)) {
        let _ = fold.set_attribute("open", "");
    }
}

fn is_open(i: usize) -> bool {
    browser::element(&row_id(i)).is_some_and(|fold| fold.has_attribute("open"))
}

/// One parameter, bound by its place; reading past the end happens for a moment while one is taken away.
#[derive(Clone, Copy)]
pub struct Bound {
    pub editor: ToolEditor,
    pub i: usize,
}

impl Bound {
    pub fn read<T: Default>(self, get: impl FnOnce(&Parameter) -> T) -> T {
        self.editor
            .draft
            .with(|draft| draft.parameters.get(self.i).map(get).unwrap_or_default())
    }

    pub fn memo<T: Default + PartialEq + Send + Sync + 'static>(self, get: fn(&Parameter) -> T) -> Memo<T> {
        Memo::new(move |_| self.read(get))
    }

    pub fn write(self, set: impl FnOnce(&mut Parameter)) {
        self.editor.draft.update(|draft| {
            if let Some(parameter) = draft.parameters.get_mut(self.i) {
                set(parameter);
            }
        });
    }

    pub fn input(self, set: fn(&mut Parameter, String)) -> Callback<String> {
        Callback::new(move |typed: String| self.write(|parameter| set(parameter, typed)))
    }

    pub fn path(self, field: &str) -> String {
        format!("parameters[{}].{field}", self.i)
    }

    /// A JSON value as it is typed: what was typed is shown as long as it means what the draft says.
    pub fn typed(
        self,
        get: fn(&Parameter) -> &Value,
        show: fn(&Value) -> String,
        set: fn(&mut Parameter, Value),
    ) -> Typed {
        let typed = RwSignal::new(self.editor.draft.with_untracked(|draft| {
            draft
                .parameters
                .get(self.i)
                .map(|parameter| show(get(parameter)))
                .unwrap_or_default()
        }));
        let shown = Memo::new(move |_| {
            let text = typed.get();
            self.read(|parameter| {
                let value = get(parameter);
                if read_value(&text) == *value { text } else { show(value) }
            })
        });
        let write = Callback::new(move |text: String| {
            let value = read_value(&text);
            typed.set(text);
            self.write(|parameter| set(parameter, value));
        });
        (shown, write)
    }

    /// Changes places with its neighbour, and takes the focus and the open fold along.
    pub fn step(self, to: Option<usize>, focus: &'static str) {
        let (i, count) = (self.i, self.editor.draft.with_untracked(|draft| draft.parameters.len()));
        let Some(to) = to.filter(|to| *to < count) else { return };
        let (here, there) = (is_open(i), is_open(to));
        self.editor.draft.update(|draft| draft.parameters.swap(i, to));
        for (row, opened) in [(to, here), (i, there)] {
            if let Some(fold) = browser::element(&row_id(row)) {
                let _ = fold.toggle_attribute_with_force("open", opened);
            }
        }
        // At either end the button that moved it there has nothing left to do.
        let at_end = (focus == ".up" && to == 0) || (focus == ".down" && to + 1 == count);
        let focus = if at_end { "summary" } else { focus };
        request_animation_frame(move || {
            browser::focus(&format!("#{} {focus}", row_id(to)));
        });
    }

    pub fn remove(self) {
        let i = self.i;
        // What follows moves up, and whatever was open follows.
        let count = self.editor.draft.with_untracked(|draft| draft.parameters.len());
        let opened: Vec<bool> = (i + 1..count).map(is_open).collect();
        self.editor.draft.update(|draft| drop(draft.parameters.remove(i)));
        for (row, opened) in (i..).zip(opened) {
            if let Some(fold) = browser::element(&row_id(row)) {
                let _ = fold.toggle_attribute_with_force("open", opened);
            }
        }
        request_animation_frame(|| {
            browser::focus("#parameters .body > .cluster .btn");
        });
    }
}
