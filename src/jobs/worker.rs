//! The worker: every queue of this program, kept going until it is told to stop.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

use super::{
    CHANNEL, Job, Jobs, Queue, cron, enqueue_own,
    event::ApplyEvent,
    links,
    members::{ReconcileMembers, SettleMembers},
    report, runner, survey,
    sweep::Sweep,
    webhook::EnsureWebhook,
};
use crate::{
    agent_tests::RunAgentTest,
    analysis::AnalyzeCall,
    calls::{expiry::ExpireCalls, recording::FetchRecording, words::IndexWords},
    core::Core,
    crud::WriteFlow,
    knowledge::reading::{CrawlSource, ReadSource, RefreshSource},
    mail::SendMail,
    registry::{self, Registered, ResourceVisitor},
    tools::publish::RepublishAgents,
    voices::clone::{CloneVoice, RemoveClone},
};

/// How long what runs may take to end after the word to stop. A process is given ten seconds in all.
const DRAIN: Duration = Duration::from_secs(8);
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

const WEBHOOK_EVERY: Duration = Duration::from_secs(600);
/// How often changes of members are finished whose request with the identity provider was not.
const MEMBERS_EVERY: Duration = Duration::from_secs(15);
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Works until `shutdown`; then finishes what it has begun.
pub async fn work(core: Core, shutdown: impl Future<Output = ()>) {
    let mut worker = Worker::new(core.clone())
        .queue(links::Calls)
        .queue(Jobs::<ApplyEvent>::default())
        .queue(Jobs::<RepublishAgents>::default())
        .queue(Jobs::<CloneVoice>::default())
        .queue(Jobs::<RemoveClone>::default())
        .queue(Jobs::<IndexWords>::default())
        .queue(Jobs::<AnalyzeCall>::default())
        .queue(Jobs::<RunAgentTest>::default())
        .queue(Jobs::<FetchRecording>::default())
        .queue(Jobs::<ExpireCalls>::default())
        .queue(Jobs::<ReadSource>::default())
        .queue(Jobs::<CrawlSource>::default())
        .queue(Jobs::<RefreshSource>::default())
        .queue(report::queue(&core))
        .cron(EnsureWebhook {}, WEBHOOK_EVERY)
        .cron(SettleMembers {}, MEMBERS_EVERY)
        .cron(ReconcileMembers {}, SWEEP_EVERY)
        .cron(Sweep {}, SWEEP_EVERY);
    registry::visit_all(&mut worker);
    // Without SMTP mail waits for a process that has it, or is read in the development mailbox.
    if core.mailer.sends() {
        worker = worker.queue(Jobs::<SendMail>::default());
    }
    // Where providers reach us may be another place than before this process began.
    if let Err(error) = enqueue_own(core.db.worker.queue(), &EnsureWebhook {}).await {
        tracing::warn!(%error, "the webhook is looked after when its time comes");
    }
    worker.run(shutdown).await;
}

/// The queues that a process works on.
pub struct Worker {
    core: Core,
    drain: Duration,
    wakes: Wakes,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Worker {
    pub fn new(core: Core) -> Self {
        Self {
            core,
            drain: DRAIN,
            wakes: Wakes::default(),
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
        }
    }

    /// How long what runs may take to end after the word to stop.
    pub fn drain(self, drain: Duration) -> Self {
        Self { drain, ..self }
    }

    /// Works on this queue too.
    pub fn queue<Q: Queue>(mut self, queue: Q) -> Self {
        self.add(queue);
        self
    }

    /// As [`Worker::queue`].
    pub fn add<Q: Queue>(&mut self, queue: Q) {
        let wake = self.wakes.add(queue.name());
        let (core, stop, drain) = (self.core.clone(), self.stop.subscribe(), self.drain);
        self.tasks.spawn(runner::work(core, queue, wake, stop, drain));
    }

    /// Enqueues this job once in every slot of so much time, and works on it.
    pub fn cron<J: Job>(mut self, job: J, every: Duration) -> Self {
        self.tasks
            .spawn(cron::run(self.core.clone(), job, every, self.stop.subscribe()));
        self.queue(Jobs::<J>::default())
    }

    /// Works until `shutdown`; then finishes what it has begun, or gives it back.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let wakes = Arc::new(self.wakes);
        self.tasks
            .spawn(survey::run(self.core.clone(), wakes.clone(), self.stop.subscribe()));
        let listening = tokio::spawn(listen(self.core, wakes));
        shutdown.await;
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        listening.abort();
    }
}

impl ResourceVisitor for Worker {
    fn visit<R: Registered>(&mut self) {
        R::Writes::add_queues(self);
    }
}

/// Who is to be woken for which kind.
#[derive(Default)]
pub(super) struct Wakes(BTreeMap<&'static str, Arc<Notify>>);

impl Wakes {
    fn add(&mut self, kind: &'static str) -> Arc<Notify> {
        self.0.entry(kind).or_default().clone()
    }

    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    pub(super) fn wake(&self, kind: &str) {
        if let Some(wake) = self.0.get(kind) {
            wake.notify_one();
        }
    }

    fn wake_all(&self) {
        self.0.values().for_each(|wake| wake.notify_one());
    }
}

/// Hears of every job that is committed, until the worker ends; a lost connection is taken up again.
async fn listen(core: Core, wakes: Arc<Wakes>) {
    loop {
        if let Err(error) = listen_once(&core, &wakes).await {
            tracing::warn!(%error, "jobs are found by looking until they can be heard of again");
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn listen_once(core: &Core, wakes: &Wakes) -> Result<(), sqlx::Error> {
    let mut listener = core.db.listener(CHANNEL).await?;
    wakes.wake_all();
    loop {
        match listener.try_recv().await? {
            Some(committed) => wakes.wake(committed.payload()),
            // The connection was lost and is there again.
            None => wakes.wake_all(),
        }
    }
}
