//! Serving and working: the processes that stay.

use std::{future::IntoFuture, net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::serve::ListenerExt;
use clap::Subcommand;
use switchboard::{
    config::Config,
    db::{Cluster, Stop},
    jobs,
    mail::Mailer,
};
use tokio::{net::TcpListener, signal::unix::SignalKind, sync::watch};
use url::Url;

use crate::{
    database::reach,
    metrics, router,
    start::{Started, start},
};

#[derive(Subcommand)]
pub enum Postgres {
    /// Starts it, or finds it running, and prints where it listens.
    Start,
    /// Stops it, whoever else uses it.
    Stop,
}

pub async fn serve(config: Config, with_worker: bool) -> anyhow::Result<()> {
    let bound = Bound::to(&config).await?;
    let drain = config.shutdown;
    let started = start(config, bound.public_url.clone()).await?;
    bound.serve(started, drain, with_worker).await
}

/// Where a process is reached, taken before anything else is started.
pub struct Bound {
    listener: TcpListener,
    pub public_url: Url,
}

impl Bound {
    pub async fn to(config: &Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.addr)
            .await
            .with_context(|| format!("cannot listen on {}", config.addr))?;
        let public_url = public_url(config, listener.local_addr()?)?;
        Ok(Self { listener, public_url })
    }

    pub fn addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves what was started until it is told to stop, and stops it.
    pub async fn serve(self, started: Started, drain: Duration, with_worker: bool) -> anyhow::Result<()> {
        let addr = self.addr()?;
        let (stopping, stop) = stop_signal();

        metrics::keep();
        let listening = tokio::spawn(started.core.clone().listen());
        let worker = with_worker.then(|| tokio::spawn(jobs::work(started.core.clone(), stopped(stop.clone()))));
        warn_of_mail(&started.core.mailer);
        if let Err(error) = started.core.db.keep_public_url(&self.public_url).await {
            tracing::warn!(%error, "admin commands have to be told PUBLIC_URL");
        }
        let service = router::router(started.core.clone(), router::site()?);
        tracing::info!(%addr, url = %self.public_url, "listening");

        let mut served = tokio::spawn(
            // Without TCP_NODELAY a page that is written in two parts waits 40 ms for a delayed acknowledgement.
            axum::serve(
                self.listener.tap_io(|io| drop(io.set_nodelay(true))),
                service.into_make_service_with_connect_info::<SocketAddr>(),
            )
            .with_graceful_shutdown(stopped(stop.clone()))
            .into_future(),
        );
        tokio::select! {
            result = &mut served => result??,
            () = stopped(stop) => {
                tracing::info!(seconds = drain.as_secs(), "draining");
                started.core.changes.shutdown();
                if tokio::time::timeout(drain, served).await.is_err() {
                    tracing::warn!("some requests outlived the drain");
                }
            }
        }
        listening.abort();
        drop(stopping);
        finish(started, worker).await
    }
}

pub async fn worker(config: Config) -> anyhow::Result<()> {
    let public_url = public_url(&config, config.addr)?;
    let listener = match config.worker_addr {
        Some(addr) => Some(
            TcpListener::bind(addr)
                .await
                .with_context(|| format!("cannot listen on {addr}"))?,
        ),
        None => None,
    };
    let started = start(config, public_url).await?;
    let (_stopping, stop) = stop_signal();
    metrics::keep();
    let addr = listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let answering = listener.map(|listener| {
        let service = router::health().with_state(started.core.clone());
        tokio::spawn(axum::serve(listener, service).into_future())
    });
    warn_of_mail(&started.core.mailer);
    tracing::info!(addr = addr.map(tracing::field::display), "working");
    let worker = tokio::spawn(jobs::work(started.core.clone(), stopped(stop.clone())));
    stopped(stop).await;
    let finished = finish(started, Some(worker)).await;
    // Until the last piece of work is done somebody may want to know how it goes.
    if let Some(answering) = answering {
        answering.abort();
    }
    finished
}

/// Whoever runs this should not learn it from people who wait for a mail.
fn warn_of_mail(mailer: &Mailer) {
    if mailer.sends() {
        return;
    }
    if mailer.shows() {
        tracing::warn!("no mail can be sent: SMTP_URL is not set; anybody who comes here reads it at /dev/mail");
    } else {
        tracing::warn!("no mail can be sent, and nobody can read it here: SMTP_URL is not set");
    }
}

async fn finish(started: Started, worker: Option<tokio::task::JoinHandle<()>>) -> anyhow::Result<()> {
    if let Some(worker) = worker {
        // What it leaves half done has a lease, and the next worker takes it up.
        if tokio::time::timeout(Duration::from_secs(10), worker).await.is_err() {
            tracing::warn!("the worker was stopped in the middle of something");
        }
    }
    started.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

pub async fn migrate(config: Config) -> anyhow::Result<()> {
    let reached = reach(&config).await?;
    if let Some(cluster) = reached.cluster {
        cluster.stop().await?;
    } else {
        switchboard::db::migrate(&reached.logins).await?;
    }
    println!("the database is at this program's schema");
    Ok(())
}

#[cfg(feature = "sandbox")]
pub async fn sandbox(options: sandbox::Options) -> anyhow::Result<()> {
    let sandbox = sandbox::Sandbox::start(options).await?;
    println!("{}", sandbox.ready_json());
    let (_stopping, stop) = stop_signal();
    stopped(stop).await;
    sandbox.stop().await;
    Ok(())
}

pub async fn postgres(config: Config, command: Postgres) -> anyhow::Result<()> {
    match command {
        Postgres::Start => {
            let reached = reach(&config).await?;
            let Some(cluster) = reached.cluster else {
                anyhow::bail!("DATABASE_URL names another Postgres")
            };
            println!(
                "{}",
                serde_json::json!({ "socket": cluster.socket(), "port": cluster.port() })
            );
            // For `stop` to end.
            cluster.leave_running();
            Ok(())
        }
        Postgres::Stop => match Cluster::stop_running(&config.data).await? {
            Stop::InUse => anyhow::bail!("other processes use this Postgres; the last of them stops it"),
            Stop::Stopped | Stop::NotRunning => Ok(()),
        },
    }
}

fn public_url(config: &Config, addr: SocketAddr) -> anyhow::Result<Url> {
    match &config.public_url {
        Some(url) => Ok(url.clone()),
        None => Ok(format!("http://{addr}").parse()?),
    }
}

/// Becomes true at SIGTERM, SIGINT, or when the sender is dropped. Whoever asks a second time does not want to wait: everything that
/// runs is left as a crash would leave it, which the next start puts right.
fn stop_signal() -> (watch::Sender<bool>, watch::Receiver<bool>) {
    let (stopping, stop) = watch::channel(false);
    let signalled = stopping.clone();
    tokio::spawn(async move {
        let listen = |kind| tokio::signal::unix::signal(kind).expect("signals can be listened to");
        let (mut term, mut interrupt) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
        for again in [false, true] {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
            if again {
                tracing::warn!("told to stop a second time: ending at once");
                std::process::exit(130);
            }
            signalled.send_replace(true);
        }
    });
    (stopping, stop)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stop.wait_for(|stopping| *stopping).await;
}
