//! Tables: one concrete, erased table for all lists. A list says what its cells are, and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use leptos::prelude::*;

use super::{
    browser,
    icon::icon,
    keys::on_key,
    menu::Menu,
    reactive::{aria_flag, reactive_bool},
};

/// A heading, and how its cells behave.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What the chooser remembers it by: letters only.
    pub key: &'static str,
    pub head: &'static str,
    /// `num`, `tight`, `lo` (gone on a phone), `lo2` (gone on a small screen), `corner` (top right on a card).
    pub class: &'static str,
}

/// Which row is meant: its id and its name.
pub type About = Arc<(String, String)>;

/// One line. The first cell is its name, a link, with a note below.
pub struct Row {
    pub about: About,
    pub href: String,
    pub note: String,
    /// One for each column that shows.
    pub cells: Vec<AnyView>,
}

/// Which rows are ticked: their names by id, so that a question about them can name them.
#[derive(Clone, Copy)]
pub struct Selection(RwSignal<BTreeMap<String, String>>);

impl Default for Selection {
    fn default() -> Self {
        Self(RwSignal::new(BTreeMap::new()))
    }
}

impl Selection {
    pub fn has(self, id: &str) -> bool {
        self.0.with(|rows| rows.contains_key(id))
    }

    pub fn count(self) -> usize {
        self.0.with(BTreeMap::len)
    }

    /// Id and name of each.
    pub fn rows(self) -> Vec<(String, String)> {
        self.0.with_untracked(|rows| rows.clone().into_iter().collect())
    }

    pub fn pick(self, (id, name): (String, String)) {
        self.0.update(|rows| {
            rows.insert(id, name);
        });
    }

    pub fn drop(self, id: &str) {
        self.0.update(|rows| {
            rows.remove(id);
        });
    }

    pub fn clear(self) {
        self.0.set(BTreeMap::new());
    }
}

/// One menu serves all rows; it is about the row whose button opened it.
#[derive(Clone, Copy)]
pub struct RowMenu {
    pub id: &'static str,
    /// Id and name.
    pub about: RwSignal<(String, String)>,
}

impl RowMenu {
    pub fn new(id: &'static str) -> Self {
        Self {
            id,
            about: RwSignal::default(),
        }
    }
}

/// Which columns this browser shows, kept in a cookie so that the server draws them right the first time.
#[derive(Clone, Copy)]
pub struct Columns {
    all: &'static [Column],
    list: &'static str,
    hidden: RwSignal<Vec<String>>,
}

impl Columns {
    /// `hidden` before anybody has chosen.
    pub fn of(list: &'static str, all: &'static [Column], hidden: &[&str]) -> Self {
        let hidden = match browser::cookie(&format!("cols_{list}")) {
            Some(kept) => kept.split('.').map(str::to_owned).collect(),
            None => hidden.iter().map(|key| (*key).to_owned()).collect(),
        };
        Self {
            all,
            list,
            hidden: RwSignal::new(hidden),
        }
    }

    pub fn shows(self, key: &str) -> bool {
        self.hidden.with(|hidden| !hidden.iter().any(|other| other == key))
    }

    /// Those that show, in their order.
    pub fn shown(self) -> Vec<&'static Column> {
        self.all.iter().filter(|column| self.shows(column.key)).collect()
    }

    fn toggle(self, key: &'static str, show: bool) {
        self.hidden.update(|hidden| {
            hidden.retain(|other| other != key && !other.is_empty());
            if !show {
                hidden.push(key.to_owned());
            }
        });
        browser::keep_cookie(
            &format!("cols_{}", self.list),
            &self.hidden.with_untracked(|hidden| hidden.join(".")),
        );
    }

    /// The button and its menu.
    pub fn chooser(self) -> AnyView {
        let boxes = self
            .all
            .iter()
            .map(|column| {
                let key = column.key;
                view! {
                    <label>
                        <input type="checkbox" checked=untrack(|| self.shows(key)) prop:checked=reactive_bool(move || self.shows(key))
                            on:change=move |event| self.toggle(key, event_target_checked(&event))/>
                        {column.head}
                    </label>
                }
            })
            .collect_view();
        view! {
            <button type="button" class="btn quiet sm wide" popovertarget="columns">{icon("columns")}"Columns"</button>
            <Menu id="columns" label="Columns" end=true>
                <div class="m-h">"Columns in this browser"</div>
                {boxes}
            </Menu>
        }
        .into_any()
    }
}

/// How a list is laid out.
#[derive(Clone, Copy)]
pub struct Table {
    /// For screen readers: "Agents of Larkfield Dental".
    pub caption: &'static str,
    /// Heading over the names.
    pub name: &'static str,
    pub columns: Columns,
    pub selection: Option<Selection>,
    pub menu: Option<RowMenu>,
}

/// Draws rows whose cells are those of the columns that show.
pub fn table(table: Table, shown: &[&'static Column], rows: Vec<Row>) -> AnyView {
    let heads = shown
        .iter()
        .map(|column| view! { <th scope="col" class=column.class>{column.head}</th> })
        .collect_view();
    let all: StoredValue<Vec<About>> = StoredValue::new(rows.iter().map(|row| row.about.clone()).collect());
    let select_all = table.selection.map(|selection| {
        let every = move || all.with_value(|all| !all.is_empty() && all.iter().all(|row| selection.has(&row.0)));
        let flip = move |on: bool| {
            if on {
                all.get_value()
                    .into_iter()
                    .for_each(|row| selection.pick((*row).clone()));
            } else {
                selection.clear();
            }
        };
        view! {
            <th scope="col" class="tight">
                <input type="checkbox" aria-label="Select all on this page" prop:checked=reactive_bool(every)
                    on:change=move |event| flip(event_target_checked(&event))/>
            </th>
        }
    });
    let actions = table
        .menu
        .map(|_| view! { <th scope="col"><span class="sr">"Actions"</span></th> });
    let body = rows.into_iter().map(|row| line(table, shown, row)).collect_view();
    view! {
        <table class="table cards">
            <caption class="sr">{table.caption}</caption>
            <thead>
                <tr>{select_all}<th scope="col">{table.name}</th>{heads}{actions}</tr>
            </thead>
            <tbody>{body}</tbody>
        </table>
    }
    .into_any()
}

fn line(table: Table, shown: &[&'static Column], row: Row) -> AnyView {
    let Row {
        about,
        href,
        note,
        cells,
    } = row;
    let name = &about.1;
    let cells = shown
        .iter()
        .zip(cells)
        .map(|(column, cell)| view! { <td class=column.class>{cell}</td> })
        .collect_view();
    let tick = table.selection.map(|selection| {
        let (held, picked) = (about.clone(), about.clone());
        let flip = move |on: bool| {
            if on {
                selection.pick((*picked).clone())
            } else {
                selection.drop(&picked.0)
            }
        };
        view! {
            <td class="tight gone">
                <input type="checkbox" aria-label=format!("Select {name}") prop:checked=reactive_bool(move || selection.has(&held.0))
                    on:change=move |event| flip(event_target_checked(&event))/>
            </td>
        }
    });
    let more = table.menu.map(|menu| {
        let label = format!("More for {name}");
        let about = about.clone();
        view! {
            <td class="tight more">
                <button type="button" class="btn icon-only quiet sm" aria-label=label.clone() title=label popovertarget=menu.id
                    on:click=move |_| menu.about.set((*about).clone())>{icon("more")}</button>
            </td>
        }
    });
    let selected = table.selection.map(|selection| {
        let about = about.clone();
        aria_flag(move || selection.has(&about.0))
    });
    view! {
        <tr data-picked=selected>
            {tick}
            <th scope="row">
                <a href=href>{name.clone()}</a>
                {(!note.is_empty()).then(|| view! { <small>{note}</small> })}
            </th>
            {cells}
            {more}
        </tr>
    }
    .into_any()
}

/// The keys of a list: `j` and `k` move between its rows, `x` ticks, Shift and `x` ticks all from the last one on, `/`
/// searches; Enter follows the link by itself.
pub fn list_keys() {
    let last = StoredValue::new(None::<String>);
    on_key(move |key| match key {
        "j" => step(1),
        "k" => step(-1),
        "x" | "X" => {
            let to = current().and_then(|row| mark(&row));
            let from = last.get_value().filter(|_| key == "X");
            last.set_value(to.clone());
            to.is_some_and(|to| match from {
                Some(from) => tick_between(&from, &to),
                None => tick(),
            })
        }
        "/" => browser::focus("#search"),
        _ => false,
    });
}

/// The link of the row that has the focus.
pub fn row_link() -> Option<web_sys::HtmlElement> {
    let link = current()?.query_selector(LINK).ok().flatten()?;
    Some(wasm_bindgen::JsCast::unchecked_into(link))
}

const LINK: &str = "th a";

/// What a row is told by, however often the list is drawn.
fn mark(row: &web_sys::Element) -> Option<String> {
    row.query_selector(LINK).ok().flatten()?.get_attribute("href")
}

/// Ticks what is not ticked from one row to another, in whichever order they stand.
fn tick_between(from: &str, to: &str) -> bool {
    let rows = browser::all(".table tbody tr");
    let at = |wanted: &str| rows.iter().position(|row| mark(row).as_deref() == Some(wanted));
    let (Some(from), Some(to)) = (at(from), at(to)) else {
        return tick();
    };
    for row in &rows[from.min(to)..=from.max(to)] {
        if let Some(open) = row.query_selector("input[type=checkbox]:not(:checked)").ok().flatten() {
            wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(open).click();
        }
    }
    true
}

fn current() -> Option<web_sys::Element> {
    document().active_element()?.closest("tbody tr").ok().flatten()
}

fn step(by: isize) -> bool {
    let links = browser::all(".table tbody th a");
    let here = row_link();
    let at = here.and_then(|here| links.iter().position(|link| link.is_same_node(Some(&here))));
    let to = match at {
        Some(at) => at.saturating_add_signed(by).min(links.len().saturating_sub(1)),
        None => 0,
    };
    links.get(to).is_some_and(|link| link.focus().is_ok())
}

fn tick() -> bool {
    let tick = current().and_then(|row| row.query_selector("input[type=checkbox]").ok().flatten());
    tick.is_some_and(|tick| {
        wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(tick).click();
        true
    })
}
