//! Display names: what somebody is called who has told only part of a name, or none.

use crate::check::is_visible;

/// Somebody of whom nothing is known that could stand for a name.
pub(crate) const NAMELESS: &str = "Member";
const LONGEST: usize = 120;

/// What an identity provider knows of a person. Each may be missing, or hold nothing that can be seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Details<'a> {
    pub first_name: Option<&'a str>,
    pub last_name: Option<&'a str>,
    pub username: Option<&'a str>,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
}

impl Details<'_> {
    /// The name; else the username, what the email address begins with, or how the phone number ends. Never blank.
    pub fn display_name(&self) -> String {
        let names = [self.first_name, self.last_name].map(visible);
        let full = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let local_part = self.email.and_then(|email| visible(email.split('@').next()));
        let name = visible(Some(&full))
            .or(visible(self.username))
            .or(local_part)
            .map(str::to_owned)
            .or_else(|| self.phone.and_then(masked))
            .unwrap_or_else(|| NAMELESS.to_owned());
        let short: String = name.chars().take(LONGEST).collect();
        match visible(Some(&short)) {
            Some(short) => short.to_owned(),
            None => NAMELESS.to_owned(),
        }
    }
}

fn visible(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| text.chars().any(is_visible))
}

/// Colleagues tell two numbers apart by their ends; the whole number is nobody's business.
fn masked(phone: &str) -> Option<String> {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let hidden = digits.len().checked_sub(4).filter(|hidden| *hidden >= 3)?;
    Some(format!("Phone ending {}", digits[hidden..].iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_name_is_called_by_what_else_is_known() {
        let all = Details {
            first_name: Some(" Ada "),
            last_name: Some("Lovelace"),
            username: Some("countess"),
            email: Some("ada.l@example.com"),
            phone: Some("+442079460958"),
        };
        let blank = Some("\u{200b} \u{2800}\u{ad}");
        let without_name = Details {
            first_name: blank,
            last_name: Some(""),
            ..all
        };
        let without_username = Details {
            username: blank,
            ..without_name
        };
        let phone_only = Details {
            email: None,
            ..without_username
        };
        let nothing = Details {
            email: Some("@"),
            phone: Some("+1234"),
            ..phone_only
        };
        for (details, name) in [
            (all, "Ada Lovelace"),
            (Details { last_name: None, ..all }, "Ada"),
            (
                Details {
                    first_name: blank,
                    ..all
                },
                "Lovelace",
            ),
            (without_name, "countess"),
            (without_username, "ada.l"),
            (phone_only, "Phone ending 0958"),
            (nothing, NAMELESS),
            (Details::default(), NAMELESS),
        ] {
            assert_eq!(details.display_name(), name, "{details:?}");
        }
    }

    #[test]
    fn a_name_has_the_length_that_can_be_stored_and_can_still_be_seen() {
        let long = "é".repeat(200);
        let details = Details {
            first_name: Some(&long),
            ..Details::default()
        };
        assert_eq!(details.display_name(), "é".repeat(LONGEST));
        let late = format!("{}Ada", "\u{200b}".repeat(LONGEST));
        let details = Details {
            first_name: Some(&late),
            ..Details::default()
        };
        assert_eq!(details.display_name(), NAMELESS);
    }
}
