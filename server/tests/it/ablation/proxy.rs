//! Stands between the program and Postgres and takes the program's filters out of the statements that pass.
//!
//! It speaks as much of the protocol as that takes: each message is a tag, a length and a body, and only `Parse` and
//! `Query` have a statement in it.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinHandle,
};

use super::weaken::{Filters, weaken};
use crate::support::serial;

/// The statements that have passed.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    pub weakened: BTreeSet<String>,
    pub unchanged: BTreeSet<String>,
}

pub struct Proxy {
    directory: PathBuf,
    passed: Arc<Mutex<Passed>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// In front of the server whose socket is in this directory.
    pub async fn start(server: &Path, port: u16, filters: Filters) -> Self {
        let name = format!("switchboard-ablation-{}-{}", std::process::id(), serial());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let file = format!(".s.PGSQL.{port}");
        let listener = UnixListener::bind(directory.join(&file)).unwrap();
        let passed = Arc::<Mutex<Passed>>::default();
        let (server, seen, filters) = (server.join(file), passed.clone(), Arc::new(filters));
        let task = tokio::spawn(async move {
            while let Ok((program, _)) = listener.accept().await {
                let (server, seen, filters) = (server.clone(), seen.clone(), filters.clone());
                // A connection that breaks is the program's to notice.
                tokio::spawn(async move { drop(connect(program, &server, &seen, &filters).await) });
            }
        });
        Self {
            directory,
            passed,
            task,
        }
    }

    /// The directory of the socket that the program connects to instead.
    pub fn socket(&self) -> &Path {
        &self.directory
    }

    pub fn passed(&self) -> Passed {
        self.passed.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

async fn connect(program: UnixStream, server: &Path, passed: &Mutex<Passed>, filters: &Filters) -> io::Result<()> {
    let (mut answers, mut questions) = UnixStream::connect(server).await?.into_split();
    let (from_program, mut to_program) = program.into_split();
    let there = async {
        let mut from_program = BufReader::new(from_program);
        // The first message has no tag: it says who logs in to what.
        let login = body(&mut from_program).await?;
        questions.write_all(&message(None, &login)).await?;
        loop {
            let tag = from_program.read_u8().await?;
            let mut body = body(&mut from_program).await?;
            if let b'P' | b'Q' = tag {
                body = rewritten(tag, &body, passed, filters);
            }
            questions.write_all(&message(Some(tag), &body)).await?;
        }
    };
    let back = tokio::io::copy(&mut answers, &mut to_program);
    tokio::select! {
        ended = there => ended,
        ended = back => ended.map(drop),
    }
}

async fn body(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    // The length counts itself.
    let length = from.read_u32().await?;
    let mut body = vec![0; usize::try_from(length).unwrap() - 4];
    from.read_exact(&mut body).await?;
    Ok(body)
}

fn message(tag: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    tag.into_iter()
        .chain(length.to_be_bytes())
        .chain(body.iter().copied())
        .collect()
}

/// `Parse` begins with the name of the prepared statement, then both have the statement itself, each ended by a zero.
fn rewritten(tag: u8, body: &[u8], passed: &Mutex<Passed>, filters: &Filters) -> Vec<u8> {
    let end_of = |from: usize| from + body[from..].iter().position(|byte| *byte == 0).unwrap();
    let start = if tag == b'P' { end_of(0) + 1 } else { 0 };
    let end = end_of(start);
    let statement = std::str::from_utf8(&body[start..end]).unwrap();
    let weak = weaken(statement, filters);
    let mut passed = passed.lock().unwrap();
    let kept = if weak.is_some() {
        &mut passed.weakened
    } else {
        &mut passed.unchanged
    };
    kept.insert(statement.to_owned());
    match weak {
        None => body.to_vec(),
        Some(weak) => [&body[..start], weak.as_bytes(), &body[end..]].concat(),
    }
}
