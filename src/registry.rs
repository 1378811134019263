//! The registry: every resource that people make and change, so that what holds for each is asked of each.

use std::pin::Pin;

use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    Id, Result,
    agents::Agent,
    contacts::Contact,
    crud::Rows,
    db::OrgTx,
    folders::Folder,
    knowledge::KnowledgeBase,
    sample::{Fixtures, Sample},
    tools::Tool,
    voices::Voice,
};

/// A resource as everything that goes through all of them needs it.
pub trait Registered:
    Rows<Draft: ToSchema, Row: ToSchema, Filter: IntoParams, Writes: crate::crud::WriteFlow<Self>> + Sample + ToSchema
{
}

impl<R> Registered for R where
    R: Rows<Draft: ToSchema, Row: ToSchema, Filter: IntoParams, Writes: crate::crud::WriteFlow<Self>>
        + Sample
        + ToSchema
{
}

/// What is done with each resource.
pub trait ResourceVisitor {
    fn visit<R: Registered>(&mut self);
}

/// Visits every resource, those that others refer to first.
pub fn visit_all(visitor: &mut impl ResourceVisitor) {
    visitor.visit::<Tool>();
    visitor.visit::<Agent>();
    visitor.visit::<Folder>();
    visitor.visit::<Contact>();
    visitor.visit::<Voice>();
    visitor.visit::<KnowledgeBase>();
}

/// Writes one row of every resource into the organization, with this mark in it and under ids that are always the same, for
/// whoever looks whether it turns up elsewhere.
pub async fn plant(tx: &mut OrgTx, mark: &str) -> Result<()> {
    let mut plantings = Plantings(Vec::new());
    visit_all(&mut plantings);
    let mut fixtures = Fixtures::new(mark);
    for (number, plant) in (1_u128..).zip(plantings.0) {
        plant(tx, Uuid::from_u128(PLANTED | number), &mut fixtures).await?;
    }
    Ok(())
}

/// The ids of planted rows begin like this, and end with the number of their resource.
const PLANTED: u128 = 0x7000_8000_0000_0000_ca00;

type Plant = for<'a> fn(&'a mut OrgTx, Uuid, &'a mut Fixtures) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

struct Plantings(Vec<Plant>);

impl ResourceVisitor for Plantings {
    fn visit<R: Registered>(&mut self) {
        self.0.push(|tx, id, fixtures| {
            Box::pin(async move {
                R::insert(tx, Id::from_uuid(id), &R::sample(&fixtures.name(), fixtures)).await?;
                fixtures.insert(R::KIND.about().path, id.to_string());
                Ok(())
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::resource::Kind;

    struct Kinds(Vec<Kind>);

    impl ResourceVisitor for Kinds {
        fn visit<R: Registered>(&mut self) {
            self.0.push(R::KIND);
        }
    }

    /// Whoever adds a kind either registers it or says here that it has verbs of its own.
    #[test]
    fn every_kind_is_registered_or_has_verbs_of_its_own() {
        let mut kinds = Kinds(Vec::new());
        visit_all(&mut kinds);
        let registered: BTreeSet<_> = kinds.0.iter().copied().collect();
        assert_eq!(registered.len(), kinds.0.len(), "one is registered twice");
        let own = [
            Kind::Call,
            Kind::Reconciliation,
            Kind::ApiKey,
            Kind::Member,
            Kind::Organization,
            Kind::Credit,
            Kind::Audit,
            Kind::Report,
        ];
        for kind in Kind::ALL {
            assert!(
                registered.contains(kind) != own.contains(kind),
                "{kind:?}: is it in `visit_all`?"
            );
        }
    }
}
