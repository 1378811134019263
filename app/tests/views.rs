//! Views as `leptos-erased` writes them: what the server sends is what the browser has to find.

use leptos::prelude::*;

fn html(draw: impl FnOnce() -> AnyView) -> String {
    Owner::new().with(|| draw().to_html())
}

#[test]
fn an_element_is_written_with_what_is_said_of_it_and_nothing_else() {
    let written = html(|| {
        let count = RwSignal::new(2);
        let nobody: Option<String> = None;
        view! {
            <p class="a" hidden=false title="\"1\" & <b>" data-n=move || count.get() aria-busy=nobody on:click=move |_| count.set(0)>
                "x < y"
                <b>{move || count.get() * 2}</b>
                <input disabled=true value=""/>
            </p>
        }
    });
    assert_eq!(
        written,
        r#"<p class="a" title="&quot;1&quot; &amp; &lt;b&gt;" data-n="2">x &lt; y<b>4</b><input disabled value></p>"#
    );
}

#[test]
fn what_may_be_there_or_not_leaves_a_mark_to_be_found_by() {
    let written = html(|| {
        let list: Vec<_> = (1..=2).map(|n| view! { <li>{n}</li> }).collect();
        view! { <ul>{list}{None::<AnyView>}{Vec::<AnyView>::new()}</ul> }
    });
    assert_eq!(written, "<ul><li>1</li><li>2</li><!><!><!></ul>");
}

#[component]
fn Pair() -> impl IntoView {
    view! {
        <i>{1}</i>
        <i>{2}</i>
    }
}

#[test]
fn a_fragment_is_its_views_wherever_it_stands() {
    let alone = html(|| view! { <Pair/> });
    assert_eq!(alone, "<i>1</i><i>2</i>");
    assert_eq!(html(|| view! { <p><Pair/></p> }), format!("<p>{alone}</p>"));
    assert_eq!(
        html(|| view! { <p>{move || view! { <Pair/> }}</p> }),
        format!("<p>{alone}</p>")
    );
}

#[test]
fn a_script_is_not_escaped_and_html_of_ones_own_is_taken_as_it_is() {
    assert_eq!(
        html(|| view! { <script nonce="n">{"a && b"}</script> }),
        r#"<script nonce="n">a && b</script>"#
    );
    assert_eq!(
        html(|| view! { <noscript inner_html="<b>on</b>"></noscript> }),
        "<noscript><b>on</b></noscript>"
    );
}
