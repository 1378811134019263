//! What a browser pays: how much it downloads, and when a page listens.

use std::process::Command;

use anyhow::{Context, bail};

use crate::subject::Subject;

/// Bytes of the client as it travels.
pub fn wasm_brotli() -> anyhow::Result<u64> {
    let files = std::fs::read_dir("target/site/pkg").context("build it first: scripts/site")?;
    for file in files {
        let file = file?;
        if file.file_name().to_string_lossy().ends_with(".wasm.br") {
            return Ok(file.metadata()?.len());
        }
    }
    bail!("target/site/pkg has no compressed wasm")
}

/// Milliseconds from navigation to a page that listens, on a CPU slowed four times; the median of five.
pub fn interactive_ms(subject: &Subject) -> anyhow::Result<f64> {
    let output = Command::new("node")
        .args([
            "bench/interactive.mjs",
            &format!("http://{}", subject.addr),
            subject.cookie(),
        ])
        .output()?;
    if !output.status.success() {
        bail!(
            "the browser measured nothing: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
