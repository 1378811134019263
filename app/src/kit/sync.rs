//! The copy at the provider: how it stands, and the way out where it is not what is saved here.

use leptos::prelude::*;
use switchboard::sync::{SyncState, SyncStatus};

use super::{
    icon::{StatusDot, icon, status_dot},
    time::Ago,
};

/// The dot of a sync state; its word is the state's own label.
pub fn sync_dot(state: SyncState) -> StatusDot {
    match state {
        SyncState::Synced => StatusDot::Live,
        SyncState::Drifted => StatusDot::Warn,
        SyncState::Failed => StatusDot::Fail,
    }
}

/// Why the copy is not what is saved here, since when, and for whoever may, the button that makes it so.
pub fn out_of_step(sync: SyncStatus, sync_now: Option<Callback<()>>) -> AnyView {
    if sync.state == SyncState::Synced {
        return ().into_any();
    }
    let kind = if sync.state == SyncState::Failed {
        "fault"
    } else {
        "warn"
    };
    let button = sync_now.map(|sync_now| {
        view! { <button type="button" class="btn sm" on:click=move |_| sync_now.run(())>{icon("refresh")}"Sync now"</button> }
    });
    view! {
        <div class="banner boxed" data-kind=kind>
            {status_dot(sync_dot(sync.state), sync.state.label())}
            <p>{sync.note}" Checked "<Ago at=sync.checked_at/>". Syncing makes the provider's copy what is saved here."</p>
            {button}
        </div>
    }
    .into_any()
}
