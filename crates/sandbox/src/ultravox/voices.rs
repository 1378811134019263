//! Voices: those everybody has, and the account's own.

use axum::Json;
use axum::extract::{FromRequest as _, Multipart, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::http;
use super::errors::{Answer, Problem, Wrong, members};
use super::page::{Ask, Row, page};
use super::{App, Ultravox, query, recording, rules};

/// Name, language, what the language is called, provider, description.
const PUBLIC: &[(&str, &str, &str, &str, &str)] = &[
    (
        "Mark",
        "en-US",
        "English (United States)",
        "inworld",
        "Calm and friendly, American, male",
    ),
    (
        "Jessica",
        "en-US",
        "English (United States)",
        "eleven_labs",
        "Bright and conversational, American, female",
    ),
    (
        "Tanya",
        "en-US",
        "English (United States)",
        "cartesia",
        "Clear and professional, American, female",
    ),
    (
        "Aaron",
        "en-US",
        "English (United States)",
        "lmnt",
        "Warm, measured, American, male",
    ),
    (
        "Emily",
        "en-GB",
        "English (United Kingdom)",
        "eleven_labs",
        "Polite and crisp, British, female",
    ),
    (
        "Oliver",
        "en-GB",
        "English (United Kingdom)",
        "google",
        "Steady, British, male",
    ),
    (
        "Muyiwa",
        "en-NG",
        "English (Nigeria)",
        "cartesia",
        "Confident, Nigerian, male",
    ),
    (
        "Chelsea",
        "en-AU",
        "English (Australia)",
        "inworld",
        "Easygoing, Australian, female",
    ),
    (
        "Anika",
        "en-IN",
        "English (India)",
        "cartesia",
        "Helpful, Indian, female",
    ),
    ("Ben", "de", "German", "eleven_labs", "Sachlich und freundlich, male"),
    ("Frida", "de", "German", "inworld", "Herzlich und klar, female"),
    ("Lukas", "de-AT", "German (Austria)", "google", "Ruhig, male"),
    ("Alex", "es", "Spanish", "eleven_labs", "Cercano, male"),
    ("Lucía", "es-MX", "Spanish (Mexico)", "cartesia", "Alegre, female"),
    ("Mateo", "es-AR", "Spanish (Argentina)", "inworld", "Tranquilo, male"),
    ("Coco", "fr", "French", "eleven_labs", "Posée, female"),
    ("Hugo", "fr-CA", "French (Canada)", "google", "Chaleureux, male"),
    ("Sofia", "it", "Italian", "cartesia", "Gentile, female"),
    ("Marco", "it", "Italian", "inworld", "Vivace, male"),
    (
        "Rosa",
        "pt-BR",
        "Portuguese (Brazil)",
        "eleven_labs",
        "Simpática, female",
    ),
    ("Tiago", "pt-PT", "Portuguese (Portugal)", "google", "Sereno, male"),
    ("Daan", "nl", "Dutch", "cartesia", "Vriendelijk, male"),
    ("Sanne", "nl", "Dutch", "inworld", "Helder, female"),
    ("Haruka", "ja", "Japanese", "google", "Soft, female"),
    ("Kenji", "ja", "Japanese", "inworld", "Formal, male"),
    ("Priya", "hi", "Hindi", "cartesia", "Warm, female"),
    ("Minseo", "ko", "Korean", "inworld", "Gentle, female"),
    ("Wei", "zh", "Chinese", "google", "Clear, male"),
    ("Aneta", "pl", "Polish", "respeecher", "Friendly, female"),
    ("Olena", "uk", "Ukrainian", "respeecher", "Lively, female"),
    ("Salma", "ar", "Arabic", "eleven_labs", "Elegant, female"),
    ("Elif", "tr", "Turkish", "cartesia", "Young, female"),
];

const PROVIDERS: &[(&str, &str)] = &[
    ("elevenLabs", "eleven_labs"),
    ("cartesia", "cartesia"),
    ("lmnt", "lmnt"),
    ("google", "google"),
    ("inworld", "inworld"),
    ("respeecher", "respeecher"),
    ("generic", "generic"),
];

/// Public voices keep their ids over restarts: the ids are made from the names.
fn public(app: &Ultravox) -> Vec<Value> {
    PUBLIC
        .iter()
        .map(|(name, language, label, provider, description)| {
            let digest = super::super::sign::ultravox("public voice", name.as_bytes(), language);
            let id = Uuid::parse_str(&digest[..32]).unwrap_or_default();
            let key = PROVIDERS
                .iter()
                .find(|(_, listed)| listed == provider)
                .map_or("generic", |(key, _)| key);
            json!({
                "voiceId": id, "name": name, "description": description, "primaryLanguage": language,
                "languageLabel": label, "previewUrl": format!("{}/api/voices/{id}/preview", app.url),
                "ownership": "public", "billingStyle": "VOICE_BILLING_STYLE_INCLUDED", "provider": provider,
                "definition": { *key: { "voiceId": digest[32..52] } },
            })
        })
        .collect()
}

fn every(app: &Ultravox) -> Vec<Value> {
    let own: Vec<Value> = app.world.read(|world| world.voices.values().cloned().collect());
    [own, public(app)].concat()
}

fn find(app: &Ultravox, id: &str) -> Answer<Value> {
    every(app)
        .into_iter()
        .find(|voice| voice["voiceId"] == id)
        .ok_or_else(Problem::not_found)
}

/// A template may name a voice by its id or its name, and the voice must exist.
pub fn check_known(app: &Ultravox, fields: &Map<String, Value>, wrong: &mut Wrong, under: &str) {
    let Some(name) = fields
        .get("voice")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
    else {
        return;
    };
    let known = every(app).iter().any(|voice| {
        voice["voiceId"] == name
            || voice["name"]
                .as_str()
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
    });
    if !known {
        let text = format!("Voice \"{name}\" does not exist.");
        if under.is_empty() {
            wrong.add("voice", text)
        } else {
            wrong.add(under, format!("voice: {text}"))
        }
    }
}

pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let get = |name| http::first(&query, name);
    let search = get("search").map(str::to_lowercase);
    let providers = http::all(&query, "provider");
    let wanted = |voice: &Value| {
        let text = |field: &str| voice[field].as_str().unwrap_or_default().to_lowercase();
        search
            .as_deref()
            .is_none_or(|search| text("name").contains(search) || text("description").contains(search))
            && get("ownership").is_none_or(|ownership| voice["ownership"] == ownership)
            && get("billingStyle").is_none_or(|style| voice["billingStyle"] == style)
            && get("primaryLanguage").is_none_or(|language| same_language(&text("primaryLanguage"), language))
            && (providers.is_empty() || providers.contains(&voice["provider"].as_str().unwrap_or_default()))
    };
    let asked = get("primaryLanguage").map(str::to_lowercase);
    let rows = every(&app)
        .into_iter()
        .filter(wanted)
        .map(|voice| {
            // The exact region comes first, other regions of the same language behind it.
            let exact = asked.as_deref() == voice["primaryLanguage"].as_str().map(str::to_lowercase).as_deref();
            let own = voice["ownership"] == "private";
            let key = format!(
                "{}{}{}",
                u8::from(!exact),
                u8::from(!own),
                voice["name"].as_str().unwrap_or_default()
            );
            Row {
                key,
                id: voice["voiceId"].as_str().unwrap_or_default().to_owned(),
                value: voice,
            }
        })
        .collect();
    let url = format!("{}/api/voices", app.url);
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first: false,
        },
    )?)
    .into_response())
}

fn same_language(tag: &str, asked: &str) -> bool {
    let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_lowercase();
    base(tag) == base(asked)
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    Ok(Json(find(&app, &id)?).into_response())
}

pub async fn create(State(app): App, headers: HeaderMap, request: Request) -> Answer {
    let is_form = http::text(&headers, "content-type").is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let fields = if is_form {
        cloned(request).await?
    } else {
        described(request).await?
    };
    let mut wrong = Wrong::default();
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
    match name.chars().count() {
        0 => wrong.add("name", "This field is required."),
        1..=40 => {}
        _ => wrong.add("name", "Ensure this field has no more than 40 characters."),
    }
    if app
        .world
        .read(|world| world.voices.values().any(|voice| voice["name"] == name))
    {
        wrong.add("name", "A voice of this name exists already.");
    }
    let key = fields["definition"]
        .as_object()
        .and_then(|definition| definition.keys().next())
        .cloned();
    let provider = key.and_then(|key| PROVIDERS.iter().find(|(known, _)| *known == key));
    if provider.is_none() {
        wrong.add("definition", "Exactly one provider must be set.");
    }
    wrong.check()?;
    let id = Uuid::new_v4().to_string();
    let style = if is_form {
        "VOICE_BILLING_STYLE_INCLUDED"
    } else {
        "VOICE_BILLING_STYLE_EXTERNAL"
    };
    let voice = json!({
        "voiceId": id, "name": name, "description": fields.get("description"),
        "primaryLanguage": fields.get("primaryLanguage"), "languageLabel": fields.get("primaryLanguage"),
        "previewUrl": format!("{}/api/voices/{id}/preview", app.url), "ownership": "private",
        "billingStyle": style, "provider": provider.map(|(_, listed)| listed), "definition": fields["definition"],
    });
    app.world.write(|world| world.voices.insert(id, voice.clone()));
    Ok((StatusCode::CREATED, Json(voice)).into_response())
}

async fn described(request: Request) -> Answer<Map<String, Value>> {
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|cause| Problem::detail(cause.status(), cause.body_text()))?;
    members(&body).map(|mut fields| {
        fields.entry("definition").or_insert(Value::Null);
        fields
    })
}

/// A clone: one sound file and a name.
async fn cloned(request: Request) -> Answer<Map<String, Value>> {
    let bad = |cause: &dyn std::fmt::Display| Problem::detail(StatusCode::BAD_REQUEST, cause.to_string());
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|cause| bad(&cause))?;
    let mut fields = Map::new();
    let mut sample = None;
    while let Some(field) = form.next_field().await.map_err(|cause| bad(&cause))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let sound = field
                .file_name()
                .is_some_and(|name| name.ends_with(".wav") || name.ends_with(".mp3"));
            let bytes = field.bytes().await.map_err(|cause| bad(&cause))?;
            sample = Some((sound, bytes.len()));
        } else {
            let text = field.text().await.map_err(|cause| bad(&cause))?;
            fields.insert(
                if name == "language" {
                    "primaryLanguage".to_owned()
                } else {
                    name
                },
                json!(text),
            );
        }
    }
    match sample {
        None => return Err(Problem::field("file", "No file was submitted.")),
        Some((false, _)) => return Err(Problem::field("file", "Upload a .wav or .mp3 file.")),
        Some((_, size)) if size == 0 || size > 10 << 20 => {
            return Err(Problem::field("file", "The file must have between 1 byte and 10 MB."));
        }
        Some(_) => {}
    }
    fields.entry("primaryLanguage").or_insert_with(|| json!("en"));
    fields.insert("definition".into(), json!({ "inworld": { "voiceId": Uuid::new_v4() } }));
    Ok(fields)
}

pub async fn update(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = members(&body)?;
    if find(&app, &id)?["ownership"] == "public" {
        return Err(Problem::detail(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action.",
        ));
    }
    if fields.get("name").is_some_and(|name| {
        name.as_str()
            .is_none_or(|name| name.is_empty() || name.chars().count() > 40)
    }) {
        return Err(Problem::field(
            "name",
            "Ensure this field has no more than 40 characters.",
        ));
    }
    let voice = app.world.write(|world| {
        let voice = world.voices.get_mut(&id)?;
        for name in ["name", "description", "primaryLanguage", "definition"] {
            if let Some(value) = fields.get(name) {
                voice[name] = value.clone();
            }
        }
        Some(voice.clone())
    });
    Ok(Json(voice.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn delete(State(app): App, Path(id): Path<String>) -> Answer {
    if find(&app, &id)?["ownership"] == "public" {
        return Err(Problem::detail(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action.",
        ));
    }
    app.world.write(|world| world.voices.remove(&id));
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn preview(State(app): App, Path(id): Path<String>) -> Answer {
    find(&app, &id)?;
    Ok(recording::link(&app.storage_url, &format!("/previews/{id}.wav")))
}

pub async fn serve_preview(State(app): App, Path(file): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    if let Err(refusal) = recording::check_link(&uri, &headers) {
        return *refusal;
    }
    match find(&app, file.trim_end_matches(".wav")) {
        Ok(voice) => recording::wav_response(&recording::preview(&voice)),
        Err(problem) => problem.into_response(),
    }
}

pub async fn preview_unsaved(body: Bytes) -> Answer {
    let fields = members(&body)?;
    if !rules::is_set(&fields, "definition") {
        return Err(Problem::field("definition", "This field is required."));
    }
    Ok(recording::wav_response(&recording::preview(&Value::Object(fields))))
}
