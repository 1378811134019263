//! Voices: the public ones, and clones of the account's own.

use reqwest::{Method, header::CONTENT_TYPE};
use uuid::Uuid;

use super::{Ultravox, question, shape::Voice};
use crate::providers::{Audio, Failure, http::Repeat};

const LARGEST_PREVIEW: usize = 8 << 20;

impl Ultravox {
    /// Voices that every account has and that cost nothing beside the call.
    pub async fn public_voices(&self) -> Result<Vec<Voice>, Failure> {
        let query = [
            ("ownership", "public"),
            ("billingStyle", "VOICE_BILLING_STYLE_INCLUDED"),
            ("pageSize", "200"),
        ];
        let mut voices: Vec<Voice> = self.list("list_voices", &["voices"], &query, |_| true).await?;
        // A private voice is a person's, and belongs to one organization at most.
        voices.retain(|voice| voice.ownership.as_deref() == Some("public"));
        Ok(voices)
    }

    /// A voice of the account's own, made of a sample. Never asked twice: an account may have few of them.
    pub async fn clone_voice(
        &self,
        name: &str,
        description: &str,
        language: &str,
        sample: &Audio,
    ) -> Result<Voice, Failure> {
        let file = if sample.content_type == "audio/mpeg" {
            "sample.mp3"
        } else {
            "sample.wav"
        };
        let fields = [("name", name), ("description", description), ("language", language)];
        let (content_type, body) = form(&fields, (file, sample));
        let request = self
            .request(Method::POST, self.url(&["voices"]))
            .header(CONTENT_TYPE, content_type)
            .body(body);
        question("clone_voice", Repeat::Never).json(request).await
    }

    /// Private voices whose name begins with the mark.
    pub async fn voices_marked(&self, mark: &str) -> Result<Vec<Voice>, Failure> {
        let query = [("ownership", "private"), ("pageSize", "200")];
        // All of them: how names are indexed for a search, and how soon, is not documented, and an account has few.
        let mut found: Vec<Voice> = self.list("private_voices", &["voices"], &query, |_| true).await?;
        found.retain(|voice| voice.name.starts_with(mark));
        Ok(found)
    }

    /// A voice that is already gone is fine.
    pub async fn delete_voice(&self, id: &str) -> Result<(), Failure> {
        self.delete("delete_voice", &["voices", id]).await
    }

    pub async fn preview(&self, voice_id: &str) -> Result<Audio, Failure> {
        self.sound(
            "get_preview",
            self.url(&["voices", voice_id, "preview"]),
            LARGEST_PREVIEW,
        )
        .await
    }
}

/// A form with one file. In memory, unlike the client's own, so that it can be sent as every other question is.
fn form(fields: &[(&str, &str)], (file_name, file): (&str, &Audio)) -> (String, Vec<u8>) {
    let boundary = format!("form-{}", Uuid::new_v4().simple());
    let mut body = Vec::with_capacity(file.bytes.len() + 1024);
    for (name, value) in fields {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let kind = &file.content_type;
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    body.extend(head.as_bytes());
    body.extend(&file.bytes);
    body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
