//! Bars: what was measured beside what was promised.

use anyhow::bail;

#[derive(Default)]
pub struct Bars {
    missed: Vec<String>,
}

impl Bars {
    pub fn at_least(&mut self, name: &str, value: f64, unit: &str, bar: f64) {
        self.line(name, value, unit, &format!(">={bar}"), value >= bar);
    }

    pub fn at_most(&mut self, name: &str, value: f64, unit: &str, bar: f64) {
        self.line(name, value, unit, &format!("<={bar}"), value <= bar);
    }

    /// A figure without a promise, to read the others by.
    pub fn tell(&mut self, name: &str, value: f64, unit: &str) {
        self.line(name, value, unit, "-", true);
    }

    fn line(&mut self, name: &str, value: f64, unit: &str, bar: &str, met: bool) {
        println!("{name} {value:.2} {unit} {bar}{}", if met { "" } else { " MISSED" });
        if !met {
            self.missed.push(name.to_owned());
        }
    }

    pub fn finish(self) -> anyhow::Result<()> {
        if self.missed.is_empty() {
            return Ok(());
        }
        bail!("below the bar: {}", self.missed.join(", "))
    }
}
