//! Where claims are written: a provider, or the operator's function.

use std::collections::HashSet;

use serde_json::Map;
use sqlx::PgConnection;

use super::{
    ClaimsError, Options,
    decide::Person,
    fault::Fault,
    http::Http,
    journal,
    provider::{Found, Look, Provider, Standing},
};
use crate::plan::{Claims, ClaimsProvider};

pub enum Target {
    Provider(Provider),
    /// Its name, as it stands in a statement.
    Hook(String),
}

impl Target {
    pub async fn new(connection: &mut PgConnection, claims: &Claims, options: &Options) -> Result<Self, ClaimsError> {
        match &claims.provider {
            ClaimsProvider::Hook { function } => journal::function(connection, function).await.map(Self::Hook),
            ClaimsProvider::Clerk { url } => Ok(Self::Provider(Provider::Clerk(Http::new(url, options)?))),
            ClaimsProvider::Supabase { url } => Ok(Self::Provider(Provider::Supabase(Http::new(url, options)?))),
        }
    }

    /// What stands there of each of these people, in their order. A function is not asked: what it was last told counts.
    pub async fn look(&self, people: &[Person], shared: &HashSet<String>) -> Vec<Look> {
        let subject = |person: &Person| match &person.subject {
            None => Err(Fault::Nameless),
            Some(subject) if shared.contains(subject) => Err(Fault::Shared),
            Some(_) => Ok(()),
        };
        let mut looks: Vec<Option<Fault>> = people.iter().map(|person| subject(person).err()).collect();
        match self {
            Self::Hook(_) => {
                let remembered = |(person, fault): (&Person, Option<Fault>)| match fault {
                    Some(fault) => Err(fault),
                    None => Ok(remembered(person)),
                };
                people.iter().zip(looks).map(remembered).collect()
            }
            Self::Provider(provider) => {
                let asked: Vec<&str> = people
                    .iter()
                    .zip(&looks)
                    .filter(|(_, fault)| fault.is_none())
                    .filter_map(|(person, _)| person.subject.as_deref())
                    .collect();
                let mut answers = provider.look(&asked).await.into_iter();
                let mut next = || answers.next().expect("there is one answer for each question");
                looks.drain(..).map(|fault| fault.map_or_else(&mut next, Err)).collect()
            }
        }
    }
}

fn remembered(person: &Person) -> Found {
    Found {
        standing: person.wrote.clone().map_or(Standing::Nothing, Standing::Org),
        beside: Map::new(),
    }
}
