//! Documents: what kind a file is, and the text in it, cut into pieces. Runs in a process of its own, and asks nobody for anything.

mod docx;
mod html;
mod pdf;
mod pieces;
mod table;
mod text;

use serde::{Deserialize, Serialize};

/// More pages than anybody looks things up in.
const MOST_PAGES: usize = 2000;
/// More links than are followed.
const MOST_LINKS: usize = 5000;
/// More characters than a knowledge base has room for.
const MOST_TEXT: usize = 10_000_000;
const MOST_PIECES: usize = 10_000;

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Pdf,
    Docx,
    Html,
    Markdown,
    Text,
    /// Values between commas, or semicolons or tabs.
    Table,
    /// A website's list of its own pages.
    Sitemap,
}

impl Format {
    const ALL: [Self; 7] = [
        Self::Pdf,
        Self::Docx,
        Self::Html,
        Self::Markdown,
        Self::Text,
        Self::Table,
        Self::Sitemap,
    ];

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Html => "text/html",
            Self::Markdown => "text/markdown",
            Self::Text => "text/plain",
            Self::Table => "text/csv",
            Self::Sitemap => "application/xml",
        }
    }

    pub fn of_content_type(content_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.content_type() == content_type)
    }

    fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "pdf" => Some(Self::Pdf),
            "docx" => Some(Self::Docx),
            "html" | "htm" => Some(Self::Html),
            "md" | "markdown" => Some(Self::Markdown),
            "txt" => Some(Self::Text),
            "csv" | "tsv" => Some(Self::Table),
            _ => None,
        }
    }
}

/// What a file is by its name and its first bytes, which have to agree; else why it is not taken.
pub fn format(name: &str, bytes: &[u8]) -> Result<Format, &'static str> {
    let named = Format::of_name(name).ok_or("This kind of file cannot be read.")?;
    let is_pdf = bytes.iter().take(1024).len() > 4 && bytes[..bytes.len().min(1024)].windows(5).any(|w| w == b"%PDF-");
    let is_zip = bytes.starts_with(b"PK\x03\x04");
    match named {
        _ if bytes.is_empty() => Err("The file is empty."),
        Format::Docx if bytes.starts_with(b"\xd0\xcf\x11\xe0") => {
            Err("The file is locked with a password. Save it without one.")
        }
        Format::Pdf if !is_pdf => Err("Its name ends with .pdf, and it is no PDF."),
        Format::Docx if !is_zip => Err("Its name ends with .docx, and it is no Word document."),
        Format::Html | Format::Markdown | Format::Text | Format::Table if is_zip || bytes.starts_with(b"%PDF-") => {
            Err("Its name ends like that of a text, and it is none. Give it the name it had.")
        }
        named => Ok(named),
    }
}

/// A part of a text under one heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Part {
    heading: String,
    /// From 1.
    page: Option<i32>,
    text: String,
}

/// A part that is short enough to be found and read to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub heading: String,
    pub page: Option<i32>,
    pub text: String,
    /// The page of a website it stands on; empty elsewhere.
    #[serde(default)]
    pub url: String,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    Document {
        /// Absent where it has none.
        pages: Option<i32>,
        pieces: Vec<Piece>,
        /// What is worth knowing of it, in words.
        note: String,
        /// Where it leads, as it is written there.
        links: Vec<String>,
    },
    /// Why it cannot be read, in words.
    Refused(String),
}

/// The parts of a document, how many pages it has, and what is worth knowing of it.
struct Parts {
    parts: Vec<Part>,
    pages: Option<i32>,
    note: String,
}

impl Parts {
    fn without_pages(parts: Vec<Part>) -> Self {
        Self {
            parts,
            pages: None,
            note: String::new(),
        }
    }
}

/// Reads a document.
pub fn read(format: Format, bytes: &[u8]) -> Read {
    let mut links = Vec::new();
    let parts = match format {
        Format::Sitemap => {
            links = html::locations(&text::decoded(bytes));
            Ok(Parts::without_pages(Vec::new()))
        }
        Format::Pdf => pdf::parts(bytes),
        Format::Docx => docx::parts(bytes).map(Parts::without_pages),
        Format::Html => {
            let page = text::decoded(bytes);
            links = html::links(&page);
            Ok(Parts::without_pages(html::parts(&page)))
        }
        Format::Markdown => Ok(Parts::without_pages(text::parts(&text::decoded(bytes), true))),
        Format::Text => Ok(Parts::without_pages(text::parts(&text::decoded(bytes), false))),
        Format::Table => table::parts(&text::decoded(bytes)).map(Parts::without_pages),
    };
    let Parts { parts, pages, note } = match parts {
        Ok(parts) => parts,
        Err(says) => return Read::Refused(says),
    };
    if parts.iter().map(|part| part.text.len()).sum::<usize>() > MOST_TEXT {
        return Read::Refused("There is more text in it than can be searched. Split it into smaller files.".to_owned());
    }
    let pieces = pieces::pieces(&parts);
    if pieces.len() > MOST_PIECES {
        return Read::Refused("There is more text in it than can be searched. Split it into smaller files.".to_owned());
    }
    Read::Document {
        pages,
        pieces,
        note,
        links,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_and_its_beginning_say() {
        for (name, bytes, expected) in [
            ("a.pdf", &b"%PDF-1.7 ..."[..], Some(Format::Pdf)),
            ("a.PDF", b"\xef\xbb\xbf%PDF-1.4", Some(Format::Pdf)),
            ("a.pdf", b"hello", None),
            ("a.docx", b"PK\x03\x04..", Some(Format::Docx)),
            ("a.docx", b"\xd0\xcf\x11\xe0", None),
            ("a.txt", b"PK\x03\x04", None),
            ("a.txt", b"%PDF-1.4", None),
            ("a.md", b"", None),
            ("a.exe", b"MZ", None),
            ("a.csv", b"a,b", Some(Format::Table)),
        ] {
            assert_eq!(format(name, bytes).ok(), expected, "{name}");
        }
    }
}
