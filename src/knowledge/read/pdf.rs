//! PDF: the text of each page. A page that cannot be read does not spoil the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{Document, PlainTextOutput, output_doc_page};

use super::{MOST_PAGES, MOST_TEXT, Part, Parts};

pub(super) fn parts(bytes: &[u8]) -> Result<Parts, String> {
    let broken = "The PDF is broken. Save or print it as PDF anew.";
    let loaded = catch_unwind(|| Document::load_mem(bytes)).map_err(|_| broken.to_owned())?;
    let document = loaded.map_err(|error| if is_about_a_password(&error) { LOCKED } else { broken }.to_owned())?;
    // What opens without a password is decrypted when it is loaded, and says no more that it is encrypted.
    if document.trailer.get(b"Encrypt").is_ok() {
        return Err(LOCKED.to_owned());
    }
    let pages = document.get_pages().len();
    if pages == 0 {
        return Err(broken.to_owned());
    }
    if pages > MOST_PAGES {
        return Err(format!(
            "It has {pages} pages, and at most 2,000 are read. Split it into smaller files."
        ));
    }
    let (mut parts, mut unreadable, mut length) = (Vec::new(), 0, 0);
    for number in 1..=pages {
        let text = catch_unwind(AssertUnwindSafe(|| {
            let mut text = String::new();
            let page = u32::try_from(number).unwrap_or(u32::MAX);
            let read = output_doc_page(&document, &mut PlainTextOutput::new(&mut text), page);
            read.is_ok().then_some(text)
        }));
        let Ok(Some(text)) = text else {
            unreadable += 1;
            continue;
        };
        length += text.len();
        if length > MOST_TEXT {
            return Err("There is more text in it than can be searched. Split it into smaller files.".to_owned());
        }
        parts.push(Part {
            heading: String::new(),
            page: i32::try_from(number).ok(),
            text: joined(&text),
        });
    }
    if unreadable == pages {
        return Err(broken.to_owned());
    }
    let with_text = parts
        .iter()
        .filter(|part| part.text.chars().any(char::is_alphanumeric))
        .count();
    if is_stamp(&parts) {
        parts.clear();
    }
    let note = if with_text < pages {
        format!("There is text on {with_text} of its {pages} pages. What is on the others is not found.")
    } else {
        String::new()
    };
    Ok(Parts {
        parts,
        pages: i32::try_from(pages).ok(),
        note,
    })
}

const LOCKED: &str = "The PDF is locked with a password. Save it without one.";

fn is_about_a_password(error: &pdf_extract::Error) -> bool {
    matches!(
        error,
        pdf_extract::Error::Decryption(_) | pdf_extract::Error::InvalidPassword
    )
}

/// Whether all pages say the same few words, as scanners stamp them on pictures.
fn is_stamp(parts: &[Part]) -> bool {
    match parts {
        [first, rest @ ..] if !rest.is_empty() => {
            first.text.chars().count() < 200 && rest.iter().all(|part| part.text.trim() == first.text.trim())
        }
        _ => false,
    }
}

/// Lines of a paragraph in one, and words that were parted at the end of a line together again.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for paragraph in text.split("\n\n") {
        let mut lines = paragraph
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .peekable();
        while let Some(line) = lines.next() {
            let next_is_small = lines.peek().is_some_and(|next| next.starts_with(char::is_lowercase));
            let parted = line
                .strip_suffix('-')
                .filter(|start| next_is_small && start.ends_with(char::is_lowercase));
            match parted {
                Some(start) => joined.push_str(start),
                None => {
                    joined.push_str(line);
                    joined.push(if lines.peek().is_some() { ' ' } else { '\n' });
                }
            }
        }
        joined.push('\n');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_parted_words_made_whole() {
        assert_eq!(
            joined("An exam-\nple of\nlines.\n\nNext - one\n"),
            "An example of lines.\n\nNext - one\n\n"
        );
    }

    #[test]
    fn the_same_stamp_on_every_page_is_no_text() {
        let page = |text: &str| Part {
            text: text.into(),
            ..Part::default()
        };
        assert!(is_stamp(&[page("Scanned by X"), page("Scanned by X\n")]));
        assert!(!is_stamp(&[page("Scanned by X"), page("Prices")]));
        assert!(!is_stamp(&[page("One page")]));
    }

    #[test]
    fn what_is_no_document_is_said_to_be_broken() {
        for bytes in [&b"%PDF-1.7"[..], b"%PDF-1.7\nnothing\n%%EOF", b""] {
            assert!(parts(bytes).err().unwrap().contains("broken"));
        }
    }
}
