//! Accounts in the browser: what anybody may ask to get in, and a person about their own account.

mod clerk;
mod devices;
mod forgot;
mod gate;
mod profile;
pub mod return_to;
mod secret;
mod sign_in;
mod sign_up;
mod verify;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use switchboard::account::{self, SessionRow};
use uuid::Uuid;

pub use clerk::{SignOutPage, activate, is_clerk, renewal, script};
pub use forgot::{ForgotPage, ResetPage};
pub use gate::{gate, plain_page, sign_out_form};
pub use profile::ProfilePage;
pub use sign_in::SignInPage;
pub use sign_up::SignUpPage;
pub use verify::VerifyPage;

#[cfg(feature = "ssr")]
use crate::api::{clear_session, core, enter, from, person, session_cookie, visit};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use leptos_axum::redirect;
#[cfg(feature = "ssr")]
use switchboard::auth::{self, session};

/// The browsers a person is signed in with, and which of them asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Devices {
    pub sessions: Vec<SessionRow>,
    pub here: Uuid,
}

#[server(protocol = Wire)]
pub async fn sign_up(draft: account::SignUp) -> Result<(), AppError> {
    let sent = return_to::with_param("/verify", "sent", &draft.email);
    session::sign_up(&core(), draft, &from()).await?;
    redirect(&sent);
    Ok(())
}

#[server(protocol = Wire)]
pub async fn sign_in(draft: account::SignIn, #[server(default)] next: String) -> Result<(), AppError> {
    enter(&session::sign_in(&core(), draft, &from()).await?, &next);
    Ok(())
}

#[server(protocol = Wire)]
pub async fn verify_email(token: String) -> Result<(), AppError> {
    enter(&session::verify_email(&core(), &token, &from()).await?, "/");
    Ok(())
}

/// The same answer whether there is such an account or not.
#[server(protocol = Wire)]
pub async fn resend_verification(email: String) -> Result<(), AppError> {
    session::resend_verification(&core(), &email, &from()).await?;
    redirect(&return_to::with_param("/verify", "sent", &email));
    Ok(())
}

/// The same answer whether there is such an account or not.
#[server(protocol = Wire)]
pub async fn forgot_password(email: String) -> Result<(), AppError> {
    session::forgot(&core(), &email, &from()).await?;
    redirect(&return_to::with_param("/forgot", "sent", &email));
    Ok(())
}

/// The address whose password the link of a mail chooses.
#[server(protocol = Wire)]
pub async fn read_reset_link(token: String) -> Result<String, AppError> {
    Ok(session::reset_link(&core(), &token).await?)
}

#[server(protocol = Wire)]
pub async fn reset_password(draft: account::ResetPassword) -> Result<(), AppError> {
    enter(&session::reset(&core(), draft, &from()).await?, "/");
    Ok(())
}

#[server(protocol = Wire)]
pub async fn change_password(draft: account::ChangePassword) -> Result<(), AppError> {
    visit()?;
    let session = session::change_password(&core(), &session_cookie()?, draft, &from()).await?;
    enter(&session, "/profile?changed=password");
    Ok(())
}

/// The zone that times are written in for this person. Every page knows it from its beginning, so the next one is drawn anew.
#[server(protocol = Wire)]
pub async fn set_time_zone(#[server(default)] time_zone: String) -> Result<(), AppError> {
    auth::set_time_zone(&core(), &person()?, &time_zone).await?;
    redirect("/profile?changed=zone");
    Ok(())
}

#[server(protocol = Wire)]
pub async fn list_devices() -> Result<Devices, AppError> {
    let visit = visit()?;
    Ok(Devices {
        sessions: session::sessions(&core(), &visit.person.id).await?,
        here: visit.session,
    })
}

#[server(protocol = Wire)]
pub async fn end_session(session: Uuid) -> Result<(), AppError> {
    Ok(session::end_session(&core(), &person()?, session).await?)
}

/// Leaving always works: without a session there is nothing left to end. `next` is where whoever signs in then wants to go.
#[server(protocol = Wire)]
pub async fn sign_out(#[server(default)] next: String) -> Result<(), AppError> {
    if core().uses_clerk() {
        redirect("/sign-out");
        return Ok(());
    }
    if let Ok(cookie) = session_cookie() {
        session::sign_out(&core(), &cookie).await?;
    }
    clear_session();
    redirect(&return_to::with_param("/sign-in", "next", next.trim()));
    Ok(())
}

#[server(protocol = Wire)]
pub async fn sign_out_everywhere() -> Result<(), AppError> {
    session::sign_out_everywhere(&core(), &person()?).await?;
    clear_session();
    redirect("/sign-in");
    Ok(())
}
