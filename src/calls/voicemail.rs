//! Voicemail: whether a machine answered, by what it said. Only what a machine says and a living person does not counts:
//! somebody who takes a message for another, or says that they are out, is a person.

use super::{Message, Speaker};

/// A machine speaks first; what comes after this many turns was said to somebody.
const FIRST_TURNS: usize = 2;
/// Whoever takes more turns than this is not a machine.
const MOST_TURNS: usize = 3;

/// Parts of announcements, in lower case, in the languages that agents speak.
const ANNOUNCED: &[&str] = &[
    // English
    "after the tone",
    "after the beep",
    "at the tone",
    "at the beep",
    "reached the voicemail",
    "reached the voice mail",
    "reached the mailbox",
    "forwarded to voicemail",
    "forwarded to an automat",
    "record your message",
    "please leave a message",
    "please leave me a message",
    "mailbox is full",
    "mailbox has not been set up",
    // German
    "nach dem signalton",
    "nach dem piep",
    "nach dem ton",
    "mailbox von",
    "hinterlassen sie eine nachricht",
    "hinterlassen sie bitte eine nachricht",
    "hinterlassen sie mir eine nachricht",
    "hinterlassen sie uns eine nachricht",
    // French
    "après le bip",
    "après le signal",
    "messagerie vocale d",
    "boîte vocale d",
    "laissez un message",
    "laissez-moi un message",
    // Spanish
    "después de la señal",
    "después del tono",
    "tras la señal",
    "tras el tono",
    "buzón de voz",
    // Italian
    "dopo il segnale acustico",
    "dopo il bip",
    "segreteria telefonica di",
    // Portuguese
    "após o sinal",
    "depois do sinal",
    "após o bip",
    "caixa postal de",
    // Dutch
    "na de toon",
    "na de piep",
    "voicemail van",
    // Polish
    "po sygnale",
    "poczta głosowa",
    // Hindi
    "बीप के बाद",
    "टोन के बाद",
    "वॉइसमेल पर",
];

/// The announcement of the machine that answered, if one did.
pub(crate) fn announcement(said: &[Message]) -> Option<&str> {
    let theirs = || said.iter().filter(|message| message.role == Speaker::Person);
    if theirs().count() > MOST_TURNS {
        return None;
    }
    theirs()
        .take(FIRST_TURNS)
        .map(|message| message.text.as_str())
        .find(|text| {
            let text = text.to_lowercase();
            ANNOUNCED.iter().any(|part| text.contains(part))
        })
}

/// The provider's own tool for answering machines was used.
pub(crate) fn left_a_message(said: &[Message]) -> bool {
    said.iter()
        .any(|message| message.role == Speaker::ToolCall && message.tool == "leaveVoicemail")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[(Speaker, &str)]) -> Vec<Message> {
        let lines = lines.iter().zip(0..);
        lines
            .map(|(&(role, text), seq)| Message {
                seq,
                role,
                text: text.to_owned(),
                tool: String::new(),
                failed: false,
                start_ms: None,
                end_ms: None,
            })
            .collect()
    }

    #[test]
    fn an_announcement_is_a_machine_in_every_language() {
        for text in [
            "You have reached the voicemail of this number. Please leave a message after the tone.",
            "Hi, this is Tom. I can't come to the phone right now. Leave your name AFTER THE BEEP.",
            "Your call has been forwarded to an automatic voice message system.",
            "Guten Tag, hier ist die Mailbox von Erika Muster. Bitte sprechen Sie nach dem Signalton.",
            "Bonjour, vous êtes bien sur la messagerie vocale de Léa. Parlez après le bip sonore.",
            "Ha llamado al buzón de voz. Deje su mensaje después de la señal.",
            "Risponde la segreteria telefonica di Anna.",
            "Grave o seu recado após o sinal.",
            "Spreek een bericht in na de piep.",
            "Proszę zostawić wiadomość po sygnale.",
            "कृपया बीप के बाद अपना संदेश रिकॉर्ड करें।",
        ] {
            let said = said(&[(Speaker::Agent, "Hello."), (Speaker::Person, text)]);
            assert_eq!(announcement(&said), Some(text));
        }
    }

    #[test]
    fn whoever_speaks_for_somebody_else_is_a_person() {
        for text in [
            "I'm sorry, the manager is out today. Would you like to leave a message?",
            "She can't come to the phone right now, can I take a message?",
            "He is not available. You can leave your number with me and he will call you back.",
            "I can't talk right now, call me later.",
            "Er ist gerade nicht da. Möchten Sie eine Nachricht hinterlassen?",
            "Elle n'est pas là, voulez-vous laisser un message ?",
            "वे अभी यहाँ नहीं हैं, क्या आप संदेश छोड़ना चाहेंगे?",
            "Hello?",
        ] {
            assert_eq!(announcement(&said(&[(Speaker::Person, text)])), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_heard_first_and_of_the_other_side_counts() {
        let tone = "Please leave a message after the tone.";
        assert_eq!(announcement(&said(&[(Speaker::Agent, tone)])), None);
        assert_eq!(announcement(&said(&[(Speaker::ToolResult, tone)])), None);
        let later = said(&[
            (Speaker::Person, "Hello?"),
            (Speaker::Person, "Who is it?"),
            (Speaker::Person, tone),
        ]);
        assert_eq!(announcement(&later), None);
        let talk = said(&[
            (Speaker::Person, tone),
            (Speaker::Person, "Just joking."),
            (Speaker::Person, "Who is it?"),
            (Speaker::Person, "Yes."),
        ]);
        assert_eq!(announcement(&talk), None);
    }
}
