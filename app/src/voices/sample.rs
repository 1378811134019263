//! A sample of a voice: chosen from a file or recorded here, and sent as it is.

use js_sys::{ArrayBuffer, Promise};
use leptos::{html, prelude::*, task::spawn_local};
use send_wrapper::SendWrapper;
use switchboard::{Error, Id, voices::Voice};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobEvent, File, MediaRecorder, MediaStream, MediaStreamConstraints, OfflineAudioContext, Url};

use crate::{
    AppError,
    kit::{Field, browser, dynamic, field_id, icon, reactive_text},
    wire,
};

/// Samples a second of what is recorded here: more than a telephone carries, and less than a quarter of what may be sent.
const RATE: f32 = 24_000.0;
/// What is recorded ends by itself before the longest that is taken.
const LONGEST_S: u32 = 110;

/// Sound that was chosen or recorded, and is not sent yet.
#[derive(Clone)]
pub struct Sound {
    blob: SendWrapper<Blob>,
    name: String,
    /// Names the bytes for the player.
    url: String,
}

impl Sound {
    fn new(blob: Blob, name: String) -> Option<Self> {
        let url = Url::create_object_url_with_blob(&blob).ok()?;
        Some(Self {
            blob: SendWrapper::new(blob),
            name,
            url,
        })
    }
}

/// The sound as it is now, and the recorder that makes it.
#[derive(Clone, Copy)]
pub struct Sample {
    pub sound: RwSignal<Option<Sound>>,
    recorder: RwSignal<Option<SendWrapper<MediaRecorder>>>,
    seconds: RwSignal<u32>,
    trouble: RwSignal<Option<String>>,
}

pub fn sample() -> Sample {
    let sample = Sample {
        sound: RwSignal::new(None),
        recorder: RwSignal::new(None),
        seconds: RwSignal::new(0),
        trouble: RwSignal::new(None),
    };
    on_cleanup(move || {
        sample.stop();
        if let Some(sound) = sample.sound.try_get_untracked().flatten() {
            let _ = Url::revoke_object_url(&sound.url);
        }
    });
    sample
}

impl Sample {
    fn take(self, blob: Blob, name: String) {
        if let Some(before) = self.sound.try_get_untracked().flatten() {
            let _ = Url::revoke_object_url(&before.url);
        }
        self.trouble.try_set(None);
        self.sound.try_set(Sound::new(blob, name));
    }

    fn stop(self) {
        if let Some(recorder) = self.recorder.try_get_untracked().flatten() {
            let _ = recorder.stop();
        }
    }

    fn record(self) {
        self.trouble.set(None);
        spawn_local(async move {
            match start(self).await {
                Ok(recorder) => {
                    self.seconds.try_set(0);
                    self.recorder.try_set(Some(SendWrapper::new(recorder)));
                    self.tick();
                }
                Err(_) => drop(
                    self.trouble.try_set(Some(
                        "The microphone cannot be used. Allow it for this page in the browser, or choose a file."
                            .to_owned(),
                    )),
                ),
            }
        });
    }

    fn tick(self) {
        browser::after(1000, move || {
            let running = self.recorder.try_with_untracked(Option::is_some).unwrap_or_default();
            if running {
                let seconds = self.seconds.try_get_untracked().unwrap_or_default() + 1;
                self.seconds.try_set(seconds);
                if seconds >= LONGEST_S { self.stop() } else { self.tick() }
            }
        });
    }

    /// The field: a file, or the microphone.
    pub fn field(self) -> AnyView {
        let input = NodeRef::<html::Input>::new();
        let chosen = move |_| {
            let file: Option<File> = input.get_untracked().and_then(|input| input.files()?.get(0));
            if let Some(file) = file {
                let name = file.name();
                self.take(file.unchecked_into(), name);
            }
        };
        let records = move || self.recorder.with(Option::is_some);
        let toggle = move |_| if records() { self.stop() } else { self.record() };
        let heard = dynamic(move || {
            let sound = self.sound.get();
            sound
                .map(|sound| {
                    view! {
                        <div class="stack s2">
                            <small class="muted">{sound.name}</small>
                            <audio controls src=sound.url aria-label="The sample"></audio>
                        </div>
                    }
                })
                .into_any()
        });
        let trouble = dynamic(move || {
            self.trouble
                .get()
                .map(|words| view! { <small class="bad-ink" role="alert">{words}</small> })
                .into_any()
        });
        view! {
            <Field path="sample" label="Sample" help="30 to 60 seconds of one person speaking, as WAV or MP3, at most 10 MB. No music, no second voice.">
                <div class="cluster">
                    <input type="file" id=field_id("sample") class="input file" accept=".wav,.mp3,audio/wav,audio/mpeg" node_ref=input on:change=chosen
                        aria-describedby=format!("{}-help", field_id("sample"))/>
                    <button type="button" class="btn" on:click=toggle>
                        {dynamic(move || icon(if records() { "stop" } else { "voice" }).into_any())}
                        {reactive_text(move || if records() { format!("Stop, {} s", self.seconds.get()) } else { "Record".to_owned() })}
                    </button>
                </div>
                {trouble}
                {heard}
            </Field>
        }
        .into_any()
    }

    /// Sends what was chosen; what is wrong with it is said of the field.
    pub async fn send(self, id: Id<Voice>) -> Result<(), AppError> {
        let sound = self.sound.get_untracked();
        let sound = sound.ok_or_else(|| AppError(Error::invalid("sample", "Choose a file, or record one.")))?;
        let path = format!("/app/voices/{id}/sample");
        SendWrapper::new(wire::put_file(&path, &sound.blob)).await
    }
}

async fn start(sample: Sample) -> Result<MediaRecorder, JsValue> {
    let asked = MediaStreamConstraints::new();
    asked.set_audio(&JsValue::TRUE);
    let promise: Promise = window()
        .navigator()
        .media_devices()?
        .get_user_media_with_constraints(&asked)?;
    let stream: MediaStream = JsFuture::from(promise).await?.unchecked_into();
    let recorder = MediaRecorder::new_with_media_stream(&stream)?;
    // Everything comes in one piece when it stops.
    let heard = Closure::<dyn FnMut(BlobEvent)>::new(move |event: BlobEvent| {
        for track in stream.get_tracks() {
            track.unchecked_into::<web_sys::MediaStreamTrack>().stop();
        }
        sample.recorder.try_set(None);
        let Some(blob) = event.data() else { return };
        spawn_local(async move {
            match as_wav(&blob).await {
                Ok(wav) => sample.take(wav, "Recorded here".to_owned()),
                Err(_) => drop(
                    sample
                        .trouble
                        .try_set(Some("The recording cannot be read. Choose a file.".to_owned())),
                ),
            }
        });
    });
    recorder.set_ondataavailable(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    recorder.start()?;
    Ok(recorder)
}

/// What a browser records, in a form that the provider takes: one channel of 16-bit samples.
async fn as_wav(blob: &Blob) -> Result<Blob, JsValue> {
    let bytes: ArrayBuffer = JsFuture::from(blob.array_buffer()).await?.unchecked_into();
    let decoder = OfflineAudioContext::new_with_number_of_channels_and_length_and_sample_rate(1, 1, RATE)?;
    let sound: web_sys::AudioBuffer = JsFuture::from(decoder.decode_audio_data(&bytes)?)
        .await?
        .unchecked_into();
    let wav = js_sys::Uint8Array::from(wav(&sound.get_channel_data(0)?).as_slice());
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("audio/wav");
    Blob::new_with_u8_array_sequence_and_options(&js_sys::Array::of1(&wav), &options)
}

fn wav(samples: &[f32]) -> Vec<u8> {
    const BYTES: u32 = 2;
    let (rate, length) = (RATE as u32, samples.len() as u32 * BYTES);
    let mut file = Vec::with_capacity(44 + length as usize);
    file.extend(b"RIFF");
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1, 0, 1, 0]);
    file.extend(rate.to_le_bytes());
    file.extend((rate * BYTES).to_le_bytes());
    file.extend([BYTES as u8, 0, 16, 0]);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    for sample in samples {
        file.extend(((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16).to_le_bytes());
    }
    file
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::wav;

    #[test]
    fn what_is_recorded_is_a_wav_file_that_says_how_long_it_is() {
        let file = wav(&[0.0, 1.0, -2.0]);
        assert_eq!((file.len(), &file[..4], &file[8..12]), (50, &b"RIFF"[..], &b"WAVE"[..]));
        assert_eq!(file[40..], [6, 0, 0, 0, 0, 0, 0xff, 0x7f, 0x01, 0x80]);
    }
}
