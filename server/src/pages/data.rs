//! The data of a page: what its questions were answered, in a script at its end, so that the browser need not ask again.
//!
//! leptos' browser side reads these globals (`hydration_context`); writing them here, once and into the page itself, takes
//! a tenth of the time of its own writer.

use std::fmt::Write;

use hydration_context::SerializedDataId;

/// Nothing is on its way any more and nothing failed to be drawn: the other lists are there because they are read.
const REST: &str = "__SERIALIZED_ERRORS=[];__PENDING_RESOURCES=[];__RESOURCE_RESOLVERS=[];__INCOMPLETE_CHUNKS=[];";

pub fn write(page: &mut String, data: &[(SerializedDataId, String)], nonce: Option<&str>) {
    let length: usize = data.iter().map(|(_, json)| json.len() + 48).sum();
    page.reserve(length + 256);
    page.push_str("<script");
    if let Some(nonce) = nonce {
        page.push_str(" nonce=\"");
        page.push_str(nonce);
        page.push('"');
    }
    page.push('>');
    page.push_str(REST);
    page.push_str("__RESOLVED_RESOURCES=[];");
    for (id, json) in data {
        write!(page, "__RESOLVED_RESOURCES[{}]=", id.clone().into_inner()).expect("writing to a string cannot fail");
        literal(page, json);
        page.push(';');
    }
    page.push_str("</script>");
}

/// As a string of JavaScript inside a script element of HTML. In single quotes, because JSON is full of the others.
fn literal(page: &mut String, text: &str) {
    page.push('\'');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'\\' => "\\\\",
            b'\'' => "\\'",
            // Whatever would end the script or begin a comment in it.
            b'<' => "\\x3c",
            b'\n' => "\\n",
            b'\r' => "\\r",
            0 => "\\0",
            _ => continue,
        };
        page.push_str(&text[written..at]);
        page.push_str(escaped);
        written = at + 1;
    }
    page.push_str(&text[written..]);
    page.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_leave_its_script() {
        let mut page = String::new();
        literal(&mut page, "</script><!--'\\\r\n\0é\u{2028}");
        assert_eq!(page, "'\\x3c/script>\\x3c!--\\'\\\\\\r\\n\\0é\u{2028}'");
    }
}
