//! Samples: a good example of each resource, for whatever makes, tries out or shows one of every kind.
//!
//! The contract and coverage tests, the isolation probe of `verify --server`, its canaries, the examples in the OpenAPI
//! document and the demo organization are all made of them.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{Id, agents::TEMPLATES, resource::Resource};

/// A resource that can give an example of itself.
pub trait Sample: Resource {
    /// What the things of the demo organization are called.
    const DEMO: &'static [&'static str];

    /// The field by which no two are alike, and two samples of one name are.
    const UNIQUE: &'static str = "name";

    /// A draft called `name` that can be saved beside those of other names. Whatever it refers to is one of `fixtures`.
    fn sample(name: &str, fixtures: &Fixtures) -> Self::Draft;

    /// A draft that its checks refuse, and the field they refuse.
    fn refused_sample(fixtures: &Fixtures) -> (Self::Draft, &'static str);
}

/// What one organization has of each kind, or ids that nobody has.
#[derive(Clone, Debug, Default)]
pub struct Fixtures {
    /// In the name of everything that is made, and in nothing else.
    pub mark: String,
    /// What is added to the mark, so that something of another name can be made beside.
    pub beside: String,
    /// By the path that lists them: `/agents`.
    ids: BTreeMap<String, String>,
}

impl Fixtures {
    pub fn new(mark: impl Into<String>) -> Self {
        Self {
            mark: mark.into(),
            ..Self::default()
        }
    }

    /// The same things, with another mark for what is made next.
    pub fn marked(self, mark: String) -> Self {
        Self { mark, ..self }
    }

    /// The same, with another name for what is made next.
    pub fn beside(&self, words: &str) -> Self {
        Self {
            beside: words.to_owned(),
            ..self.clone()
        }
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.mark, self.beside).trim().to_owned()
    }

    /// An address at which nobody reads mail.
    pub fn email(&self) -> String {
        format!("{}@samples.invalid", self.name().to_lowercase().replace(' ', "-"))
    }

    pub fn insert(&mut self, path: &str, id: impl ToString) {
        self.ids.insert(path.to_owned(), id.to_string());
    }

    /// The id of the thing that is listed at this path; empty where there is none.
    pub fn id(&self, path: &str) -> &str {
        self.ids.get(path).map_or("", String::as_str)
    }

    pub fn id_of<R: Resource>(&self) -> Option<Id<R>> {
        self.id(R::KIND.about().path).parse().ok()
    }

    /// Every id there is, with the path that lists it.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ids.iter().map(|(path, id)| (path.as_str(), id.as_str()))
    }

    /// As many ids of nobody, under the same mark. The provider's voices are everybody's.
    pub fn unknown_ids(&self) -> Self {
        let unknown = |(path, id): (&String, &String)| {
            let other = match path.as_str() {
                "/voices/available" => id.clone(),
                "/members" => "user_nobody".to_owned(),
                _ => Uuid::now_v7().to_string(),
            };
            (path.clone(), other)
        };
        Self {
            ids: self.ids.iter().map(unknown).collect(),
            ..self.clone()
        }
    }

    /// A path with ids in place of its parameters: of the thing that is listed by what stands before, or the first of what is
    /// numbered.
    pub fn fill(&self, path: &str) -> String {
        let (mut filled, mut list) = (String::new(), String::new());
        for part in path.split('/').skip(1) {
            let with = match part {
                "{number}" => "1",
                // The same in every organization.
                "{template}" => TEMPLATES[0].id,
                named if named.starts_with('{') => self.id(&list),
                word => word,
            };
            filled = format!("{filled}/{with}");
            list = format!("{list}/{part}");
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_filled_with_the_id_of_what_it_lists() {
        let mut fixtures = Fixtures::new("mark");
        fixtures.insert("/agents", "a-1");
        assert_eq!(fixtures.fill("/agents/{id}/sync"), "/agents/a-1/sync");
        fixtures.insert("/agents/notes", "n-1");
        fixtures.insert("/agents/{id}/notes", "n-2");
        assert_eq!(fixtures.fill("/agents/notes/{id}"), "/agents/notes/n-1");
        assert_eq!(fixtures.fill("/agents/{id}/notes/{note_id}"), "/agents/a-1/notes/n-2");
        assert_eq!(
            fixtures.fill("/agents/{id}/versions/{number}"),
            "/agents/a-1/versions/1"
        );
        assert_eq!(
            fixtures.fill("/agents/templates/{template}"),
            "/agents/templates/front-desk"
        );
        assert_eq!(
            fixtures.fill("/agents/{id}/versions/{number}"),
            "/agents/a-1/versions/1"
        );
        assert_eq!(fixtures.fill("/agents"), "/agents");
        let unknown = fixtures.unknown_ids();
        assert_ne!(unknown.id("/agents"), "a-1");
        assert_eq!(unknown.mark, "mark");
    }
}
