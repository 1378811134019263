//! What a browser pays: how much it downloads, and when a page listens.

use std::process::Command;

use anyhow::{Context, bail};

use crate::{bars::Bars, subject::Subject};

/// What each page's first load is, and what its chunk adds. `scripts/bundle-size` knows the budgets; it is asked once and
/// its lines are taken over.
pub fn first_loads(bars: &mut Bars) -> anyhow::Result<()> {
    let output = Command::new("scripts/bundle-size").output()?;
    let lines = String::from_utf8(output.stdout)?;
    if lines.is_empty() {
        bail!(
            "build it first, scripts/site: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    for line in lines.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, value, unit, bar, ..] = words[..] else {
            bail!("scripts/bundle-size said {line:?}")
        };
        let value = value.parse().with_context(|| line.to_owned())?;
        match bar.strip_prefix("<=") {
            Some(bar) => bars.at_most(name, value, unit, bar.parse()?),
            None => bars.tell(name, value, unit),
        }
    }
    Ok(())
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
