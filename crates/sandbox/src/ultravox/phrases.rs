//! The words of each language, and of each errand in English.

/// What one language has to say.
pub struct Words {
    pub hello: &'static str,
    /// `{name}` is the agent.
    pub greeting: &'static str,
    /// What the person says, what the agent answers.
    pub turns: &'static [(&'static str, &'static str)],
    pub more: (&'static str, &'static str),
    pub bye_person: &'static str,
    pub bye_agent: &'static str,
    /// `{text}` is what the person wrote.
    pub echo: &'static str,
    pub still_there: &'static str,
}

pub const ENGLISH: Words = Words {
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

pub const BOOKING: &[(&str, &str)] = &[
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
pub const ORDER: &[(&str, &str)] = &[
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
pub const BILLING: &[(&str, &str)] = &[
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
pub const SURVEY: &[(&str, &str)] = &[
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
