//! Tables of values: each row says what its values are, so that it can be found and understood by itself.

use super::Part;

/// More rows than anybody looks things up in.
const MOST_ROWS: usize = 20_000;
const MOST_COLUMNS: usize = 200;
/// Rows that stand in one part together, so that a piece is made of whole rows.
const LONGEST_CELL: usize = 2000;

pub(super) fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut rows = reader.records();
    let Some(head) = rows.next() else {
        return Ok(Vec::new());
    };
    let head = head.map_err(|_| "The table cannot be read.".to_owned())?;
    if head.len() > MOST_COLUMNS {
        return Err(format!(
            "The table has {} columns. At most {MOST_COLUMNS} are read.",
            head.len()
        ));
    }
    let mut part = Part::default();
    for (number, row) in rows.enumerate() {
        if number >= MOST_ROWS {
            return Err("The table has more than 20,000 rows. Split it into smaller files.".to_owned());
        }
        let row = row.map_err(|_| format!("Row {} of the table cannot be read.", number + 2))?;
        let mut cells: Vec<String> = Vec::new();
        for (at, value) in row.iter().enumerate().take(MOST_COLUMNS) {
            let value: String = value.trim().chars().take(LONGEST_CELL).collect();
            match head.get(at).map(str::trim).unwrap_or_default() {
                _ if value.is_empty() => {}
                "" => cells.push(value),
                name => cells.push(format!("{name}: {value}")),
            }
        }
        if !cells.is_empty() {
            part.text.push_str(&cells.join("; ").replace('\n', " "));
            part.text.push_str("\n\n");
        }
    }
    // A single row is no heading over nothing.
    if part.text.is_empty() {
        part.text = head.iter().collect::<Vec<_>>().join("; ");
    }
    Ok(vec![part])
}

/// Which of the usual separators the first line has most of.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().next().unwrap_or_default();
    let count = |separator: &u8| line.bytes().filter(|byte| byte == separator).count();
    *[b',', b';', b'\t']
        .iter()
        .max_by_key(|separator| count(separator))
        .expect("there are three")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_says_what_its_values_are() {
        let text = "Treatment;Price;Note\nCrown;$900;\"two; visits\"\n;;\nFilling;$150\n";
        let found = parts(text).unwrap();
        assert_eq!(
            found[0].text,
            "Treatment: Crown; Price: $900; Note: two; visits\n\nTreatment: Filling; Price: $150\n\n"
        );
        assert_eq!(parts("").unwrap(), []);
        assert_eq!(parts("only, one").unwrap()[0].text, "only;  one");
        assert!(parts(&format!("a\n{}", "1\n".repeat(MOST_ROWS + 1))).is_err());
    }
}
