//! A load: keep-alive connections that ask as soon as they are answered, for a bounded time.
//!
//! A client library would spend as much of the two cores as the server; this one only finds the end of each answer.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

pub struct Load {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

pub async fn run(addr: &str, request: &str, connections: usize, seconds: u64) -> anyhow::Result<Load> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (addr, request) = (addr.to_owned(), request.to_owned());
        tasks.spawn(async move { connection(&addr, request.as_bytes(), until).await });
    }
    let mut times = Vec::new();
    while let Some(task) = tasks.join_next().await {
        times.extend(task??);
    }
    let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .context("nothing was answered")
    };
    Ok(Load {
        per_second,
        p50: at(50)?,
        p99: at(99)?,
    })
}

async fn connection(addr: &str, request: &[u8], until: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut buffer = Vec::with_capacity(256 * 1024);
    while Instant::now() < until {
        let asked = Instant::now();
        stream.write_all(request).await?;
        answer(&mut stream, &mut buffer, 200).await?;
        times.push(asked.elapsed());
    }
    Ok(times)
}

/// Reads exactly one answer, by its length or by its chunks.
pub async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>, status: u16) -> anyhow::Result<()> {
    buffer.clear();
    let head = loop {
        more(stream, buffer).await?;
        if let Some(end) = find(buffer, b"\r\n\r\n") {
            break end + 4;
        }
    };
    if !buffer.starts_with(format!("HTTP/1.1 {status}").as_bytes()) {
        bail!("answered {}", String::from_utf8_lossy(&buffer[..buffer.len().min(400)]));
    }
    let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
    match text
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next())
    {
        Some(length) => {
            let whole = head + length.parse::<usize>()?;
            while buffer.len() < whole {
                more(stream, buffer).await?;
            }
        }
        None => {
            while !buffer.ends_with(b"\r\n0\r\n\r\n") {
                more(stream, buffer).await?;
            }
        }
    }
    Ok(())
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    if stream.read_buf(buffer).await? == 0 {
        bail!("the server closed the connection");
    }
    Ok(())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
