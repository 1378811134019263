//! Files as people upload them, good and bad, written here byte by byte.

use std::io::{Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

/// A PDF with these lines on its pages.
pub fn pdf(pages: &[Vec<String>]) -> Vec<u8> {
    pdf_with(pages, "")
}

/// The same, with more in its trailer.
pub fn pdf_with(pages: &[Vec<String>], trailer: &str) -> Vec<u8> {
    let mut objects: Vec<String> = Vec::new();
    let kids: Vec<String> = (0..pages.len()).map(|at| format!("{} 0 R", 4 + at * 2)).collect();
    objects.push("<< /Type /Catalog /Pages 2 0 R >>".to_owned());
    objects.push(format!(
        "<< /Type /Pages /Count {} /Kids [{}] >>",
        pages.len(),
        kids.join(" ")
    ));
    objects.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned());
    for (at, lines) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>",
            5 + at * 2
        ));
        let mut content = String::from("BT /F1 11 Tf 14 TL 60 740 Td\n");
        for line in lines {
            let line = line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
            content.push_str(&format!("({line}) Tj T*\n"));
        }
        content.push_str("ET");
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer = format!("trailer\n<< /Size {} /Root 1 0 R {trailer} >>\n", objects.len() + 1);
    file.extend(format!("{trailer}startxref\n{table}\n%%EOF").bytes());
    file
}

/// A Word document with these paragraphs; one that begins with `# ` is a heading.
pub fn docx(paragraphs: &[&str]) -> Vec<u8> {
    let mut xml = String::from(r#"<?xml version="1.0" encoding="UTF-8"?><w:document><w:body>"#);
    for paragraph in paragraphs {
        let (style, words) = match paragraph.strip_prefix("# ") {
            Some(words) => (r#"<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>"#, words),
            None => ("", *paragraph),
        };
        xml.push_str(&format!("<w:p>{style}<w:r><w:t>{words}</w:t></w:r></w:p>"));
    }
    xml.push_str("</w:body></w:document>");
    packed("word/document.xml", xml.as_bytes())
}

pub fn packed(name: &str, content: &[u8]) -> Vec<u8> {
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    file.start_file(name, SimpleFileOptions::default()).unwrap();
    file.write_all(content).unwrap();
    file.finish().unwrap().into_inner()
}

/// What a clinic has written down on 200 pages, and ten questions with the words that answer them.
pub fn handbook() -> (Vec<Vec<String>>, [(&'static str, &'static str); 10]) {
    let questions = [
        ("How much does a porcelain crown cost?", "nine hundred dollars"),
        (
            "Where can patients park in Napa?",
            "behind the building on Second Street",
        ),
        ("Do you accept Delta Dental?", "Delta Dental PPO"),
        ("How long does teeth whitening take?", "ninety minutes"),
        ("What happens if I cancel on the same day?", "fee of forty dollars"),
        ("Which doctor treats small children?", "Doctor Tanaka"),
        ("Can I pay in installments?", "twelve months without interest"),
        ("Are you open on Saturdays?", "until one in the afternoon"),
        ("What should I eat after an extraction?", "soup and yogurt"),
        ("Do you speak Spanish?", "Marisol and Hector"),
    ];
    let answers = [
        "A porcelain crown costs nine hundred dollars and takes two visits.",
        "Patients park in Napa for free behind the building on Second Street.",
        "We accept Delta Dental PPO and bill Delta Dental for you.",
        "Teeth whitening takes ninety minutes in one visit.",
        "Whoever cancels on the same day pays a fee of forty dollars.",
        "Small children are treated by Doctor Tanaka, who has toys in the room.",
        "You can pay in installments over twelve months without interest.",
        "On Saturdays we are open from eight until one in the afternoon.",
        "After an extraction eat soup and yogurt for two days, nothing hot.",
        "Marisol and Hector at the front desk speak Spanish.",
    ];
    let mut pages: Vec<Vec<String>> = (1..=200)
        .map(|page| {
            let room = page % 9 + 1;
            vec![
                format!("Handbook of the clinic, section {page}"),
                format!("Room {room} is cleaned at the end of each day, and its list is signed."),
                format!("Instruments of tray {page} are counted before and after every visit."),
                "What is missing is said to the office on the same day.".to_owned(),
                format!("The cabinet of room {room} is locked; the key is with the office."),
            ]
        })
        .collect();
    for (at, answer) in answers.iter().enumerate() {
        pages[at * 19 + 7].insert(2, (*answer).to_owned());
    }
    (pages, questions)
}
