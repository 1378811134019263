//! Sound: a recording fetched once, for the ear and, as levels, for the eye.

use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use switchboard::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AudioBuffer, Blob, OfflineAudioContext, Response, Url};

/// A recording in the browser's memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Names the bytes for the player; release it when they are no longer needed.
    pub url: String,
    /// Absent where the browser cannot decode it; it may still play it.
    pub picture: Option<Picture>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub length_s: f64,
    /// Loudness from 0 to 1, `LEVELS_PER_S` of them for each second.
    pub levels: Vec<f32>,
}

const LEVELS_PER_S: usize = 20;
/// The lowest rate every browser decodes to: loudness needs no more.
const RATE: f32 = 8000.0;
/// Beyond this a picture costs more memory than it is worth.
const LARGEST_PICTURE: f64 = 96.0 * 1024.0 * 1024.0;
/// Below this it is silence, as a share of the loudest.
const QUIET: f32 = 0.03;
/// A pause of a breath is part of talking.
const SHORTEST_SILENCE_S: f64 = 1.0;

/// Fetches a recording and looks at it. What goes wrong is said in words fit to show.
pub async fn load(path: &str) -> Result<Sound, String> {
    let lost = |_: JsValue| "The server could not be reached. Check your connection.".to_owned();
    let response: Response = JsFuture::from(window().fetch_with_str(path))
        .await
        .map_err(lost)?
        .unchecked_into();
    if !response.ok() {
        return Err(complaint(&response).await);
    }
    let blob = JsFuture::from(response.blob().map_err(lost)?).await.map_err(lost)?;
    let blob: Blob = blob.unchecked_into();
    let url = Url::create_object_url_with_blob(&blob).map_err(lost)?;
    Ok(Sound {
        picture: picture(&blob).await,
        url,
    })
}

pub fn release(sound: &Sound) {
    let _ = Url::revoke_object_url(&sound.url);
}

/// What the server says of it, which is a problem as in RFC 9457.
async fn complaint(response: &Response) -> String {
    let text = match response.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()),
        Err(_) => None,
    };
    text.and_then(|text| json::parse(&text).ok())
        .and_then(|problem| problem["detail"].as_str().map(str::to_owned))
        .unwrap_or_else(|| format!("The server answered {}.", response.status()))
}

async fn picture(blob: &Blob) -> Option<Picture> {
    if blob.size() > LARGEST_PICTURE {
        return None;
    }
    let bytes: ArrayBuffer = JsFuture::from(blob.array_buffer()).await.ok()?.unchecked_into();
    if Uint8Array::new(&bytes).length() == 0 {
        return None;
    }
    // Offline: an ordinary context would ask for permission to make a sound.
    let context = OfflineAudioContext::new_with_number_of_channels_and_length_and_sample_rate(1, 1, RATE).ok()?;
    let decoded = JsFuture::from(context.decode_audio_data(&bytes).ok()?).await.ok()?;
    let decoded: AudioBuffer = decoded.unchecked_into();
    let channels: Vec<Vec<f32>> = (0..decoded.number_of_channels())
        .filter_map(|channel| decoded.get_channel_data(channel).ok())
        .collect();
    Some(Picture {
        length_s: decoded.duration(),
        levels: levels(&channels, decoded.sample_rate() as usize / LEVELS_PER_S),
    })
}

/// The loudest sample of each window, as a share of the loudest of all.
fn levels(channels: &[Vec<f32>], window: usize) -> Vec<f32> {
    let samples = channels.iter().map(Vec::len).max().unwrap_or_default();
    let loudest = |from: usize| {
        channels
            .iter()
            .flat_map(|channel| channel.iter().skip(from).take(window))
            .fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()))
    };
    let mut levels: Vec<f32> = (0..samples).step_by(window.max(1)).map(loudest).collect();
    let top = levels.iter().copied().fold(0.0_f32, f32::max);
    if top > 0.0 {
        levels.iter_mut().for_each(|level| *level /= top);
    }
    levels
}

impl Picture {
    /// So many bars, each as high as the loudest moment it stands for.
    pub fn bars(&self, count: usize) -> Vec<f32> {
        let levels = self.levels.len();
        (0..count)
            .map(|bar| {
                let (from, to) = (bar * levels / count, (bar + 1) * levels / count);
                let part = self.levels.get(from..to.max(from + 1).min(levels)).unwrap_or_default();
                part.iter().copied().fold(0.0, f32::max)
            })
            .collect()
    }

    /// Where the silence ends that this moment lies in, if it is one worth skipping.
    pub fn silence_until(&self, at_s: f64) -> Option<f64> {
        let at = (at_s * LEVELS_PER_S as f64) as usize;
        let rest = self.levels.get(at..)?;
        let quiet = rest.iter().take_while(|level| **level < QUIET).count();
        let seconds = quiet as f64 / LEVELS_PER_S as f64;
        (seconds >= SHORTEST_SILENCE_S).then(|| (at_s + seconds).min(self.length_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_the_loudest_of_all_channels_against_the_loudest_of_all() {
        let (left, right) = (vec![0.1, -0.2, 0.0, 0.0], vec![0.0, 0.0, 0.4, 0.0]);
        assert_eq!(levels(&[left, right], 2), [0.5, 1.0]);
        assert_eq!(levels(&[vec![0.0; 4]], 2), [0.0, 0.0]);
        assert!(levels(&[], 2).is_empty());
    }

    #[test]
    fn bars_lose_no_peak_and_fit_any_length() {
        let picture = |levels: Vec<f32>| Picture { length_s: 1.0, levels };
        assert_eq!(picture(vec![0.1, 0.9, 0.2, 0.3]).bars(2), [0.9, 0.3]);
        assert_eq!(picture(vec![0.5]).bars(3).len(), 3);
        assert_eq!(picture(Vec::new()).bars(2), [0.0, 0.0]);
    }

    #[test]
    fn only_a_long_silence_is_skipped() {
        let mut levels = vec![1.0; 20];
        levels.extend(vec![0.0; 40]);
        levels.extend(vec![1.0; 20]);
        let picture = Picture { length_s: 4.0, levels };
        assert_eq!(picture.silence_until(0.5), None);
        assert_eq!(picture.silence_until(1.0), Some(3.0));
        assert_eq!(picture.silence_until(2.5), None);
        assert_eq!(picture.silence_until(99.0), None);
    }
}
