//! Passwords: hashed slowly, a few at a time, and in the same time for people who do not exist.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread::available_parallelism,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};
use tokio::sync::Semaphore;

use crate::{
    account::Password,
    error::{Error, Result},
    secret::{fingerprint, token},
};

/// Each hash takes 19 MiB and a core: half the cores leave the other half to everybody who is already signed in.
static QUEUE: LazyLock<Queue> =
    LazyLock::new(|| Queue::of((available_parallelism().map_or(2, usize::from) / 2).max(1)));
/// A flood is turned away rather than queued: nobody waits longer than a few seconds.
const LONGEST_QUEUE: usize = 64;

/// What is compared with when there is no account, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| digest("nobody has this password"));

/// OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("constant parameters within the limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn salt() -> SaltString {
    SaltString::encode_b64(&fingerprint(&token())[..16]).expect("16 bytes are a salt")
}

fn digest(password: &str) -> String {
    argon2()
        .hash_password(password.as_bytes(), &salt())
        .expect("hashing with constant parameters")
        .to_string()
}

pub(super) async fn hash(password: &Password) -> Result<String> {
    let password = password.clone();
    QUEUE.in_turn(move || digest(password.expose())).await
}

/// Whether a password is the one behind `hash`; without an account it never is, and takes as long.
pub(super) async fn matches(password: &Password, hash: Option<String>) -> Result<bool> {
    let password = password.clone();
    QUEUE
        .in_turn(move || {
            let known = hash.is_some();
            // Made for everybody: else the first stranger of a process would take twice as long.
            let nobody = &*NOBODY;
            let hash = hash.unwrap_or_else(|| nobody.clone());
            let matches = PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2().verify_password(password.expose().as_bytes(), &hash).is_ok());
            known && matches
        })
        .await
}

/// Whether a hash was made with other parameters than today's.
pub(super) fn outdated(hash: &str) -> bool {
    let today = argon2();
    !PasswordHash::new(hash).is_ok_and(|hash| {
        hash.algorithm == argon2::ARGON2ID_IDENT
            && Params::try_from(&hash).is_ok_and(|params| {
                (params.m_cost(), params.t_cost(), params.p_cost())
                    == (
                        today.params().m_cost(),
                        today.params().t_cost(),
                        today.params().p_cost(),
                    )
            })
    })
}

/// Who hashes now, and how many wait for it.
struct Queue {
    turns: Semaphore,
    waiting: AtomicUsize,
}

impl Queue {
    fn of(turns: usize) -> Self {
        Self {
            turns: Semaphore::new(turns),
            waiting: AtomicUsize::new(0),
        }
    }

    async fn in_turn<T: Send + 'static>(&'static self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _place = QueueSlot::take(&self.waiting)?;
        let turn = self.turns.acquire().await.expect("never closed");
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        })
        .await
        .map_err(Error::internal)
    }
}

/// A place in the queue, given back also by a request that goes away while it waits.
struct QueueSlot(&'static AtomicUsize);

impl QueueSlot {
    fn take(waiting: &'static AtomicUsize) -> Result<Self> {
        if waiting.fetch_add(1, Ordering::Relaxed) < LONGEST_QUEUE {
            return Ok(Self(waiting));
        }
        waiting.fetch_sub(1, Ordering::Relaxed);
        Err(Error::Limited { retry_after_s: 5 })
    }
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_no_other() {
        let hashed = hash(&"correct horse".into()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches(&"correct horse".into(), Some(hashed.clone())).await.unwrap());
        assert!(!matches(&"battery staple".into(), Some(hashed)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password_not_even_the_one_compared_with() {
        assert!(!matches(&"nobody has this password".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a23_a_flood_of_passwords_is_turned_away_and_few_are_hashed_at_once() {
        static FEW: LazyLock<Queue> = LazyLock::new(|| Queue::of(2));
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let one = || {
            MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let hash = digest("x");
            NOW.fetch_sub(1, Ordering::SeqCst);
            hash
        };
        let flood = (0..1_000).map(|_| FEW.in_turn(one));
        let answers = futures_util::future::join_all(flood).await;
        let hashed = answers.iter().filter(|answer| answer.is_ok()).count();
        let limited = |answer: &&Result<String>| matches!(answer, Err(Error::Limited { .. }));
        let turned_away = answers.iter().filter(limited).count();
        assert_eq!((hashed, turned_away), (LONGEST_QUEUE, 1_000 - LONGEST_QUEUE));
        assert!(MOST.load(Ordering::SeqCst) <= 2, "each takes 19 MiB and a core");
        // The queue is empty again, and takes the next.
        assert!(FEW.in_turn(one).await.is_ok());
    }

    #[test]
    fn a_hash_with_weaker_parameters_is_outdated() {
        assert!(!outdated(&digest("x")));
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap())
            .hash_password(b"x", &salt())
            .unwrap()
            .to_string();
        assert!(outdated(&weak));
        assert!(outdated("plain"));
    }
}
