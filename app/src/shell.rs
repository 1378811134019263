//! The shell: the document around every page, and the files that bring it to life.

use std::{collections::BTreeMap, io, sync::Arc};

use http::request::Parts;
use leptos::{config::LeptosOptions, hydration::AutoReload, nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;
use switchboard::viewer::Viewer;

use crate::{
    App,
    kit::{
        browser,
        keys::{KEYS_COOKIE, KEYS_OFF},
    },
};

/// What the browser loads beside a document. The names are read once: they change together with the program.
#[derive(Clone, Debug)]
pub struct Files {
    pub options: LeptosOptions,
    pub style: Arc<str>,
    script: Arc<str>,
    program: Arc<str>,
    /// The module that begins it all, as text.
    start: Arc<str>,
    /// What asks for the files of each chunk of pages, as text.
    preloads: Arc<BTreeMap<String, String>>,
}

impl Files {
    /// Where the names hold hashes, those stand in a file beside the program, a line for each kind of file.
    pub fn read(options: LeptosOptions) -> io::Result<Self> {
        let hashes = if options.hash_files {
            std::fs::read_to_string(std::env::current_exe()?.with_file_name(&*options.hash_file))?
        } else {
            String::new()
        };
        Ok(Self::named(options, &hashes))
    }

    fn named(options: LeptosOptions, hashes: &str) -> Self {
        let path = |kind: &str| {
            let lines = hashes.lines().filter_map(|line| line.split_once(':'));
            let hash = lines
                .filter(|(of, _)| of.trim() == kind)
                .map(|(_, hash)| hash.trim())
                .next();
            let dotted = hash.map(|hash| format!(".{hash}")).unwrap_or_default();
            format!("/{}/{}{dotted}.{kind}", options.site_pkg_dir, options.output_name)
        };
        let chunks = hashes
            .lines()
            .filter_map(|line| line.strip_prefix("chunk ")?.split_once(':'));
        let preload = |file: &str| {
            let href = format!("/{}/{file}", options.site_pkg_dir);
            format!(r#"<link rel="preload" href="{href}" as="fetch" type="application/wasm" crossorigin="anonymous">"#)
        };
        let preloads = chunks.map(|(chunk, files)| (chunk.to_owned(), files.split_whitespace().map(preload).collect()));
        let preloads = Arc::new(preloads.collect());
        let (script, program) = (path("js"), path("wasm"));
        let lines = concat!(include_str!("focus.js"), include_str!("start.js"));
        let lines = lines.lines().map(str::trim_start);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
        let start = format!(
            "const script = {script:?}, program = {program:?};\n{}",
            lines.collect::<Vec<_>>().join("\n")
        );
        Self {
            style: path("css").into(),
            script: script.into(),
            program: program.into(),
            start: start.into(),
            preloads,
            options,
        }
    }

    /// What belongs into the head of a page that is in these chunks, so that the browser asks for them with the document.
    pub fn preloads<'a>(&self, chunks: impl IntoIterator<Item = &'a &'static str>) -> String {
        chunks
            .into_iter()
            .filter_map(|chunk| self.preloads.get(*chunk))
            .map(String::as_str)
            .collect()
    }
}

pub fn shell(files: Files) -> AnyView {
    let color = with_context(|parts: &Parts| {
        let viewer = parts.extensions.get::<Viewer>()?;
        Some(viewer.place.as_ref()?.color.word())
    });
    let theme = browser::cookie("theme").filter(|theme| matches!(theme.as_str(), "light" | "dark"));
    let keys = browser::cookie(KEYS_COOKIE).filter(|keys| keys == KEYS_OFF);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-color=color.flatten() data-theme=theme data-keys=keys>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                // Safari makes links of whatever looks like a number, an address or a date.
                <meta name="format-detection" content="telephone=no, date=no, address=no, email=no"/>
                <link rel="icon" href="/logo.svg"/>
                <link id="style" rel="stylesheet" href=files.style/>
                <AutoReload options=files.options/>
                <link rel="modulepreload" href=files.script crossorigin="anonymous"/>
                <link rel="preload" href=files.program r#as="fetch" type="application/wasm" crossorigin="anonymous"/>
                <script type="module" nonce=use_nonce()>{files.start}</script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> LeptosOptions {
        LeptosOptions::builder().output_name("switchboard").build()
    }

    #[test]
    fn a_file_is_named_after_what_is_in_it() {
        let files = Files::named(options(), "js: Abc\nwasm: Def\ncss: Ghi\n");
        assert_eq!(&*files.style, "/pkg/switchboard.Ghi.css");
        assert_eq!(&*files.script, "/pkg/switchboard.Abc.js");
        assert_eq!(&*files.program, "/pkg/switchboard.Def.wasm");
    }

    #[test]
    fn a_page_asks_for_the_files_of_its_chunk_alone() {
        let files = Files::named(
            options(),
            "js: Abc\nchunk agents: agents.X.wasm\nchunk agent: agent.Y.wasm shared.Z.wasm\n",
        );
        assert_eq!(
            files.preloads(&["agent"]).matches("href=\"/pkg/").count(),
            2,
            "{}",
            files.preloads(&["agent"])
        );
        assert!(
            files
                .preloads(&["agents"])
                .contains("href=\"/pkg/agents.X.wasm\" as=\"fetch\"")
        );
        assert_eq!(files.preloads(&["unknown"]), "");
    }

    #[test]
    fn a_file_that_somebody_is_still_editing_keeps_its_name() {
        let files = Files::named(options(), "");
        assert_eq!(&*files.style, "/pkg/switchboard.css");
        assert!(
            files
                .start
                .starts_with(r#"const script = "/pkg/switchboard.js", program = "/pkg/switchboard.wasm";"#),
            "{}",
            files.start
        );
    }
}
