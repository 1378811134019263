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
        // Numbers that are kept for examples, one for each name.
        let number = name
            .bytes()
            .fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
            % 10_000;
        ContactDraft {
            name: name.to_owned(),
            phone: format!("+1415556{number:04}"),
            company: "Larkfield Dental".to_owned(),
            language: "en-US".to_owned(),
            time_zone: "America/Los_Angeles".to_owned(),
            folder_id: fixtures.id_of::<Folder>(),
            tags: vec!["recall".to_owned()],
            custom: [("Patient".to_owned(), format!("{:06}", number + 7_000))].into(),
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
