//! What a recording sounds like: a soft tone for each turn, low for the agent and higher for the person.

use std::f64::consts::TAU;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use serde_json::Value;

use super::super::http;
use super::super::sign;
use super::calls::{self, Call};
use super::errors::{Answer, Problem};
use super::{App, query, values};

const RATE: u32 = 8000;
/// Longer recordings are cut: they are for listening to the player, not to the call.
const LONGEST: f64 = 180.0;
/// How long a link to the storage is good, in seconds.
const LINK: i64 = 600;
const LINK_SECRET: &str = "storage links of the sandbox";

pub async fn redirect(State(app): App, Path(id): Path<String>) -> Answer {
    let call = app
        .world
        .read(|world| world.calls.get(&id).cloned())
        .ok_or_else(Problem::not_found)?;
    if call.doc["recordingEnabled"] != true || calls::length(&call.doc).is_none() {
        return Err(Problem::detail(
            StatusCode::NOT_FOUND,
            "There is no recording of this call.",
        ));
    }
    Ok(link(&app.storage_url, &format!("/recordings/{id}.wav")))
}

/// Sends the caller to the storage with a link that carries its own permission.
pub fn link(storage: &str, path: &str) -> Response {
    let expires = (Utc::now().timestamp() + LINK).to_string();
    let signature = sign::ultravox(LINK_SECRET, path.as_bytes(), &expires);
    let location = format!("{storage}{path}?expires={expires}&signature={signature}");
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// Refuses a forged or old link, and one that comes with an API key: a key must not follow a redirect.
pub fn check_link(uri: &Uri, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let refuse = |status, code| {
        let body = format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>");
        Box::new((status, [(header::CONTENT_TYPE, "application/xml")], body).into_response())
    };
    if headers.contains_key("x-api-key") || headers.contains_key("authorization") {
        return Err(refuse(StatusCode::BAD_REQUEST, "InvalidArgument"));
    }
    let query = query(uri);
    let expires = http::first(&query, "expires").unwrap_or_default();
    let expected = sign::ultravox(LINK_SECRET, uri.path().as_bytes(), expires);
    let fresh = expires.parse::<i64>().is_ok_and(|at| at >= Utc::now().timestamp());
    if fresh && http::first(&query, "signature") == Some(&expected) {
        return Ok(());
    }
    Err(refuse(StatusCode::FORBIDDEN, "AccessDenied"))
}

pub async fn serve(State(app): App, Path(file): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    if let Err(refusal) = check_link(&uri, &headers) {
        return *refusal;
    }
    let id = file.trim_end_matches(".wav");
    match app.world.read(|world| world.calls.get(id).cloned()) {
        Some(call) => wav_response(&sound(&call)),
        None => http::plain(StatusCode::NOT_FOUND, "no such object"),
    }
}

pub fn wav_response(samples: &[i16]) -> Response {
    ([(header::CONTENT_TYPE, "audio/wav")], Body::from(wav(samples))).into_response()
}

fn sound(call: &Call) -> Vec<i16> {
    let length = calls::length(&call.doc).unwrap_or_default().min(LONGEST);
    let mut samples = vec![0_i16; (length * f64::from(RATE)) as usize];
    for (turn, message) in call.messages.iter().enumerate() {
        let time = |end: &str| {
            message["timespan"][end]
                .as_str()
                .and_then(values::seconds)
                .unwrap_or_default()
        };
        let pitch = match message["role"].as_str() {
            Some("MESSAGE_ROLE_AGENT") => 196.0,
            Some("MESSAGE_ROLE_USER") => 293.7,
            _ => continue,
        };
        // Neighbouring turns of the same voice differ by a third, so that turns can be told apart.
        tone(
            &mut samples,
            time("start"),
            time("end"),
            pitch * if turn % 4 < 2 { 1.0 } else { 1.26 },
        );
    }
    samples
}

/// Adds a tone that swells and fades like syllables do.
pub fn tone(samples: &mut [i16], start: f64, end: f64, pitch: f64) {
    let rate = f64::from(RATE);
    let range = (start * rate) as usize..((end * rate) as usize).min(samples.len());
    for place in range {
        let time = place as f64 / rate;
        let edge = ((time - start).min(end - time) / 0.05).clamp(0.0, 1.0);
        let syllable = 0.6 + 0.4 * (TAU * 3.5 * time).sin();
        let wave = (TAU * pitch * time).sin() + 0.3 * (TAU * 2.0 * pitch * time).sin();
        samples[place] = (wave * syllable * edge * 4500.0) as i16;
    }
}

/// 8 kHz, 16 bits, one channel.
fn wav(samples: &[i16]) -> Vec<u8> {
    let size = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    file.extend(b"RIFF");
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(size.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

/// A short sample of a voice: a rising phrase at a pitch of its own.
pub fn preview(voice: &Value) -> Vec<i16> {
    let name = voice["name"].as_str().unwrap_or_default();
    let pitch = 150.0 + f64::from(name.bytes().fold(0_u8, u8::wrapping_add) % 120);
    let mut samples = vec![0_i16; RATE as usize * 2];
    for (place, step) in [1.0, 1.12, 1.26, 1.0].into_iter().enumerate() {
        let start = place as f64 * 0.5;
        tone(&mut samples, start, start + 0.42, pitch * step);
    }
    samples
}
