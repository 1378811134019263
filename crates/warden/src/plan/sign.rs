//! Signing a plan, so that what runs is what somebody froze.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

/// Whoever freezes plans: an Ed25519 key in a file of its own.
pub struct Signer(Ed25519KeyPair);

/// What stands beside a signed file: the key and what it says of the file's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// An Ed25519 public key, in base64.
    pub signer: String,
    pub signature: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Unsigned {
    #[error("the key `{0}` cannot be read: {1}")]
    Unreadable(String, io::Error),
    #[error("`{0}` is not an Ed25519 key in PKCS#8")]
    NoKey(String),
    #[error("the plan in the database is not the one that was signed; freeze it again with `warden plan`")]
    Changed,
}

impl Signer {
    /// The key of a file; a new one where there is none, readable by its owner alone.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds something else.
    pub fn load(file: &Path) -> Result<Self, Unsigned> {
        let name = file.display().to_string();
        let unreadable = |error| Unsigned::Unreadable(name.clone(), error);
        let key = match fs::read(file) {
            Ok(key) => key,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(file).map_err(unreadable)?,
            Err(error) => return Err(unreadable(error)),
        };
        Ed25519KeyPair::from_pkcs8(&key)
            .map(Self)
            .map_err(|_| Unsigned::NoKey(name))
    }

    pub fn sign(&self, text: &[u8]) -> String {
        BASE64_STANDARD.encode(self.0.sign(text).as_ref())
    }

    /// For a file that others are to trust.
    pub fn signature(&self, text: &[u8]) -> Signature {
        Signature {
            signer: self.public(),
            signature: self.sign(text),
        }
    }

    pub fn public(&self) -> String {
        BASE64_STANDARD.encode(self.0.public_key().as_ref())
    }
}

fn make(file: &Path) -> io::Result<Vec<u8>> {
    let key = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
    let key = key
        .map_err(|_| io::Error::other("no key could be generated"))?
        .as_ref()
        .to_vec();
    let mut written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    written.write_all(&key)?;
    Ok(key)
}

/// # Errors
/// When the text is not what this key has signed.
pub fn check(text: &[u8], signature: &str, public: &str) -> Result<(), Unsigned> {
    let decoded = BASE64_STANDARD
        .decode(public)
        .ok()
        .zip(BASE64_STANDARD.decode(signature).ok());
    let (public, signature) = decoded.ok_or(Unsigned::Changed)?;
    UnparsedPublicKey::new(&ED25519, public)
        .verify(text, &signature)
        .map_err(|_| Unsigned::Changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_may_not_change() {
        let folder = std::env::temp_dir().join(format!("warden-key-{}", std::process::id()));
        let _ = fs::remove_file(&folder);
        let signer = Signer::load(&folder).unwrap();
        let signature = signer.sign(b"plan");
        assert!(check(b"plan", &signature, &signer.public()).is_ok());
        assert!(check(b"plan ", &signature, &signer.public()).is_err());
        // The key stays: what it signed once still holds.
        let again = Signer::load(&folder).unwrap();
        assert_eq!(again.public(), signer.public());
        fs::write(&folder, "nonsense").unwrap();
        assert!(matches!(Signer::load(&folder), Err(Unsigned::NoKey(_))));
        fs::remove_file(&folder).unwrap();
    }
}
