//! Word documents: the paragraphs of `word/document.xml`, with what is a heading. No entity is expanded, and of what is packed no more
//! is unpacked than a document can need.

use std::io::{Cursor, Read};

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use zip::ZipArchive;

use super::{Part, text};

/// Bytes of XML around the text of the longest document that is taken.
const LARGEST: u64 = 100 << 20;
const MOST_FILES: usize = 10_000;

pub(super) fn parts(bytes: &[u8]) -> Result<Vec<Part>, String> {
    Ok(text::parts(&marked(&document(bytes)?)?, true))
}

fn document(bytes: &[u8]) -> Result<String, String> {
    let broken = || "The Word document is broken. Save it anew.".to_owned();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    if archive.len() > MOST_FILES {
        return Err(broken());
    }
    let file = archive
        .by_name("word/document.xml")
        .map_err(|_| "There is no text of a Word document in it. Save it as DOCX anew.".to_owned())?;
    if file.encrypted() {
        return Err("The Word document is locked with a password. Save it without one.".to_owned());
    }
    let mut xml = Vec::new();
    // What the file says of its own size is not asked.
    file.take(LARGEST + 1).read_to_end(&mut xml).map_err(|_| broken())?;
    if xml.len() as u64 > LARGEST {
        return Err("Unpacked, it is larger than any document of words. Split it into smaller files.".to_owned());
    }
    Ok(text::decoded(&xml))
}

/// The paragraphs as Markdown, as far as it is needed here: headings, lists, and rows of tables.
fn marked(xml: &str) -> Result<String, String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let (mut done, mut paragraph) = (String::new(), String::new());
    let (mut level, mut listed, mut row, mut in_text) = (0, false, 0_usize, false);
    loop {
        let event = reader
            .read_event()
            .map_err(|_| "The Word document is broken. Save it anew.".to_owned())?;
        match event {
            Event::Eof => break,
            Event::Start(element) | Event::Empty(element) => {
                let value = || {
                    let value = element.try_get_attribute("w:val").ok().flatten();
                    value.map(|value| value.value.into_owned()).unwrap_or_default()
                };
                match element.name().as_ref() {
                    "w:p" => (level, listed) = (0, false),
                    "w:pStyle" => level = level.max(heading_level(&value())),
                    "w:outlineLvl" => level = value().parse::<usize>().map_or(level, |outline| (outline + 1).min(6)),
                    "w:numPr" => listed = true,
                    "w:tr" => row += 1,
                    "w:t" => in_text = true,
                    "w:tab" => paragraph.push(' '),
                    "w:br" | "w:cr" => paragraph.push('\n'),
                    _ => {}
                }
            }
            Event::End(element) => match element.name().as_ref() {
                "w:t" => in_text = false,
                "w:tc" => {}
                "w:tr" => {
                    row = row.saturating_sub(1);
                    done.push('\n');
                }
                "w:p" => {
                    let words = std::mem::take(&mut paragraph);
                    let words = words.trim();
                    match (words.is_empty(), row, level) {
                        (true, ..) => {}
                        (_, 1.., _) => {
                            done.push_str(&words.replace('\n', " "));
                            done.push_str(" | ");
                        }
                        (_, _, 0) if listed => done.push_str(&format!("- {words}\n")),
                        (_, _, 0) => done.push_str(&format!("\n{words}\n")),
                        (_, _, level) => {
                            let heading = words.replace('\n', " ");
                            done.push_str(&format!("\n{} {heading}\n", "#".repeat(level)));
                        }
                    }
                }
                _ => {}
            },
            Event::Text(words) if in_text => paragraph.push_str(&words),
            Event::CData(words) if in_text => paragraph.push_str(&words),
            Event::GeneralRef(reference) if in_text => {
                if let Ok(Some(c)) = reference.resolve_char_ref() {
                    paragraph.push(c);
                } else if let Some(known) = resolve_predefined_entity(&reference) {
                    paragraph.push_str(known);
                }
            }
            _ => {}
        }
        if done.len() > super::MOST_TEXT || paragraph.len() > super::MOST_TEXT {
            return Err("There is more text in it than can be searched. Split it into smaller files.".to_owned());
        }
    }
    Ok(done)
}

/// Names of styles are those of the language Word was installed in.
fn heading_level(style: &str) -> usize {
    const NAMES: [&str; 8] = [
        "heading",
        "berschrift",
        "titre",
        "titolo",
        "ttulo",
        "kop",
        "nagwek",
        "rubrik",
    ];
    let style = style.to_ascii_lowercase();
    match style.as_str() {
        "title" => 1,
        _ if NAMES.iter().any(|name| style.contains(name)) => {
            let level = style.trim_start_matches(|c: char| !c.is_ascii_digit());
            level.parse::<usize>().map_or(1, |level| level.clamp(1, 6))
        }
        _ => 0,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// A Word document around this.
    pub fn packed(xml: &[u8]) -> Vec<u8> {
        let mut file = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        file.start_file("word/document.xml", options).unwrap();
        file.write_all(xml).unwrap();
        file.finish().unwrap().into_inner()
    }

    #[test]
    fn paragraphs_headings_lists_and_tables_are_read() {
        let xml = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY big "boom">]><w:document><w:body>
            <w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Prices</w:t></w:r></w:p>
            <w:p><w:r><w:t xml:space="preserve">A crown &amp; </w:t></w:r><w:r><w:t>a bridge&#33; &big;</w:t></w:r></w:p>
            <w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>one</w:t></w:r></w:p>
            <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Filling</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>$150</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
            </w:body></w:document>"#;
        let found = parts(&packed(xml.as_bytes())).unwrap();
        let found: Vec<_> = found.iter().filter(|part| !part.text.trim().is_empty()).collect();
        assert_eq!(found[0].heading, "Prices");
        assert_eq!(found[0].text, "\nA crown & a bridge!\n- one\nFilling | $150 | \n");
    }

    #[test]
    fn a_bomb_and_what_is_no_document_are_refused() {
        let bomb = packed(&vec![b' '; (LARGEST + 10) as usize]);
        assert!(bomb.len() < 1 << 20);
        assert!(parts(&bomb).unwrap_err().contains("Unpacked"));
        assert!(parts(b"PK\x03\x04nothing").unwrap_err().contains("broken"));
        assert!(parts(&packed(b"<w:p><w:t")).is_err());
        assert_eq!(heading_level("Overskrift"), 0);
        assert_eq!((heading_level("berschrift2"), heading_level("Heading9")), (2, 6));
    }
}
