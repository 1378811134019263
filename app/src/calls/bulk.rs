//! What is done with the calls that are ticked: tagged or deleted, all of them together.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    Error, Id,
    analysis::AnalyzeCalls,
    calls::{Call, DeleteCalls, TagCalls},
    check::Check,
    org::OrgId,
    resource::{Action, Kind},
    text::counted,
};

use super::{
    analysis::{may_analyze, told as told_of_analyses},
    analyze_calls, delete_calls,
    filters::Offered,
    tag_calls,
};
use crate::{
    AppError,
    kit::{
        Asking, Asks, DialogForm, Loading, Question, Selection, TagInput, Toast, ToastList, dynamic, icon, once_loaded,
        use_confirm, use_toasts,
    },
    lazy::{LazyPart, part},
    may, org,
};

fn ids(calls: &[(String, String)]) -> Result<Vec<Id<Call>>, AppError> {
    let ids: Result<_, _> = calls.iter().map(|(id, _)| id.parse()).collect();
    ids.map_err(|_| AppError(Error::NotFound))
}

/// "the call with Ada" or "3 calls".
fn told(calls: &[(String, String)]) -> String {
    match calls {
        [(_, name)] => format!("the call with {name}"),
        many => counted(many.len() as i64, "call"),
    }
}

#[derive(Clone, Copy)]
struct Bulk {
    org: StoredValue<OrgId>,
    selection: Selection,
    offered: Loading<Offered>,
    add: RwSignal<Vec<String>>,
    remove: RwSignal<Vec<String>>,
    tagging: DialogForm,
    asking: Asking,
    done: Callback<()>,
    toasts: ToastList,
}

/// What the bar is drawn with. `done` is called after anything has changed.
#[derive(Clone, Copy)]
pub struct BulkBar {
    pub selection: Selection,
    pub offered: Loading<Offered>,
    pub done: Callback<()>,
}

impl BulkBar {
    /// The bar at the foot of the list, and its dialogs: for whoever ticks a call.
    pub fn part() -> LazyPart<Self> {
        part!(filters, draw, BulkBar)
    }
}

fn draw(bar: BulkBar) -> AnyView {
    let BulkBar {
        selection,
        offered,
        done,
    } = bar;
    let bulk = Bulk {
        org: StoredValue::new(org()),
        selection,
        offered,
        add: RwSignal::new(Vec::new()),
        remove: RwSignal::new(Vec::new()),
        tagging: DialogForm::default(),
        asking: use_confirm(),
        done,
        toasts: use_toasts(),
    };
    let bar = move || {
        let tag = may(Action::Update, Kind::Call).then(|| {
            view! { <button type="button" class="btn sm" on:click=move |_| bulk.tag()>{icon("tag")}"Tag…"</button> }
        });
        let analyze = may_analyze().then(|| {
            view! { <button type="button" class="btn sm" on:click=move |_| bulk.analyze()>{icon("refresh")}"Analyze again"</button> }
        });
        let delete = may(Action::Delete, Kind::Call).then(|| {
            view! { <button type="button" class="btn sm danger" on:click=move |_| bulk.delete()>{icon("trash")}"Delete…"</button> }
        });
        view! {
            <div class="bulk" role="region" aria-label="Selected calls">
                <b aria-live="polite">{format!("{} selected", selection.count())}</b>
                <span class="sep"></span>
                {tag}
                {analyze}
                {delete}
                <button type="button" class="btn sm" on:click=move |_| selection.clear()>"Clear"</button>
            </div>
        }
    };
    view! {
        {dynamic(move || (selection.count() > 0).then(bar).into_any())}
        {bulk.tag_dialog()}
    }
    .into_any()
}

impl Bulk {
    fn finish(self, words: String) {
        self.toasts.say(Toast::done(words));
        self.selection.clear();
        self.done.run(());
    }

    fn analyze(self) {
        let what = match ids(&self.selection.rows()) {
            Ok(ids) => AnalyzeCalls { ids },
            Err(error) => return self.toasts.say(Toast::failed("Nothing is analyzed", &error)),
        };
        let mine = self.org.get_value();
        spawn_local(async move {
            match analyze_calls(mine, what).await {
                Ok(answer) => {
                    self.toasts.say(told_of_analyses(answer));
                    self.selection.clear();
                    self.done.run(());
                }
                Err(error) => self.toasts.say(Toast::failed("Nothing is analyzed", &error)),
            }
        });
    }

    fn delete(self) {
        let calls = self.selection.rows();
        let what = told(&calls);
        let question = Question::new(
            format!("Delete {what}?"),
            "What was said, the recording and the notes are gone, here and at Ultravox. What was paid stays in the ledger. \
             This cannot be undone.",
            if calls.len() == 1 {
                "Delete call"
            } else {
                "Delete calls"
            },
            move || {
                let calls = calls.clone();
                async move {
                    let what = DeleteCalls { ids: ids(&calls)? };
                    delete_calls(self.org.get_value(), what).await?;
                    self.finish(format!("{} deleted", counted(calls.len() as i64, "call")));
                    Ok(())
                }
            },
        );
        self.asking.ask(question);
    }

    fn tag(self) {
        self.add.set(Vec::new());
        self.remove.set(Vec::new());
        self.tagging.show();
    }

    fn tag_dialog(self) -> AnyView {
        let fields = move || {
            let set_add = Callback::new(move |tags| self.add.set(tags));
            let set_remove = Callback::new(move |tags| self.remove.set(tags));
            once_loaded(self.offered, move |(_, facets): &Offered| {
                let known = Signal::stored(facets.tags.clone());
                view! {
                    <TagInput path="add" label="Add" tags=self.add on_change=set_add known=known help="Enter adds one."/>
                    <TagInput path="remove" label="Take away" tags=self.remove on_change=set_remove known=known/>
                }
                .into_any()
            })
        };
        let send = move || {
            let calls = self.selection.rows();
            let (add, remove) = (self.add.get_untracked(), self.remove.get_untracked());
            self.tagging.send(async move {
                let what = TagCalls {
                    ids: ids(&calls)?,
                    add,
                    remove,
                };
                Check::run(&what)?;
                tag_calls(self.org.get_value(), what).await?;
                self.finish(format!("{} tagged", counted(calls.len() as i64, "call")));
                Ok(())
            });
        };
        let title = Signal::derive(move || {
            self.selection.count();
            format!("Tag {}", told(&self.selection.rows()))
        });
        let asks = Asks {
            id: "bulk-tag",
            title,
            sub: Signal::stored("Those that have a tag already keep it once.".to_owned()),
            verb: Signal::stored("Save tags".to_owned()),
            destroys: false,
        };
        self.tagging.draw(asks, fields, send)
    }
}
