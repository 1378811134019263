//! What a test showed: the request as it was sent, and how it was answered.

use leptos::prelude::*;
use switchboard::tools::{Header, SentRequest, TestOutcome, TestResult};

use crate::kit::{Copy, StatusDot, aria_bool, dynamic, json, laid_out, status_dot};

pub fn tried(result: TestResult) -> AnyView {
    let TestResult {
        sent,
        outcome,
        duration_ms,
    } = result;
    let verdict = verdict(&outcome, duration_ms);
    let answer = match outcome {
        TestOutcome::Answered { headers, body, cut, .. } => answer(headers, body, cut),
        _ => ().into_any(),
    };
    view! { <div class="tried stack s3">{verdict}{request(sent)}{answer}</div> }.into_any()
}

/// `588 ms`, `1.2 s`.
pub fn took(ms: i64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{}.{} s", ms / 1000, ms % 1000 / 100)
    }
}

fn verdict(outcome: &TestOutcome, duration_ms: i64) -> AnyView {
    let (state, word, advice) = match outcome {
        TestOutcome::Answered { status, .. } => {
            let (state, advice) = of_status(*status);
            (state, format!("{status} {}", reason(*status)), advice.to_owned())
        }
        TestOutcome::Refused { reason } => (StatusDot::Stop, "Not sent".to_owned(), reason.clone()),
        TestOutcome::Unreachable { reason } => (StatusDot::Fail, "No connection".to_owned(), reason.clone()),
        TestOutcome::TimedOut => (
            StatusDot::Fail,
            "No answer in time".to_owned(),
            "The agent would go on without it. Their server may have acted all the same.".to_owned(),
        ),
        TestOutcome::Broken => (
            StatusDot::Fail,
            "The answer broke off".to_owned(),
            "The connection ended before the answer was complete. Their server may have acted all the same.".to_owned(),
        ),
    };
    let timed = !matches!(outcome, TestOutcome::Refused { .. });
    let bytes = match outcome {
        TestOutcome::Answered { body, cut, .. } => {
            Some(format!("{}{} bytes", if *cut { "more than " } else { "" }, body.len()))
        }
        _ => None,
    };
    view! {
        <p class="answer">
            {status_dot(state, word)}
            {timed.then(|| view! { <span><b>{took(duration_ms)}</b></span> })}
            {bytes.map(|bytes| view! { <span class="muted">{bytes}</span> })}
        </p>
        {(!advice.is_empty()).then(|| view! { <p class="s13 ink2">{advice}</p> })}
    }
    .into_any()
}

/// What a status means for the agent.
fn of_status(status: u16) -> (StatusDot, &'static str) {
    match status {
        200..=299 => (StatusDot::Done, ""),
        300..=399 => (
            StatusDot::Warn,
            "Redirects are not followed. Enter the address it leads to.",
        ),
        401 | 403 => (
            StatusDot::Warn,
            "Their server does not accept the secret, or asks for one.",
        ),
        404 => (StatusDot::Warn, "Their server has nothing at this address."),
        429 => (StatusDot::Warn, "Their server asks for fewer requests."),
        400..=499 => (
            StatusDot::Warn,
            "Their server refused these values. The agent is told, and can ask again.",
        ),
        _ => (
            StatusDot::Fail,
            "Their server failed. The agent is told, and goes on without an answer.",
        ),
    }
}

/// As HTTP calls the common ones.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 | 308 => "Moved",
        302 | 303 | 307 => "Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Server Error",
        502 => "Bad Gateway",
        503 => "Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

fn request(sent: SentRequest) -> AnyView {
    let plain = as_text(&sent);
    view! {
        <div class="code wrap">
            <header><span>"Request as sent"</span><Copy text=Signal::stored(plain) label="Copy request"/></header>
            <pre tabindex="0" role="group" aria-label="Request as sent">
                {format!("{} {}\n", sent.method, sent.url)}
                {header_lines(sent.headers)}
                {(!sent.body.is_empty()).then(|| view! { "\n"{json(&sent.body)} })}
            </pre>
        </div>
    }
    .into_any()
}

fn as_text(sent: &SentRequest) -> String {
    let mut text = format!("{} {}\n", sent.method, sent.url);
    for header in &sent.headers {
        text.push_str(&format!("{}: {}\n", header.name, header.value));
    }
    if !sent.body.is_empty() {
        text.push('\n');
        text.push_str(&laid_out(&sent.body));
    }
    text
}

fn header_lines(headers: Vec<Header>) -> AnyView {
    headers
        .into_iter()
        .map(|header| {
            // What was put in place of a secret is marked, so that nobody takes it for what was sent.
            let value = if header.value.contains('•') {
                view! { <mark>{header.value}</mark> }.into_any()
            } else {
                header.value.into_any()
            };
            view! { <span class="k">{header.name}</span>": "{value}"\n" }
        })
        .collect_view()
        .into_any()
}

fn answer(headers: Vec<Header>, body: String, cut: bool) -> AnyView {
    let show_headers = RwSignal::new(false);
    let count = headers.len();
    let tab = move |this: bool, words: String| {
        view! {
            <button type="button" class="btn sm" aria-pressed=aria_bool(move || show_headers.get() == this) on:click=move |_| show_headers.set(this)>
                {words}
            </button>
        }
    };
    let copied = laid_out(&body);
    let shown = dynamic(move || {
        if show_headers.get() {
            let headers = header_lines(headers.clone());
            return view! { <pre tabindex="0" role="group" aria-label="Headers of the answer">{headers}</pre> }
                .into_any();
        }
        if body.is_empty() {
            return view! { <pre tabindex="0" role="group" aria-label="Body of the answer"><span class="c">"No body"</span></pre> }.into_any();
        }
        view! { <pre tabindex="0" role="group" aria-label="Body of the answer">{json(&body)}</pre> }.into_any()
    });
    let cut = cut.then(|| view! { <p class="small muted">"Only the first part of the body is shown."</p> });
    view! {
        <div class="code wrap">
            <header>
                <span class="btn-group" role="group" aria-label="View of the answer">{tab(false, "Body".to_owned())}{tab(true, format!("Headers {count}"))}</span>
                <Copy text=Signal::stored(copied) label="Copy body"/>
            </header>
            {shown}
        </div>
        {cut}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_status_means_is_told_by_who_has_to_act() {
        assert_eq!(of_status(201).0, StatusDot::Done);
        for status in [301, 401, 404, 409, 422, 429] {
            assert_eq!(of_status(status).0, StatusDot::Warn, "{status}");
        }
        assert_eq!(of_status(503).0, StatusDot::Fail);
    }

    #[test]
    fn a_request_is_copied_as_it_is_shown() {
        let sent = SentRequest {
            method: "POST".into(),
            url: "https://a.example/b".into(),
            headers: vec![Header {
                name: "authorization".into(),
                value: "••••7f2c".into(),
            }],
            body: "{\"a\":1}".into(),
        };
        assert_eq!(
            as_text(&sent),
            "POST https://a.example/b\nauthorization: ••••7f2c\n\n{\n  \"a\": 1\n}"
        );
    }
}
