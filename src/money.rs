//! Money: whole millionths of a US dollar, because a voice minute is billed in steps of half a cent.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type, utoipa::ToSchema), sqlx(transparent))]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    pub const fn cents(cents: i64) -> Self {
        Self(cents * 10_000)
    }
}

/// Dollars with cents, and a third digit only where it is not zero: `$1.20`, `$0.035`, `−$0.50`.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "\u{2212}" } else { "" };
        let mills = (self.0.unsigned_abs() + 500) / 1000;
        let (dollars, rest) = (mills / 1000, mills % 1000);
        if rest % 10 == 0 {
            write!(f, "{sign}${}.{:02}", thousands(dollars), rest / 10)
        } else {
            write!(f, "{sign}${}.{rest:03}", thousands(dollars))
        }
    }
}

/// `1,284`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::Micros;

    #[test]
    fn dollars_show_mills_only_where_there_are_some() {
        let shown: Vec<_> = [0, 5_000, 35_000, 340_000, 1_200_000, -500_000, 1_284_600_000]
            .map(|n| Micros(n).to_string())
            .into();
        assert_eq!(
            shown,
            [
                "$0.00",
                "$0.005",
                "$0.035",
                "$0.34",
                "$1.20",
                "\u{2212}$0.50",
                "$1,284.60"
            ]
        );
    }
}
