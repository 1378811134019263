//! An example of a voice.

use super::{Gender, Voice, VoiceDraft};
use crate::sample::{Fixtures, Sample};

impl Sample for Voice {
    const DEMO: &'static [&'static str] = &[];

    fn sample(name: &str, _: &Fixtures) -> VoiceDraft {
        VoiceDraft {
            name: name.to_owned(),
            description: "Calm, for mornings".to_owned(),
            language: "en-US".to_owned(),
            gender: Some(Gender::Female),
            accent: "Irish".to_owned(),
            speaker: "Ada Okafor".to_owned(),
            agreed: true,
        }
    }

    fn refused_sample(fixtures: &Fixtures) -> (VoiceDraft, &'static str) {
        let draft = VoiceDraft {
            agreed: false,
            ..Self::sample("Nobody asked", fixtures)
        };
        (draft, "agreed")
    }
}
