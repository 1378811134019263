//! Where a person is signed in, and how each of those browsers is signed out.

use leptos::prelude::*;
use switchboard::account::SessionRow;
use uuid::Uuid;

use super::{Devices, EndSession, SignOutEverywhere, list_devices};
use crate::kit::{Ago, Form, Loading, Sending, Submit, When, icon, loaded, skeleton_rows};

#[component]
pub fn Sessions() -> impl IntoView {
    let end = Sending::<EndSession>::new();
    let everywhere = Sending::<SignOutEverywhere>::new();
    let list = Loading::new(move || end.ended(), |_| list_devices());
    let rows = move |devices: Devices| {
        let alone = devices.sessions.len() < 2;
        let rows = devices
            .sessions
            .into_iter()
            .map(|row| line(row, devices.here))
            .collect_view();
        let rest = if alone {
            "You are signed in nowhere else."
        } else {
            "This browser too. Tokens issued until now stop working."
        };
        view! {
            <Form action=end class="rows">{rows}</Form>
            <footer>
                <span class="grow">{rest}</span>
                <Form action=everywhere class="cluster">
                    <Submit label="Sign out everywhere" class="btn sm danger"/>
                </Form>
            </footer>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="devices">
            <header><h2 id="devices">"Where you are signed in"</h2></header>
            {loaded(list, "sessions", skeleton_rows, rows)}
        </section>
    }
}

fn line(row: SessionRow, here: Uuid) -> AnyView {
    let this = row.id == here;
    let browser = browser_words(row.agent.as_deref().unwrap_or_default());
    let action = if this {
        view! { <span class="badge">"This browser"</span> }.into_any()
    } else {
        let label = format!("Sign out {browser}");
        view! { <button type="submit" name="session" value=row.id.to_string() class="btn sm" aria-label=label>"Sign out"</button> }.into_any()
    };
    view! {
        <div>
            {icon("lock")}
            <span class="grow">
                <b>{browser}</b>
                <small>
                    {row.ip.map(|ip| format!("{ip} · "))} "signed in " <When at=row.created_at/> " · active " <Ago at=row.seen_at/>
                </small>
            </span>
            {action}
        </div>
    }
    .into_any()
}

/// What a browser calls itself, in words: `Firefox on Linux`.
fn browser_words(agent: &str) -> String {
    // Most claim to be several others; the one that only the real one says comes first.
    let browser = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let system = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let first = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (first(&browser), first(&system)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser_words;

    #[test]
    fn a_browser_is_named_as_people_call_it() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
        assert_eq!(browser_words(chrome), "Chrome on Linux");
        assert_eq!(browser_words(edge), "Edge on Windows");
        assert_eq!(browser_words(phone), "Safari on iPhone");
        assert_eq!(browser_words("curl/8.5.0"), "curl");
        assert_eq!(browser_words(""), "Unknown browser");
    }
}
