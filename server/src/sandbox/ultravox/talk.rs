//! What is said on a simulated call. The same agent, number and seed always talk the same way.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Agent,
    Person,
}

/// What one language has to say.
pub struct Words {
    hello: &'static str,
    /// `{name}` is the agent.
    greeting: &'static str,
    /// What the person says, what the agent answers.
    turns: &'static [(&'static str, &'static str)],
    more: (&'static str, &'static str),
    bye_person: &'static str,
    bye_agent: &'static str,
    /// `{text}` is what the person wrote.
    echo: &'static str,
    pub still_there: &'static str,
}

const ENGLISH: Words = Words {
    hello: "Hello?",
    greeting: "Hello, this is {name}. How can I help you today?",
    turns: &[
        (
            "Hi, I have a question about your service.",
            "Of course, I'm happy to help. What would you like to know?",
        ),
        (
            "Could you tell me how soon I can get started?",
            "Most people are set up within a day. Shall I note your details?",
        ),
        (
            "Yes, please do.",
            "Wonderful, I have written that down and a colleague will follow up.",
        ),
    ],
    more: (
        "One more thing, can you say that again?",
        "Certainly. I have noted your request and we will get back to you.",
    ),
    bye_person: "Great, thank you. Goodbye!",
    bye_agent: "Thank you for calling. Have a lovely day, goodbye!",
    echo: "I understand: \"{text}\". I have made a note of it. Is there anything else?",
    still_there: "Are you still there?",
};

const BOOKING: &[(&str, &str)] = &[
    (
        "Hi, I would like to book an appointment.",
        "With pleasure. Which day would suit you best?",
    ),
    (
        "Thursday afternoon, if possible.",
        "Let me look. Thursday at half past two is free. Shall I take that one?",
    ),
    (
        "Yes, that works for me.",
        "Perfect, you are booked for Thursday at two thirty. You will get a confirmation shortly.",
    ),
];
const ORDER: &[(&str, &str)] = &[
    (
        "Hi, where is my order? It should have been here yesterday.",
        "I'm sorry about that. Could you give me your order number?",
    ),
    (
        "It is four seven one one.",
        "Thank you. I can see it left our warehouse this morning and arrives tomorrow before noon.",
    ),
    (
        "All right, that is fine.",
        "I have also added a note for the driver to ring the bell.",
    ),
];
const BILLING: &[(&str, &str)] = &[
    (
        "Hello, I think there is a mistake on my last invoice.",
        "Let me check that with you. Which amount looks wrong?",
    ),
    (
        "I was charged twice for the same month.",
        "I see both payments. I will refund the second one, which takes three to five days.",
    ),
    (
        "Thanks for sorting that out.",
        "You are welcome, and you will receive an e-mail about the refund.",
    ),
];
const SURVEY: &[(&str, &str)] = &[
    (
        "Yes, I have a minute.",
        "Thank you. From one to ten, how likely are you to recommend us?",
    ),
    ("I would say a nine.", "That is great to hear. What do you like most?"),
    ("The quick answers, mostly.", "Thank you, I have noted that."),
];

const GERMAN: Words = Words {
    hello: "Hallo?",
    greeting: "Guten Tag, hier ist {name}. Wie kann ich Ihnen helfen?",
    turns: &[
        (
            "Guten Tag, ich habe eine Frage zu Ihrem Angebot.",
            "Sehr gerne. Was möchten Sie wissen?",
        ),
        (
            "Wie schnell kann ich beginnen?",
            "Meist innerhalb eines Tages. Darf ich Ihre Daten aufnehmen?",
        ),
        (
            "Ja, bitte.",
            "Wunderbar, ich habe alles notiert und wir melden uns bei Ihnen.",
        ),
    ],
    more: (
        "Können Sie das bitte wiederholen?",
        "Natürlich. Ich habe Ihr Anliegen notiert.",
    ),
    bye_person: "Vielen Dank, auf Wiederhören!",
    bye_agent: "Danke für Ihren Anruf. Auf Wiederhören!",
    echo: "Ich verstehe: „{text}“. Das habe ich notiert. Kann ich sonst noch etwas tun?",
    still_there: "Sind Sie noch da?",
};
const SPANISH: Words = Words {
    hello: "¿Hola?",
    greeting: "Hola, le habla {name}. ¿En qué puedo ayudarle?",
    turns: &[
        (
            "Hola, tengo una pregunta sobre su servicio.",
            "Por supuesto. ¿Qué le gustaría saber?",
        ),
        (
            "¿Cuándo podría empezar?",
            "Normalmente en un día. ¿Quiere que anote sus datos?",
        ),
        ("Sí, por favor.", "Perfecto, ya lo he anotado y le llamaremos."),
    ],
    more: ("¿Puede repetirlo, por favor?", "Claro. He anotado su petición."),
    bye_person: "Muchas gracias, ¡adiós!",
    bye_agent: "Gracias por llamar. ¡Que tenga un buen día!",
    echo: "Entiendo: «{text}». Lo he anotado. ¿Puedo ayudarle en algo más?",
    still_there: "¿Sigue ahí?",
};
const FRENCH: Words = Words {
    hello: "Allô ?",
    greeting: "Bonjour, ici {name}. Comment puis-je vous aider ?",
    turns: &[
        (
            "Bonjour, j'ai une question sur votre service.",
            "Bien sûr. Que souhaitez-vous savoir ?",
        ),
        (
            "Quand puis-je commencer ?",
            "En général sous un jour. Puis-je noter vos coordonnées ?",
        ),
        (
            "Oui, s'il vous plaît.",
            "Parfait, c'est noté et nous vous rappellerons.",
        ),
    ],
    more: ("Pouvez-vous répéter ?", "Certainement. J'ai bien noté votre demande."),
    bye_person: "Merci beaucoup, au revoir !",
    bye_agent: "Merci de votre appel. Bonne journée !",
    echo: "Je comprends : « {text} ». C'est noté. Autre chose ?",
    still_there: "Vous êtes toujours là ?",
};
const ITALIAN: Words = Words {
    hello: "Pronto?",
    greeting: "Buongiorno, sono {name}. Come posso aiutarla?",
    turns: &[
        (
            "Buongiorno, ho una domanda sul vostro servizio.",
            "Certamente. Che cosa desidera sapere?",
        ),
        (
            "Quando posso iniziare?",
            "Di solito entro un giorno. Posso prendere i suoi dati?",
        ),
        ("Sì, grazie.", "Perfetto, ho annotato tutto e la richiameremo."),
    ],
    more: ("Può ripetere, per favore?", "Certo. Ho annotato la sua richiesta."),
    bye_person: "Grazie mille, arrivederci!",
    bye_agent: "Grazie per la chiamata. Arrivederci!",
    echo: "Capisco: «{text}». L'ho annotato. Posso aiutarla in altro?",
    still_there: "È ancora in linea?",
};
const PORTUGUESE: Words = Words {
    hello: "Alô?",
    greeting: "Olá, aqui é {name}. Como posso ajudar?",
    turns: &[
        (
            "Olá, tenho uma dúvida sobre o serviço.",
            "Claro. O que gostaria de saber?",
        ),
        (
            "Quando posso começar?",
            "Normalmente em um dia. Posso anotar os seus dados?",
        ),
        ("Sim, por favor.", "Perfeito, já anotei e entraremos em contato."),
    ],
    more: ("Pode repetir, por favor?", "Claro. Anotei o seu pedido."),
    bye_person: "Muito obrigado, até logo!",
    bye_agent: "Obrigado pela ligação. Tenha um bom dia!",
    echo: "Entendo: \"{text}\". Já anotei. Posso ajudar em mais alguma coisa?",
    still_there: "Ainda está aí?",
};

pub fn words(language: Option<&str>) -> &'static Words {
    match language
        .and_then(|tag| tag.get(..2))
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("de") => &GERMAN,
        Some("es") => &SPANISH,
        Some("fr") => &FRENCH,
        Some("it") => &ITALIAN,
        Some("pt") => &PORTUGUESE,
        _ => &ENGLISH,
    }
}

/// How long it takes to say.
pub fn seconds(text: &str) -> f64 {
    let words = text.split_whitespace().count() as f64;
    ((0.8 + words * 0.36) * 10.0).round() / 10.0
}

/// "You are Anna, …" makes the agent's name Anna; else it is what the agent is called in the list.
pub fn agent_name(call: &Value) -> String {
    let prompt = call["systemPrompt"].as_str().unwrap_or_default();
    let said = prompt.split_once("You are ").map(|(_, rest)| rest);
    let said = said.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
    let proper = said.filter(|word| word.chars().next().is_some_and(char::is_uppercase) && word.len() > 1);
    let listed = call["agent"]["name"].as_str().filter(|name| !name.is_empty());
    proper.or(listed).unwrap_or("the assistant").to_owned()
}

pub fn greeting(call: &Value) -> String {
    let words = words(call["languageHint"].as_str());
    let settings = &call["firstSpeakerSettings"];
    let fixed = settings["agent"]["text"]
        .as_str()
        .or_else(|| settings["user"]["fallback"]["text"].as_str());
    fixed.map_or_else(|| words.greeting.replace("{name}", &agent_name(call)), str::to_owned)
}

fn topic(call: &Value) -> (&'static str, &'static [(&'static str, &'static str)]) {
    let words = words(call["languageHint"].as_str());
    let prompt = call["systemPrompt"].as_str().unwrap_or_default().to_lowercase();
    let about = |keys: &[&str]| keys.iter().any(|key| prompt.contains(key));
    let english = words.hello == ENGLISH.hello;
    match () {
        () if about(&["appointment", "booking", "reserv", "schedul", "termin", "cita"]) => {
            ("an appointment", if english { BOOKING } else { words.turns })
        }
        () if about(&["order", "deliver", "shipp", "bestell", "pedido"]) => {
            ("an order", if english { ORDER } else { words.turns })
        }
        () if about(&["invoice", "billing", "payment", "rechnung", "factura"]) => {
            ("an invoice", if english { BILLING } else { words.turns })
        }
        () if about(&["survey", "feedback", "umfrage", "encuesta"]) => {
            ("feedback", if english { SURVEY } else { words.turns })
        }
        () => ("the service", words.turns),
    }
}

/// The whole conversation after the greeting, as who says what.
pub fn conversation(call: &Value, choice: u64) -> Vec<(Who, String)> {
    let (_, turns) = topic(call);
    let words = words(call["languageHint"].as_str());
    let mut said: Vec<_> = turns
        .iter()
        .flat_map(|(person, agent)| [(Who::Person, (*person).to_owned()), (Who::Agent, (*agent).to_owned())])
        .collect();
    if choice % 2 == 1 {
        said.extend([
            (Who::Person, words.more.0.to_owned()),
            (Who::Agent, words.more.1.to_owned()),
        ]);
    }
    said
}

pub fn hello(call: &Value) -> &'static str {
    words(call["languageHint"].as_str()).hello
}

pub fn goodbye(call: &Value, who: Who) -> &'static str {
    let words = words(call["languageHint"].as_str());
    if who == Who::Agent {
        words.bye_agent
    } else {
        words.bye_person
    }
}

pub fn more(call: &Value) -> (&'static str, &'static str) {
    words(call["languageHint"].as_str()).more
}

pub fn is_goodbye(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "goodbye",
        "bye",
        "auf wiederhören",
        "tschüss",
        "adiós",
        "au revoir",
        "arrivederci",
        "até logo",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// Answers what somebody wrote, repeating what they want from the other side.
pub fn reply(call: &Value, text: &str) -> String {
    let words = words(call["languageHint"].as_str());
    let lower = text.trim().trim_end_matches(['.', '!', '?']).to_lowercase();
    if is_goodbye(&lower) {
        return words.bye_agent.to_owned();
    }
    if words.hello != ENGLISH.hello {
        return words.echo.replace("{text}", text.trim());
    }
    if ["hi", "hello", "hey", "hello there", "good morning"].contains(&lower.as_str()) {
        return format!("Hello! {} here. What can I do for you?", agent_name(call));
    }
    for wish in [
        "i want to ",
        "i'd like to ",
        "i would like to ",
        "i need to ",
        "can i ",
        "could i ",
    ] {
        if let Some((_, wanted)) = lower.split_once(wish) {
            return format!(
                "You would like to {}. I can help with that. When would suit you?",
                turned(wanted)
            );
        }
    }
    if text.trim_end().ends_with('?') {
        return format!(
            "Good question. You are asking: \"{}\" Let me find that out for you.",
            text.trim()
        );
    }
    words.echo.replace("{text}", text.trim())
}

/// Turns "my order" into "your order".
fn turned(text: &str) -> String {
    let turn = |word: &str| match word {
        "my" => "your".to_owned(),
        "me" | "i" => "you".to_owned(),
        "mine" => "yours".to_owned(),
        other => other.to_owned(),
    };
    text.split_whitespace().map(turn).collect::<Vec<_>>().join(" ")
}

/// The long and the short summary of a call that was answered.
pub fn summary(call: &Value, turns: usize, tools: &[String], ending: &str) -> (String, String) {
    let (about, _) = topic(call);
    let name = agent_name(call);
    let used = match tools {
        [] => String::new(),
        tools => format!(" The agent used {}.", tools.join(", ")),
    };
    let end = match ending {
        "hangup" => "The caller ended the call.",
        "agent_hangup" => "The agent ended the call.",
        "timeout" => "The call reached its maximum duration.",
        "connection_error" => "The connection was lost.",
        _ => "The call ended because of an error.",
    };
    if turns == 0 {
        return (
            format!("The caller reached {name} but said nothing. {end}"),
            "No conversation took place.".to_owned(),
        );
    }
    (
        format!("The caller spoke with {name} about {about}, in {turns} turns.{used} {end}"),
        format!("Caller and {name} talked about {about}."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reply_repeats_the_wish_from_the_other_side() {
        let call = json!({ "systemPrompt": "You are Anna, a receptionist.", "languageHint": "en" });
        assert_eq!(
            reply(&call, "I want to change my order."),
            "You would like to change your order. I can help with that. When would suit you?"
        );
        assert_eq!(reply(&call, "Hi!"), "Hello! Anna here. What can I do for you?");
    }

    #[test]
    fn the_language_hint_chooses_the_words() {
        let call = json!({ "languageHint": "de-AT", "agent": { "name": "Empfang" } });
        assert_eq!(
            greeting(&call),
            "Guten Tag, hier ist Empfang. Wie kann ich Ihnen helfen?"
        );
    }
}
