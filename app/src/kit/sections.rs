//! The sections of an editor: what belongs together, how it reads in one line, and whether it has changed.

use leptos::prelude::*;

use super::{
    browser,
    editor::{Edited, Editor},
    form::FormState,
    icon::{StatusDot, icon, status_dot},
    reactive::{dynamic, reactive_text},
    time::Ago,
};

/// A part of the draft that folds.
pub struct Section<R: Edited> {
    pub id: &'static str,
    pub title: &'static str,
    /// Paths of the fields within.
    pub paths: &'static [&'static str],
    pub same: fn(&R::Draft, &R::Draft) -> bool,
    /// Everything in one line, for when it is closed.
    pub sum: fn(&R::Draft) -> String,
    /// Closed until asked for.
    pub folded: bool,
}

impl<R: Edited> Section<R> {
    /// Whether what is typed here differs between two drafts.
    pub fn differs(&self, a: &R::Draft, b: &R::Draft) -> bool {
        !(self.same)(a, b)
    }

    fn changed(&self, editor: Editor<R>) -> Memo<bool> {
        let same = self.same;
        Memo::new(move |_| {
            let before = editor.before();
            editor.draft.with(|draft| !same(draft, &before))
        })
    }

    fn errors(&self) -> Memo<usize> {
        let form = use_context::<FormState>();
        let paths = self.paths;
        Memo::new(move |_| form.map_or(0, |form| paths.iter().map(|path| form.errors_under(path)).sum()))
    }
}

/// Where one is among the sections, and which of them need another look.
pub fn contents<R: Edited>(editor: Editor<R>, sections: &'static [Section<R>]) -> AnyView {
    let links = sections
        .iter()
        .map(|section| {
            let (changed, errors) = (section.changed(editor), section.errors());
            let id = section.id;
            view! {
                <a href=format!("#{id}") on:click=move |_| open(id)>
                    {section.title}
                    {dynamic(move || marks(changed.get(), errors.get()))}
                </a>
            }
        })
        .collect_view();
    view! { <nav class="toc" aria-label="Sections">{links}</nav> }.into_any()
}

fn marks(changed: bool, errors: usize) -> AnyView {
    match (errors, changed) {
        (0, false) => ().into_any(),
        (0, true) => view! { <span class="dot">"edited"</span> }.into_any(),
        (errors, _) => view! { <span class="dot bad-ink">{errors}" to fix"</span> }.into_any(),
    }
}

fn open(id: &str) {
    if let Some(fold) = browser::element(id) {
        let _ = fold.set_attribute("open", "");
    }
}

/// One section around its fields.
pub fn fold<R: Edited>(section: &'static Section<R>, editor: Editor<R>, body: AnyView) -> AnyView {
    let (changed, errors) = (section.changed(editor), section.errors());
    let badge = dynamic(move || match (errors.get(), changed.get()) {
        (0, false) => ().into_any(),
        (0, true) => view! { <span class="badge warn">"Changed"</span> }.into_any(),
        (errors, _) => view! { <span class="badge bad">{errors}" to fix"</span> }.into_any(),
    });
    view! {
        <details class="fold" id=section.id open=!section.folded>
            <summary>
                <h2>{section.title}</h2>
                {badge}
                <span class="sum">{reactive_text(move || editor.draft.with(section.sum))}</span>
                {icon("down")}
            </summary>
            <div class="body stack">{body}</div>
        </details>
    }
    .into_any()
}

/// Says that somebody else has saved: both versions are still there, and a person decides.
pub fn saved_elsewhere<R: Edited>(
    editor: Editor<R>,
    sections: &'static [Section<R>],
    updated_at: fn(&R) -> chrono::DateTime<chrono::Utc>,
) -> AnyView {
    dynamic(move || {
        let notice = editor.theirs.get().map(|theirs| {
            let at = updated_at(&theirs);
            let theirs = theirs.draft();
            let differing = move || {
                let differs = |section: &&Section<R>| editor.draft.with(|mine| section.differs(mine, &theirs));
                let titles: Vec<_> = sections.iter().filter(differs).map(|section| section.title).collect();
                if titles.is_empty() {
                    "They say the same.".to_owned()
                } else {
                    format!("Yours differs in: {}.", titles.join(", "))
                }
            };
            view! {
                <div class="banner boxed" data-kind="warn" role="alert">
                    {status_dot(StatusDot::Warn, "Saved elsewhere")}
                    <p>"Somebody saved this "{R::KIND.singular()}" "<Ago at=at/>" while you were typing. "{reactive_text(differing)}</p>
                    <span class="cluster">
                        <button type="button" class="btn sm primary" on:click=move |_| editor.keep_mine()>"Keep mine"</button>
                        <button type="button" class="btn sm" on:click=move |_| editor.take_theirs()>"Take theirs"</button>
                    </span>
                </div>
            }
        });
        notice.into_any()
    })
}

/// Says that what is typed was found in this tab.
pub fn put_back<R: Edited>(editor: Editor<R>) -> AnyView {
    dynamic(move || {
        let shown = editor.restored.get() && editor.dirty.get();
        let notice = shown.then(|| {
            view! {
                <div class="banner boxed" data-kind="info" role="status">
                    {status_dot(StatusDot::Hold, "Put back")}
                    <p>"What you had typed and not saved is here again."</p>
                    <button type="button" class="btn sm" on:click=move |_| editor.discard()>"Discard it"</button>
                </div>
            }
        });
        notice.into_any()
    })
}
