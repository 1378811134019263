//! `switchboard seed`: a demo organization to look around in.

use std::pin::Pin;

use anyhow::Context;
use switchboard::{
    Result,
    auth::{self, Caller, admin},
    config::Config,
    core::Core,
    crud,
    knowledge::{SourceDraft, SourceFilter, flow},
    listing::Page,
    registry::{self, Registered, ResourceVisitor},
    sample::Fixtures,
    tools,
    voices::{AvailableFilter, available},
};

use crate::start::{Started, start};

const EMAIL: &str = "ada@larkfield.example";
const PASSWORD: &str = "correct-horse-battery";
const ORG: &str = "Larkfield Dental";

pub async fn seed(config: Config) -> anyhow::Result<()> {
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}", config.addr).parse()?,
    };
    let started = start(config, public_url).await?;
    fill(&started).await?;
    say();
    started.stop().await
}

/// Makes what is missing of the demo organization, unless its owner is there: then it is as people have left it.
pub async fn fill_once(started: &Started) -> anyhow::Result<()> {
    if !admin::is_known(&started.core, EMAIL).await? {
        fill(started).await?;
    }
    say();
    Ok(())
}

fn say() {
    println!("sign in as {EMAIL} with the password {PASSWORD}");
}

async fn fill(started: &Started) -> anyhow::Result<()> {
    let core = &started.core;
    let made = admin::bootstrap(core, EMAIL, &PASSWORD.into(), ORG).await?;
    let caller = auth::bearer(core, &made.api_key).await?;
    let english = AvailableFilter {
        language: Some("en".into()),
        ..AvailableFilter::default()
    };
    let voices = available::list(core, &caller, &english).await?;
    let voice = voices.first().context("the provider has no English voice")?;
    let mut seeds = Seeds(Vec::new());
    registry::visit_all(&mut seeds);
    let mut fixtures = Fixtures::new(ORG);
    fixtures.insert("/voices/available", &voice.id);
    if let Some(sandbox) = &started.sandbox {
        fixtures.insert(tools::SERVER, format!("{}/_sandbox", sandbox.ultravox_url()));
    }
    for seed in seeds.0 {
        seed(core, &caller, &mut fixtures).await?;
    }
    know(core, &caller, &fixtures).await?;
    Ok(())
}

/// Fills the first knowledge base of the demo organization, if nothing is in it.
async fn know(core: &Core, caller: &Caller, fixtures: &Fixtures) -> Result<()> {
    let filter = SourceFilter {
        knowledge_base_id: fixtures.id_of(),
    };
    let Some(base_id) = filter.knowledge_base_id else {
        return Ok(());
    };
    if flow::sources(core, caller, &filter).await?.is_empty() {
        let draft = SourceDraft::text(base_id, "Price list", PRICES);
        flow::add(core, caller, draft).await?;
    }
    Ok(())
}

const PRICES: &str = "# Treatments\n\nA cleaning is $120, and $90 for members of our plan.\n\nA porcelain crown is $900. It takes two visits.\n\n\
# Insurance\n\nWe accept Delta Dental and Cigna, and bill them for you.\n\n# Cancelling\n\nCancel up to a day before for free. Later it is $40.";

type Seed = for<'a> fn(&'a Core, &'a Caller, &'a mut Fixtures) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

struct Seeds(Vec<Seed>);

impl ResourceVisitor for Seeds {
    fn visit<R: Registered>(&mut self) {
        self.0
            .push(|core, caller, fixtures| Box::pin(make::<R>(core, caller, fixtures)));
    }
}

/// Makes what the demo organization has of a resource and lacks; what comes later may refer to the first of it.
async fn make<R: Registered>(core: &Core, caller: &Caller, fixtures: &mut Fixtures) -> Result<()> {
    for (number, name) in R::DEMO.iter().enumerate() {
        let there = crud::list::<R>(core, caller, &R::search(name), &Page::default()).await?;
        let there = there.items.iter().find(|row| R::row_name(row) == *name);
        let id = match there {
            Some(row) => R::position(row).id,
            None => crud::create::<R>(core, caller, R::sample(name, fixtures))
                .await?
                .id()
                .uuid(),
        };
        if number == 0 {
            fixtures.insert(R::KIND.about().path, id.to_string());
        }
    }
    Ok(())
}
