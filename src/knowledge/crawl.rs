//! Websites: pages fetched one after the other, from public addresses alone, within limits, with a word about each that is left out.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use reqwest::{StatusCode, header};
use url::Url;

use super::{FetchedPage, SourceKind, read::Format, read::Piece, read::Read, reading::read_apart};
use crate::{
    core::Core,
    db,
    jobs::Failure,
    tools::{
        reach::{self, Unreachable},
        send::refusal,
    },
};

/// Bytes of one page.
const LARGEST: usize = 5 << 20;
/// How often one page may lead to another.
const HOPS: usize = 10;
const PAGE: Duration = Duration::from_secs(20);
/// What is not fetched by then is left out.
const WHOLE: Duration = Duration::from_secs(200);
/// Pages that are known and not fetched yet.
const KNOWN: usize = 2000;

/// What is to be fetched.
pub(super) struct Site {
    pub kind: SourceKind,
    pub url: String,
    pub depth: i32,
    pub page_limit: i32,
}

/// What was fetched: the pieces of all pages, and what became of each page.
pub(super) struct Crawled {
    pub pieces: Vec<Piece>,
    pub pages: Vec<FetchedPage>,
    /// How many pages could be had.
    pub read: usize,
}

/// Fetches a site. An error says that the process that reads pages does not start.
pub(super) async fn crawl(core: &Core, site: &Site) -> Result<Crawled, Failure> {
    db::assert_none("a website");
    let began = Instant::now();
    let mut crawled = Crawled {
        pieces: Vec::new(),
        pages: Vec::new(),
        read: 0,
    };
    let Ok(start) = Url::parse(&site.url) else {
        crawled.leave_out(&site.url, "This is no address.");
        return Ok(crawled);
    };
    let most = usize::try_from(site.page_limit).unwrap_or(1);
    let depth = if site.kind == SourceKind::Sitemap {
        2
    } else {
        site.depth
    };
    let mut waiting = VecDeque::from([(start.clone(), 0)]);
    let mut known = BTreeSet::from([bare(&start)]);
    while let Some((url, level)) = waiting.pop_front() {
        if crawled.read >= most {
            crawled.leave_out(url.as_str(), "There are more pages than may be read.");
            break;
        }
        if began.elapsed() > WHOLE {
            crawled.leave_out(url.as_str(), "The website answers too slowly to read more of it.");
            break;
        }
        let (at, content_type, body) = match fetch(url.clone(), core.installation.public).await {
            Ok(fetched) => fetched,
            Err(says) => {
                crawled.leave_out(url.as_str(), &says);
                continue;
            }
        };
        if at.host() != start.host() && level > 0 {
            crawled.leave_out(url.as_str(), "It leads to another website.");
            continue;
        }
        // The page under another address was taken already.
        if bare(&at) != bare(&url) && !known.insert(bare(&at)) {
            crawled.leave_out(url.as_str(), "It is the same page as another one, which is taken once.");
            continue;
        }
        let Some(format) = format(&content_type, &at) else {
            crawled.leave_out(url.as_str(), "It is no page of text.");
            continue;
        };
        let (pieces, links) = match read_apart(core, format.content_type(), &body).await? {
            Read::Document { pieces, links, .. } => (pieces, links),
            Read::Refused(says) => {
                crawled.leave_out(url.as_str(), &says);
                continue;
            }
        };
        if format != Format::Sitemap {
            crawled.read += 1;
            crawled.take(&at, pieces);
        }
        // A sitemap names all there is to read.
        if level >= depth || (site.kind == SourceKind::Sitemap && format != Format::Sitemap) {
            continue;
        }
        for link in links {
            let Ok(next) = at.join(&link) else { continue };
            let same = next.host() == at.host() && next.port() == at.port();
            if matches!(next.scheme(), "http" | "https") && same && waiting.len() < KNOWN && known.insert(bare(&next)) {
                waiting.push_back((next, level + 1));
            }
        }
    }
    Ok(crawled)
}

impl Crawled {
    fn leave_out(&mut self, url: &str, reason: &str) {
        self.pages.push(FetchedPage {
            url: url.to_owned(),
            passages: 0,
            reason: reason.to_owned(),
        });
    }

    fn take(&mut self, url: &Url, pieces: Vec<Piece>) {
        let reason = if pieces.is_empty() {
            "There is no text on it."
        } else {
            ""
        };
        self.pages.push(FetchedPage {
            url: url.to_string(),
            passages: i32::try_from(pieces.len()).unwrap_or(i32::MAX),
            reason: reason.to_owned(),
        });
        let on_page = pieces.into_iter().map(|piece| Piece {
            url: url.to_string(),
            ..piece
        });
        self.pieces.extend(on_page);
    }
}

/// What makes a page the same: neither a place on it nor a slash at its end.
fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}

fn format(content_type: &str, url: &Url) -> Option<Format> {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match kind.as_str() {
        "text/html" | "application/xhtml+xml" => Some(Format::Html),
        "application/xml" | "text/xml" => Some(Format::Sitemap),
        "text/plain" if url.path().ends_with(".md") => Some(Format::Markdown),
        known => Format::of_content_type(known),
    }
}

type Fetched = (Url, String, Vec<u8>);

/// One page, wherever its address leads, each hop of which is looked at before anything is sent there. An error is in words.
async fn fetch(url: Url, public: bool) -> Result<Fetched, String> {
    match tokio::time::timeout(PAGE, follow(url, public)).await {
        Ok(fetched) => fetched,
        Err(_) => Err("It did not answer within 20 seconds.".to_owned()),
    }
}

async fn follow(mut url: Url, public: bool) -> Result<Fetched, String> {
    for _ in 0..HOPS {
        let addresses = match reach::resolve(&url, public).await {
            Ok(addresses) => addresses,
            Err(Unreachable::Refused(says)) => return Err(says.to_owned()),
            Err(Unreachable::Unknown) => return Err("No server is known by this name.".to_owned()),
        };
        let asked = reach::client(&url, &addresses, public).get(url.clone()).send().await;
        let mut response = asked.map_err(|error| refusal(&error))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let next = to.and_then(|to| url.join(to).ok()).ok_or("It leads nowhere.")?;
            if next == url {
                return Err("It leads to itself.".to_owned());
            }
            url = next;
            continue;
        }
        match status {
            _ if status.is_success() => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(format!(
                    "It asks for a sign-in, or does not let us in ({}).",
                    status.as_u16()
                ));
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err("There is no such page.".to_owned()),
            _ => return Err(format!("Its server answered {}.", status.as_u16())),
        }
        let kind = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or("text/html").to_owned();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => return Err("It broke off in the middle.".to_owned()),
            }
            if body.len() > LARGEST {
                return Err("It is larger than 5 MB.".to_owned());
            }
        }
        return Ok((url, kind, body));
    }
    Err("It leads on and on; that was ended after 10 times.".to_owned())
}
