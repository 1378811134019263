//! An example of a contact.

use super::{Contact, ContactDraft};
use crate::{
    folders::Folder,
    sample::{Fixtures, Sample},
};

impl Sample for Contact {
    const DEMO: &'static [&'static str] = &[
        "Tess Rowan",
        "Amara Nwosu",
        "Elena Petrova",
        "Bruno Alves",
        "Hana Sato",
        "Karim Daoud",
        "Sofia Marin",
        "Owen Clarke",
        "Ingrid Solberg",
        "Mateo Fuentes",
        "Priya Raman",
        "Jonas Weber",
    ];

    const UNIQUE: &'static str = "phone";

    fn sample(name: &str, fixtures: &Fixtures) -> ContactDraft {
        // A number of its own for each name.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let number = 2_000_000 + hash % 8_000_000;
        ContactDraft {
            name: name.to_owned(),
            phone: format!("+1628{number}"),
            company: "Larkfield Dental".to_owned(),
            language: "en-US".to_owned(),
            time_zone: "America/Los_Angeles".to_owned(),
            folder_id: fixtures.id_of::<Folder>(),
            tags: vec!["recall".to_owned()],
            custom: [("Patient".to_owned(), format!("{:06}", hash % 1_000_000))].into(),
            ..ContactDraft::default()
        }
    }

    fn refused_sample(fixtures: &Fixtures) -> (ContactDraft, &'static str) {
        let draft = ContactDraft {
            email: "not an address".to_owned(),
            ..Self::sample("No address", fixtures)
        };
        (draft, "email")
    }
}
