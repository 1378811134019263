//! The product's face: the parts every page is made of.
//!
//! Native elements first, plain CSS from `style/main.css`, nothing generic beyond a thin shell.

pub mod browser;
mod confirm;
mod copy;
mod dialog;
mod dialog_form;
mod editor;
mod empty;
mod fault;
mod field;
mod filters;
mod form;
mod icon;
mod json;
pub mod keys;
mod leave;
mod live;
mod loaded;
mod menu;
mod page;
mod pager;
mod pick;
mod reactive;
mod sections;
mod sync;
mod table;
mod tags;
mod time;
mod toast;
mod zone;

use leptos::prelude::*;

pub use confirm::{Asking, Confirm, Question, use_confirm};
pub use copy::Copy;
pub use dialog::{Dialog, show_while};
pub use dialog_form::{Asks, DialogForm};
pub use editor::{Edited, Editor, KEPT_IN_TAB, NEW, editor, kept_key};
pub use empty::{Illustration, empty, illustration};
pub use fault::{OrgSwitchedDialog, error_banner, error_page, message_of};
pub use field::{Check, Field, Range, Select, Switch, TextArea, TextField, complaint, field_id};
#[cfg(feature = "ssr")]
pub use filters::read_value;
pub use filters::{Chip, Choice, Search, UrlQuery, export, export_in, use_url};
pub use form::{BareForm, Form, FormState, OrgField, Sending, Sent, Submit, focus_first_error, form_state, prefixed};
pub use icon::{ICONS, StatusDot, bare_dot, icon, status_badge, status_dot};
pub use json::{json, laid_out};
pub use leave::ask_before_leaving;
pub use live::{LiveBanner, ask_again, at_top, live_start, use_live};
pub use loaded::{Loading, loaded, once_loaded, skeleton_rows};
pub use menu::{Menu, close_menus};
pub use page::{PageHead, crumbs};
pub use pager::pager;
pub use pick::Pick;
pub use reactive::{aria_bool, aria_flag, dynamic, effect, keyed_list, reactive_bool, reactive_text};
pub use sections::{Section, contents, fold, put_back, saved_elsewhere};
pub use sync::{out_of_step, sync_dot};
pub use table::{Column, Columns, Row, RowMenu, Selection, Table, list_keys, row_link, table};
pub use tags::TagInput;
#[cfg(feature = "hydrate")]
pub use time::start_clock;
pub use time::{Ago, Day, When, ago_words, date_words, machine, offsets};
pub use toast::{Toast, ToastList, Toasts, use_toasts};
pub use zone::{ZoneField, browser_zone};

/// What every page may use; once, in [`crate::App`].
pub fn provide() {
    time::provide_clock();
    toast::provide_toasts();
    confirm::provide_confirm();
    page::provide_focus();
}

/// What floats above every page; once, after the routes.
pub fn overlays() -> AnyView {
    view! {
        <Confirm/>
        <Toasts/>
    }
    .into_any()
}
