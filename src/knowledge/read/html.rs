//! HTML: what a person reads of a page, without what every page of a site repeats.

use dom_query::{Document, NodeRef};

use super::{MOST_LINKS, Part, text};

/// What is no text of the page.
const SKIPPED: [&str; 18] = [
    "script", "style", "noscript", "template", "svg", "math", "canvas", "iframe", "object", "nav", "footer", "aside",
    "form", "button", "select", "dialog", "video", "audio",
];
/// What stands on lines of its own.
const BLOCKS: [&str; 24] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "ul",
    "ol",
    "dl",
    "table",
    "thead",
    "tbody",
    "figure",
    "figcaption",
    "blockquote",
    "pre",
    "address",
    "details",
    "summary",
    "fieldset",
    "body",
    "hr",
    "dd",
    "dt",
];
/// Deeper than any page that people have written.
const DEEPEST: usize = 200;

pub(super) fn parts(html: &str) -> Vec<Part> {
    let document = Document::from(html);
    // A page that says which part is the main one is taken at its word.
    let main = document.select_single("main, article, [role=main]");
    let root = main.nodes().first().cloned().or_else(|| document.body());
    let mut written = String::new();
    if let Some(root) = root {
        write(&root, &mut written, 0);
    }
    let mut parts = text::parts(&written, true);
    let title = document.select_single("title").text();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if !title.is_empty() {
        for part in parts.iter_mut().filter(|part| part.heading.is_empty()) {
            part.heading = title.clone();
        }
    }
    parts
}

/// Where a page leads, as it is written there.
pub(super) fn links(html: &str) -> Vec<String> {
    let document = Document::from(html);
    let links = document.select("a[href]");
    let links = links
        .nodes()
        .iter()
        .filter(|link| !link.attr("rel").is_some_and(|rel| rel.contains("nofollow")));
    links
        .filter_map(|link| Some(link.attr("href")?.trim().to_owned()))
        .take(MOST_LINKS)
        .collect()
}

/// The addresses in a sitemap. It is read as pages are: whatever entities it names stay names.
pub(super) fn locations(xml: &str) -> Vec<String> {
    let document = Document::from(xml);
    let locations = document.select("loc");
    locations
        .nodes()
        .iter()
        .map(|location| location.text().trim().to_owned())
        .take(MOST_LINKS)
        .collect()
}

fn write(node: &NodeRef<'_>, written: &mut String, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    if node.is_text() {
        let text = node.text();
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            if !text.is_empty() {
                space(written);
            }
            return;
        }
        if text.starts_with(char::is_whitespace) {
            space(written);
        }
        written.push_str(&words.join(" "));
        if text.ends_with(char::is_whitespace) {
            written.push(' ');
        }
        return;
    }
    let name = node.node_name();
    let name = name.as_deref().unwrap_or_default();
    let hidden = node.attr("hidden").is_some() || node.attr("aria-hidden").is_some_and(|value| &*value == "true");
    if SKIPPED.contains(&name) || hidden {
        return;
    }
    let heading = name
        .strip_prefix('h')
        .and_then(|level| level.parse::<usize>().ok())
        .filter(|level| *level <= 6);
    match (name, heading) {
        (_, Some(level)) => {
            let text = node.text();
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            written.push_str(&format!("\n\n{} {words}\n\n", "#".repeat(level)));
            return;
        }
        ("br", _) => written.push('\n'),
        ("li", _) => written.push_str("\n- "),
        ("tr", _) => written.push('\n'),
        ("td" | "th", _) if written.ends_with('\n') => {}
        ("td" | "th", _) => written.push_str(" | "),
        _ if BLOCKS.contains(&name) => written.push_str("\n\n"),
        _ => {}
    }
    for child in node.children_it(false) {
        write(&child, written, depth + 1);
    }
    if BLOCKS.contains(&name) {
        written.push_str("\n\n");
    }
}

fn space(written: &mut String) {
    if !written.is_empty() && !written.ends_with(char::is_whitespace) {
        written.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::read::pieces::pieces;

    #[test]
    fn what_a_person_reads_is_kept_under_its_headings() {
        let html = "<html><head><title>Plans</title><script>bad()</script></head><body><nav>Home Contact</nav>
            <p>We take <b>most</b> plans.</p><h2>Delta <i>Dental</i></h2><ul><li>Cleaning<li>X-rays</ul>
            <table><tr><th>Crown</th><td>$900</td></tr></table><p hidden>no</p><footer>Impressum</footer></body></html>";
        let found: Vec<_> = pieces(&parts(html))
            .into_iter()
            .map(|piece| (piece.heading, piece.text))
            .collect();
        assert_eq!(
            found,
            [
                ("Plans".to_owned(), "We take most plans.".to_owned()),
                (
                    "Delta Dental".to_owned(),
                    "- Cleaning\n- X-rays\n\nCrown | $900".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn where_a_page_and_a_sitemap_lead_is_known() {
        assert_eq!(
            links("<a href=/a>A</a><a name=x>B</a><a href='b?c=1&amp;d' rel=nofollow>C</a><a href=' d '>D</a>"),
            ["/a", "d"]
        );
        let sitemap = "<?xml version='1.0'?><urlset><url><loc> https://a.example/1 </loc></url><url><loc>https://a.example/2?x&amp;y</loc></url></urlset>";
        assert_eq!(locations(sitemap), ["https://a.example/1", "https://a.example/2?x&y"]);
    }

    #[test]
    fn of_a_page_with_a_main_part_only_that_is_read_and_nothing_is_too_deep() {
        let found = pieces(&parts("<body><div>Menu</div><main>Prices</main></body>"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text, "Prices");
        assert_eq!(pieces(&parts(&"<div>".repeat(5000))), []);
        assert_eq!(pieces(&parts("")), []);
    }
}
