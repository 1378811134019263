//! Secrets: every key of an installation, derived from the one it keeps.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use hmac::{Hmac, Mac};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    config::Config,
    error::{self, Error},
};

/// The installation's master secret: 32 bytes that never leave this type.
#[derive(Clone)]
pub struct Master([u8; 32]);

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("SWITCHBOARD_SECRET: use 64 hex digits, such as `openssl rand -hex 32` prints")]
    Malformed,
    #[error(
        "{0} cannot be written by the user that runs this program: give it to them (chown) or set SWITCHBOARD_DATA elsewhere"
    )]
    Foreign(String),
    #[error("{path}: {cause}")]
    File { path: String, cause: std::io::Error },
}

impl Master {
    /// From the configuration, else from `$SWITCHBOARD_DATA/secret`, which is made on first use and readable to its owner only.
    pub fn load(config: &Config) -> Result<Self, SecretError> {
        if let Some(given) = &config.secret {
            return Self::from_hex(given).ok_or(SecretError::Malformed);
        }
        let path = config.data.join("secret");
        let failed = |cause: std::io::Error| match cause.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                SecretError::Foreign(config.data.display().to_string())
            }
            _ => SecretError::File {
                path: path.display().to_string(),
                cause,
            },
        };
        fs::create_dir_all(&config.data).map_err(failed)?;
        let fresh = Self::fresh();
        // Exactly one of several starting processes creates the file; the others read what it wrote.
        match fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path.with_extension("new"))
        {
            Ok(mut file) => {
                if !path.exists() {
                    file.write_all(fresh.hex().as_bytes())
                        .and_then(|()| file.sync_all())
                        .map_err(failed)?;
                    fs::rename(path.with_extension("new"), &path).map_err(failed)?;
                } else {
                    fs::remove_file(path.with_extension("new")).map_err(failed)?;
                }
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        Self::from_hex(&SecretString::from(text.trim().to_owned())).ok_or(SecretError::Malformed)
    }

    /// For tests and the first start.
    pub fn fresh() -> Self {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes)
    }

    fn from_hex(text: &SecretString) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.expose_secret(), &mut bytes).ok()?;
        Some(Self(bytes))
    }

    fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The key for one purpose. Purposes are fixed words; knowing one key tells nothing about another.
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(b"switchboard/1/");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// What tells this secret from others, and nothing else about it.
    pub fn mark(&self) -> [u8; 32] {
        self.key("mark")
    }

    /// Seals what a copy of the database must not open. It opens for the same purpose and place alone, so it is worth
    /// nothing in another row.
    pub fn seal(&self, purpose: &str, place: &str, plain: &[u8]) -> error::Result<Vec<u8>> {
        let mut sealed = plain.to_vec();
        let nonce = self
            .sealing(purpose)
            .seal_in_place_append_tag(Aad::from(place), &mut sealed);
        let nonce = nonce.map_err(|_| Error::internal(format_args!("{purpose}: it could not be sealed")))?;
        Ok([&nonce.as_ref()[..], &sealed].concat())
    }

    /// What was sealed for this purpose and place; nothing where it was not.
    pub fn open(&self, purpose: &str, place: &str, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self
            .sealing(purpose)
            .open_in_place(nonce, Aad::from(place), body)
            .ok()?;
        Some(plain.to_vec())
    }

    fn sealing(&self, purpose: &str) -> RandomizedNonceKey {
        RandomizedNonceKey::new(&AES_256_GCM, &self.key(purpose)).expect("32 bytes are a key")
    }
}

/// 32 random bytes for a cookie or a link, as they travel; what is stored is [`fingerprint`].
pub fn token() -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of a random token. A plain hash is enough: there are 2²⁵⁶ of them to guess from.
pub fn fingerprint(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_has_its_own_key() {
        let master = Master::fresh();
        assert_ne!(master.key("a"), master.key("b"));
        assert_eq!(master.key("a"), master.clone().key("a"));
        assert_ne!(master.key("a"), Master::fresh().key("a"));
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_place_alone() {
        let master = Master::fresh();
        let sealed = master.seal("a", "here", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(sealed, master.seal("a", "here", b"hunter2").unwrap());
        let open = |master: &Master, purpose, place| master.open(purpose, place, sealed.clone());
        assert_eq!(open(&master, "a", "here").as_deref(), Some(&b"hunter2"[..]));
        assert_eq!(open(&master, "b", "here"), None);
        assert_eq!(open(&master, "a", "there"), None);
        assert_eq!(open(&Master::fresh(), "a", "here"), None);
        assert_eq!(master.open("a", "here", b"short".to_vec()), None);
    }

    #[test]
    fn a_secret_is_64_hex_digits() {
        let master = Master::fresh();
        assert!(Master::from_hex(&master.hex().into()).is_some_and(|same| same.0 == master.0));
        for bad in [
            "",
            "abc",
            &"g".repeat(64),
            &"a".repeat(63),
            &"é".repeat(32),
            &"+f".repeat(32),
        ] {
            assert!(Master::from_hex(&bad.to_owned().into()).is_none(), "{bad}");
        }
    }
}
