//! What is measured of a sample before anything is sent: whether it is sound at all, how long, and how loud.

use std::io::Cursor;

use bytes::Bytes;
use ebur128::{EbuR128, Mode};
use symphonia::{
    core::{
        codecs::audio::AudioDecoderOptions,
        errors::Error as Broken,
        formats::{FormatOptions, TrackType, probe::Hint},
        io::MediaSourceStream,
        meta::MetadataOptions,
    },
    default::{get_codecs, get_probe},
};

use crate::error::{Error, Result};

/// In bytes; the provider takes no more.
pub const LARGEST_SAMPLE: usize = 10 << 20;
const SHORTEST_SAMPLE_S: u32 = 10;
const LONGEST_SAMPLE_S: u32 = 120;
/// Below it a voice is not told from the room, in LUFS.
const QUIETEST: f64 = -40.0;
/// How many of a thousand sample values may lie at the end of the scale.
const MOST_CLIPPED: usize = 5;
const END_OF_SCALE: f32 = 0.999;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub content_type: &'static str,
    pub duration_ms: i32,
    /// In tenths of a LUFS.
    pub loudness: i32,
}

fn refused(says: impl Into<String>) -> Error {
    Error::invalid("sample", says)
}

/// Refuses, with what to do, whatever cannot be cloned. Reads no more than [`LONGEST_SAMPLE_S`] of it.
pub(super) fn measure(sound: Bytes) -> Result<Measured> {
    if sound.is_empty() {
        return Err(refused("The file is empty. Choose a recording."));
    }
    if sound.len() > LARGEST_SAMPLE {
        return Err(refused(
            "The file is larger than 10 MB. Use MP3, or a shorter recording.",
        ));
    }
    let content_type = content_type(&sound).ok_or_else(|| refused("Use a WAV or MP3 file; this is neither."))?;
    let heard = listen(sound).map_err(|_| refused("The file is damaged and cannot be played. Record it again."))?;
    let seconds = heard.duration_ms / 1000;
    if heard.duration_ms < i64::from(SHORTEST_SAMPLE_S) * 1000 {
        return Err(refused(format!(
            "The recording has {seconds} s. It takes at least {SHORTEST_SAMPLE_S}, and 30 to 60 are best."
        )));
    }
    if heard.duration_ms > i64::from(LONGEST_SAMPLE_S) * 1000 {
        return Err(refused(format!(
            "The recording is longer than {LONGEST_SAMPLE_S} s. Cut it; 30 to 60 are best."
        )));
    }
    if heard.loudness.is_nan() || heard.loudness < QUIETEST {
        return Err(refused(
            "Hardly anything is heard. Record closer to the microphone, or turn it up.",
        ));
    }
    if heard.clipped_of_1000 > MOST_CLIPPED {
        return Err(refused(
            "The recording is overdriven. Record further from the microphone, or turn it down.",
        ));
    }
    Ok(Measured {
        content_type,
        duration_ms: i32::try_from(heard.duration_ms).unwrap_or(i32::MAX),
        loudness: (heard.loudness * 10.0).round() as i32,
    })
}

/// By its first bytes, whatever its name says.
fn content_type(sound: &[u8]) -> Option<&'static str> {
    match sound {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("audio/wav"),
        [b'I', b'D', b'3', ..] => Some("audio/mpeg"),
        // The eleven bits that every frame begins with, layer III.
        [0xff, second, ..] if second & 0xe6 == 0xe2 => Some("audio/mpeg"),
        _ => None,
    }
}

struct Heard {
    duration_ms: i64,
    /// In LUFS; far below zero for silence.
    loudness: f64,
    clipped_of_1000: usize,
}

fn listen(sound: Bytes) -> std::result::Result<Heard, Broken> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(sound)), Default::default());
    let mut file = get_probe().probe(
        &Hint::new(),
        stream,
        FormatOptions::default(),
        MetadataOptions::default(),
    )?;
    let unreadable = || Broken::Unsupported("no sound in it");
    let track = file.default_track(TrackType::Audio).ok_or_else(unreadable)?;
    let parameters = track.codec_params.as_ref().and_then(|codec| codec.audio());
    let mut decoder =
        get_codecs().make_audio_decoder(parameters.ok_or_else(unreadable)?, &AudioDecoderOptions::default())?;
    let track = track.id;

    let (mut meter, mut samples) = (None, Vec::<f32>::new());
    let (mut rate, mut channels) = (0, 0);
    let (mut frames, mut clipped, mut values) = (0_u64, 0, 0);
    loop {
        let packet = match file.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // What is cut off in the middle was sound until there.
            Err(Broken::IoError(_)) if frames > 0 => break,
            Err(broken) => return Err(broken),
        };
        if packet.track_id != track {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Broken::DecodeError(_)) => continue,
            Err(broken) => return Err(broken),
        };
        let spec = (decoded.spec().rate(), decoded.spec().channels().count() as u32);
        let meter = match &mut meter {
            Some(meter) if (rate, channels) == spec => meter,
            Some(_) => return Err(unreadable()),
            none => {
                (rate, channels) = spec;
                none.insert(EbuR128::new(channels, rate, Mode::I).map_err(|_| unreadable())?)
            }
        };
        decoded.copy_to_vec_interleaved(&mut samples);
        meter.add_frames_f32(&samples).map_err(|_| unreadable())?;
        frames += decoded.frames() as u64;
        values += samples.len();
        clipped += samples.iter().filter(|value| value.abs() >= END_OF_SCALE).count();
        if frames > u64::from(rate) * u64::from(LONGEST_SAMPLE_S + 1) {
            break;
        }
    }
    let meter = meter.ok_or_else(unreadable)?;
    Ok(Heard {
        duration_ms: i64::try_from(frames * 1000 / u64::from(rate.max(1))).unwrap_or(i64::MAX),
        loudness: meter.loudness_global().map_err(|_| unreadable())?,
        clipped_of_1000: clipped * 1000 / values.max(1),
    })
}

/// A tone, as 16-bit samples in a WAV file, for tests.
#[cfg(any(test, feature = "testing"))]
pub fn tone(seconds: u32, amplitude: f32) -> Vec<u8> {
    const RATE: u32 = 16_000;
    let data: Vec<u8> = (0..seconds * RATE)
        .flat_map(|n| {
            let phase = n as f32 * 220.0 * std::f32::consts::TAU / RATE as f32;
            let value = (phase.sin() * amplitude).clamp(-1.0, 1.0);
            ((value * f32::from(i16::MAX)) as i16).to_le_bytes()
        })
        .collect();
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(sound: Vec<u8>) -> String {
        match measure(sound.into()) {
            Err(Error::Invalid(wrong)) => wrong[0].message.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_good_sample_is_measured() {
        let measured = measure(tone(30, 0.3).into()).unwrap();
        assert_eq!((measured.content_type, measured.duration_ms), ("audio/wav", 30_000));
        assert!((-200..-100).contains(&measured.loudness), "{}", measured.loudness);
    }

    #[test]
    fn what_cannot_be_cloned_is_refused_with_what_to_do() {
        assert!(says(Vec::new()).contains("empty"));
        assert!(says(vec![0; LARGEST_SAMPLE + 1]).contains("10 MB"));
        assert!(says(b"%PDF-1.7 and so on".to_vec()).contains("WAV or MP3"));
        assert!(says(tone(3, 0.3)).contains("has 3 s"));
        assert!(says(tone(130, 0.3)).contains("longer than 120 s"));
        assert!(says(tone(20, 0.001)).contains("Hardly anything"));
        assert!(says(tone(20, 0.0)).contains("Hardly anything"));
        assert!(says(tone(20, 4.0)).contains("overdriven"));
    }

    #[test]
    fn a_damaged_file_is_refused_and_not_stumbled_over() {
        let good = tone(12, 0.3);
        for broken in [
            &good[..20],
            &good[..44],
            b"ID3\x04\0\0\0\0\0\0",
            &[0xff, 0xfb, 0, 0, 0, 0],
        ] {
            let said = says(broken.to_vec());
            assert!(said.contains("damaged") || said.contains("has 0 s"), "{said}");
        }
        // No rate, no channels.
        for at in [22, 24] {
            let mut odd = good.clone();
            odd[at..at + 2].copy_from_slice(&[0, 0]);
            assert!(says(odd).contains("damaged"), "byte {at}");
        }
    }
}
