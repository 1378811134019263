//! Adding sources: files, several at a time, and text that is typed here.

use leptos::{html, prelude::*, task::spawn_local};
use send_wrapper::SendWrapper;
use switchboard::{
    Error, Id,
    check::Check,
    knowledge::{ENDINGS, KnowledgeBase, LARGEST_FILE, SourceDraft, SourceKind},
};
use web_sys::File;

use super::add_knowledge_source;
use crate::{
    AppError,
    kit::{
        Asks, DialogForm, Select, StatusDot, TextArea, TextField, Toast, dynamic, icon, message_of, status_dot,
        use_toasts,
    },
    org, wire,
};

/// What becomes of a file that was chosen.
#[derive(Clone)]
struct Sent {
    name: String,
    state: State,
}

#[derive(Clone)]
enum State {
    OnItsWay,
    Done,
    Refused(String),
}

#[derive(Clone, Copy)]
pub struct Adding {
    base: Memo<Option<Id<KnowledgeBase>>>,
    sent: RwSignal<Vec<Sent>>,
    busy: RwSignal<bool>,
    name: RwSignal<String>,
    text: RwSignal<String>,
    asking: DialogForm,
    /// What a website's dialog holds: its address, what it is, how deep, how many pages, how often.
    site: RwSignal<Site>,
    asking_site: DialogForm,
}

#[derive(Clone, Default)]
struct Site {
    url: String,
    kind: String,
    depth: String,
    pages: String,
    days: String,
}

pub fn adding(base: Memo<Option<Id<KnowledgeBase>>>) -> Adding {
    Adding {
        base,
        sent: RwSignal::new(Vec::new()),
        busy: RwSignal::new(false),
        name: RwSignal::new(String::new()),
        text: RwSignal::new(String::new()),
        asking: DialogForm::default(),
        site: RwSignal::new(Site::default()),
        asking_site: DialogForm::default(),
    }
}

impl Adding {
    /// The field for files, and what became of those that were chosen.
    pub fn field(self) -> AnyView {
        let input = NodeRef::<html::Input>::new();
        let chosen = move |_| {
            let Some(element) = input.get_untracked() else { return };
            let mut files = Vec::new();
            if let Some(list) = element.files() {
                files.extend((0..list.length()).filter_map(|at| list.get(at)));
            }
            // So that the same file can be chosen once more.
            element.set_value("");
            self.send(files);
        };
        let accept: Vec<String> = ENDINGS.iter().map(|ending| format!(".{ending}")).collect();
        let sent = dynamic(move || {
            let sent = self.sent.get();
            let rows = sent.iter().map(line).collect_view();
            (!sent.is_empty())
                .then(|| view! { <div class="rows" role="list" aria-label="Files that were chosen" aria-live="polite">{rows}</div> })
                .into_any()
        });
        view! {
            <label class="drop file-drop">
                {icon("upload")}
                <span>"Drop files here, or choose them"</span>
                <small>"PDF, DOCX, Markdown, text, HTML, CSV · each up to 20 MB and 2,000 pages"</small>
                <input type="file" id="f-files" multiple accept=accept.join(",") node_ref=input on:change=chosen/>
            </label>
            {sent}
        }
        .into_any()
    }

    fn send(self, files: Vec<File>) {
        let Some(base) = self.base.get_untracked() else { return };
        if files.is_empty() || self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let names = files.iter().map(|file| Sent {
            name: file.name(),
            state: State::OnItsWay,
        });
        self.sent.set(names.collect());
        spawn_local(SendWrapper::new(async move {
            // One after the other: the browser would keep all of them in memory, and so would the server.
            for (at, file) in files.into_iter().enumerate() {
                let state = match put(base, &file).await {
                    Ok(()) => State::Done,
                    Err(error) => State::Refused(message_of(&error.0)),
                };
                let noted = self.sent.try_update(|sent| {
                    if let Some(line) = sent.get_mut(at) {
                        line.state = state;
                    }
                });
                if noted.is_none() {
                    return;
                }
            }
            self.busy.try_set(false);
        }));
    }

    pub fn open_text(self) {
        self.name.set(String::new());
        self.text.set(String::new());
        self.asking.show();
    }

    pub fn open_site(self) {
        self.site.set(Site {
            kind: "address".to_owned(),
            depth: "1".to_owned(),
            pages: "50".to_owned(),
            days: "0".to_owned(),
            ..Site::default()
        });
        self.asking_site.show();
    }

    fn site_text(
        self,
        get: fn(&Site) -> &String,
        get_mut: fn(&mut Site) -> &mut String,
    ) -> (Memo<String>, Callback<String>) {
        let site = self.site;
        (
            Memo::new(move |_| site.with(|site| get(site).clone())),
            Callback::new(move |text: String| site.update(|site| *get_mut(site) = text)),
        )
    }

    fn site_fields(self) -> AnyView {
        let (url, set_url) = self.site_text(|site| &site.url, |site| &mut site.url);
        let (kind, set_kind) = self.site_text(|site| &site.kind, |site| &mut site.kind);
        let (depth, set_depth) = self.site_text(|site| &site.depth, |site| &mut site.depth);
        let (pages, set_pages) = self.site_text(|site| &site.pages, |site| &mut site.pages);
        let (days, set_days) = self.site_text(|site| &site.days, |site| &mut site.days);
        let options = |choices: &[(&str, &str)]| -> Vec<(String, String)> {
            choices
                .iter()
                .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
                .collect()
        };
        view! {
            <TextField path="url" label="Address" value=url on_input=set_url autocomplete="off" mono=true placeholder="https://example.com/plans"
                help="Public addresses only. Links to other websites are not followed."/>
            <div class="form-grid">
                <Select path="kind" label="What it is" options=options(&[("address", "A page, and what it links to"), ("sitemap", "A sitemap")])
                    value=kind on_change=set_kind/>
                <Select path="depth" label="Links deep" options=options(&[("0", "This page only"), ("1", "1"), ("2", "2"), ("3", "3")])
                    value=depth on_change=set_depth/>
                <Select path="page_limit" label="At most" options=options(&[("10", "10 pages"), ("50", "50 pages"), ("200", "200 pages")])
                    value=pages on_change=set_pages/>
                <Select path="every_days" label="Read again" options=options(&[("0", "Only when asked"), ("1", "Every day"), ("7", "Every week"), ("30", "Every 30 days")])
                    value=days on_change=set_days help="Old text stays until the new is there"/>
            </div>
        }
        .into_any()
    }

    /// A website that is fetched.
    pub fn site_dialog(self) -> AnyView {
        let (org, toasts) = (StoredValue::new(org()), use_toasts());
        let asks = Asks {
            id: "site-form",
            title: Signal::stored("Add website".to_owned()),
            sub: Signal::stored("Its pages are fetched one after the other, and read as files are.".to_owned()),
            verb: Signal::stored("Add website".to_owned()),
            destroys: false,
        };
        let save = move || {
            let (base, org, site) = (self.base.get_untracked(), org.get_value(), self.site.get_untracked());
            self.asking_site.send(async move {
                let url = site.url.trim().to_owned();
                let name = url.trim_start_matches("https://").trim_start_matches("http://");
                let name: String = name.chars().take(200).collect();
                let number = |text: &str| text.parse::<i32>().unwrap_or_default();
                let draft = SourceDraft {
                    kind: if site.kind == "sitemap" {
                        SourceKind::Sitemap
                    } else {
                        SourceKind::Address
                    },
                    url,
                    depth: number(&site.depth),
                    page_limit: number(&site.pages),
                    every_days: number(&site.days),
                    ..SourceDraft::text(
                        base.ok_or(AppError(Error::NotFound))?,
                        if name.is_empty() { "Website" } else { &name },
                        "",
                    )
                };
                Check::run(&draft).map_err(AppError)?;
                let source = add_knowledge_source(org, draft).await?;
                toasts.say(Toast::done(format!("{} added", source.name)));
                Ok(())
            });
        };
        self.asking_site.draw(asks, move || self.site_fields(), save)
    }

    /// Text that is typed here.
    pub fn dialog(self) -> AnyView {
        let (org, toasts) = (StoredValue::new(org()), use_toasts());
        let asks = Asks {
            id: "text-form",
            title: Signal::stored("Add text".to_owned()),
            sub: Signal::stored("Lines that begin with # are headings.".to_owned()),
            verb: Signal::stored("Add text".to_owned()),
            destroys: false,
        };
        let fields = move || {
            let set_name = Callback::new(move |text: String| self.name.set(text));
            let set_text = Callback::new(move |text: String| self.text.set(text));
            view! {
                <TextField path="name" label="Title" value=self.name on_input=set_name autocomplete="off" placeholder="Parking"/>
                <TextArea path="text" label="Text" value=self.text on_input=set_text rows=10/>
            }
            .into_any()
        };
        let save = move || {
            let (base, org) = (self.base.get_untracked(), org.get_value());
            let (name, text) = (self.name.get_untracked(), self.text.get_untracked());
            self.asking.send(async move {
                let draft = SourceDraft::text(base.ok_or(AppError(Error::NotFound))?, name, text);
                Check::run(&draft).map_err(AppError)?;
                let source = add_knowledge_source(org, draft).await?;
                toasts.say(Toast::done(format!("{} added", source.name)));
                Ok(())
            });
        };
        self.asking.draw(asks, fields, save)
    }
}

fn line(sent: &Sent) -> AnyView {
    let (dot, words, why) = match &sent.state {
        State::OnItsWay => (StatusDot::Work, "Uploading", None),
        State::Done => (StatusDot::Done, "Uploaded", None),
        State::Refused(why) => (StatusDot::Fail, "Not taken", Some(why.clone())),
    };
    view! {
        <div role="listitem">
            {icon("file")}
            <span class="grow">
                <b>{sent.name.clone()}</b>
                {why.map(|why| view! { <small class="bad-ink">{why}</small> })}
            </span>
            {status_dot(dot, words)}
        </div>
    }
    .into_any()
}

async fn put(base: Id<KnowledgeBase>, file: &File) -> Result<(), AppError> {
    // Not sent only to be refused.
    if file.size() > LARGEST_FILE as f64 {
        return Err(AppError(Error::invalid(
            "file",
            "The file is larger than 20 MB. Split it into smaller ones.",
        )));
    }
    let name: String = js_sys::encode_uri_component(&file.name()).into();
    wire::put_file(&format!("/app/knowledge/{base}/files?name={name}"), file).await
}
