//! A new knowledge base: what it is called; its sources come next.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::{
    check::Check,
    knowledge::KnowledgeBaseDraft,
    resource::{Action, Kind},
};

use super::{create_knowledge_base, form::BaseForm};
use crate::{
    AppError,
    kit::{PageHead, aria_bool, crumbs, focus_first_error, form_state},
    may, org,
};

#[component]
pub fn KnowledgeNew() -> impl IntoView {
    let form = BaseForm(RwSignal::new(KnowledgeBaseDraft::default()));
    let (pending, failure) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    let state = form_state(failure.into(), pending.into());
    let writes = may(Action::Create, Kind::KnowledgeBase);
    let (mine, navigate) = (org(), use_navigate());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || !writes {
            return;
        }
        failure.set(None);
        let draft = form.0.get_untracked();
        if let Err(error) = Check::run(&draft) {
            failure.set(Some(AppError(error)));
            focus_first_error();
            return;
        }
        pending.set(true);
        let (org, navigate) = (mine.clone(), navigate.clone());
        spawn_local(async move {
            let made = create_knowledge_base(org, draft).await;
            pending.try_set(false);
            match made {
                Ok(base) => {
                    let options = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    navigate(&format!("/knowledge/{}", base.id), options);
                }
                Err(error) => {
                    failure.try_set(Some(error));
                    focus_first_error();
                }
            }
        });
    };
    let buttons = move || {
        view! {
            <a class="btn quiet" href="/knowledge">"Cancel"</a>
            {writes.then(|| view! {
                <button type="submit" form="knowledge-base" class="btn primary" aria-busy=aria_bool(move || pending.get())>"Create"</button>
            })}
        }
        .into_any()
    };
    view! {
        <PageHead title="New knowledge base" sub=|| "What agents look up while they talk. Its sources come next.".into_any() actions=buttons
            crumbs=|| crumbs(&[("Knowledge", "/knowledge")])/>
        <div class="notices stack s2">{state.notice()}</div>
        <form id="knowledge-base" method="post" novalidate on:submit=save>
            <fieldset class="stack s3" disabled=!writes>
                <legend class="sr">"Knowledge base"</legend>
                <section class="card" aria-labelledby="about-base">
                    <header><h2 id="about-base">"Knowledge base"</h2></header>
                    <div class="body stack s3">{form.fields()}</div>
                </section>
            </fieldset>
        </form>
    }
}
