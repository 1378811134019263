//! `switchboard read-document`: reads one document from its standard input and answers the text in it as JSON, within limits that it
//! sets itself before it has read a byte.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, setrlimit};
use switchboard::knowledge::{
    LARGEST_FILE,
    reading::{CPU_S, MEMORY, answer},
};

pub fn run(content_type: &str) -> ExitCode {
    // A document that crashes this process leaves no dump of itself, and writes no file.
    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Cpu, CPU_S),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        // Whoever waits for the answer has a limit of time of its own; without limits here nothing is read.
        if setrlimit(resource, limit).is_err() {
            return ExitCode::FAILURE;
        }
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST_FILE).unwrap_or(u64::MAX);
    if std::io::stdin().take(most).read_to_end(&mut bytes).is_err() {
        return ExitCode::FAILURE;
    }
    // Readers of documents tell what they stumble over; nobody reads that.
    std::panic::set_hook(Box::new(|_| {}));
    match std::io::stdout().write_all(&answer(content_type, &bytes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
