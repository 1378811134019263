//! Storage: files of organizations, under the data directory or in a bucket that speaks S3. Never more than a piece of one is in
//! memory.

use std::{
    ops::Range,
    path::{Path as Directory, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem,
    path::Path, prefix::PrefixStore,
};
use secrecy::ExposeSecret;

use crate::{
    config::{Bucket, ConfigError},
    error::{Error, Result},
    org::OrgId,
};

#[derive(Clone)]
pub struct Storage(Place);

#[derive(Clone)]
enum Place {
    /// Made when the first file is written.
    Directory(PathBuf),
    Bucket(Arc<dyn ObjectStore>),
}

/// Which file: of one organization always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileKey(Path);

impl FileKey {
    /// `kind` says what it is, such as `recordings`, `name` which one.
    pub fn new(org: &OrgId, kind: &'static str, name: impl ToString) -> Self {
        Self(Path::from_iter([org.as_str(), kind, &name.to_string()]))
    }
}

/// A file, or a part of it, on its way.
pub struct Stored {
    /// Of the whole file.
    pub size: u64,
    /// What of it comes.
    pub range: Range<u64>,
    pub body: BoxStream<'static, Result<Bytes>>,
}

impl Storage {
    /// Files under this directory.
    pub fn local(directory: &Directory) -> Self {
        Self(Place::Directory(directory.to_owned()))
    }

    pub fn bucket(bucket: &Bucket) -> Result<Self, ConfigError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.key_id)
            .with_secret_access_key(bucket.secret.expose_secret());
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder
                .with_endpoint(endpoint.as_str().trim_end_matches('/'))
                .with_allow_http(endpoint.scheme() == "http");
        }
        let store = builder
            .build()
            .map_err(|error| ConfigError::new("STORAGE_BUCKET", error.to_string()))?;
        let store = PrefixStore::new(store, bucket.prefix.as_str());
        Ok(Self(Place::Bucket(Arc::new(store))))
    }

    fn store(&self) -> Result<Arc<dyn ObjectStore>> {
        match &self.0 {
            Place::Bucket(store) => Ok(store.clone()),
            Place::Directory(directory) => {
                std::fs::create_dir_all(directory).map_err(Error::internal)?;
                let store = LocalFileSystem::new_with_prefix(directory).map_err(failed)?;
                // Folders that a deleted file leaves empty go with it.
                Ok(Arc::new(store.with_automatic_cleanup(true)))
            }
        }
    }

    /// Writes a file piece by piece; nothing of it is there until all of it is. Answers its size.
    pub async fn put(&self, key: &FileKey, body: impl Stream<Item = Result<Bytes>>, most: u64) -> Result<u64> {
        let upload = self.store()?.put_multipart(&key.0).await.map_err(failed)?;
        let mut writer = WriteMultipart::new(upload);
        let mut body = std::pin::pin!(body);
        let mut size = 0;
        loop {
            let piece = match body.next().await {
                None => break,
                Some(Ok(piece)) if size + piece.len() as u64 <= most => piece,
                Some(Ok(_)) => {
                    writer.abort().await.map_err(failed)?;
                    return Err(Error::internal("a file is larger than any may be"));
                }
                Some(Err(error)) => {
                    writer.abort().await.map_err(failed)?;
                    return Err(error);
                }
            };
            size += piece.len() as u64;
            writer.wait_for_capacity(4).await.map_err(failed)?;
            writer.put(piece);
        }
        writer.finish().await.map_err(failed)?;
        Ok(size)
    }

    pub async fn size(&self, key: &FileKey) -> Result<u64> {
        Ok(self.store()?.head(&key.0).await.map_err(failed)?.size)
    }

    /// `NotFound` where there is none.
    pub async fn get(&self, key: &FileKey, range: Option<Range<u64>>) -> Result<Stored> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let found = self.store()?.get_opts(&key.0, options).await.map_err(failed)?;
        Ok(Stored {
            size: found.meta.size,
            range: found.range.clone(),
            body: found.into_stream().map_err(failed).boxed(),
        })
    }

    /// One that is gone already is fine.
    pub async fn delete(&self, key: &FileKey) -> Result<()> {
        match self.store()?.delete(&key.0).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => other.map_err(failed),
        }
    }
}

fn failed(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Error::NotFound,
        other => Error::internal(other),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn pieces(text: &'static str) -> impl Stream<Item = Result<Bytes>> {
        stream::iter(text.as_bytes().chunks(3).map(|piece| Ok(Bytes::from_static(piece))))
    }

    async fn read(stored: Stored) -> (u64, Range<u64>, String) {
        let body: Vec<Bytes> = stored.body.try_collect().await.unwrap();
        let body = body.concat();
        (stored.size, stored.range, String::from_utf8(body).unwrap())
    }

    #[tokio::test]
    async fn a_file_is_read_in_parts_and_is_of_one_organization() {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::local(directory.path());
        let (ours, theirs) = (OrgId::new(), OrgId::new());
        let key = |org| FileKey::new(org, "recordings", "a");
        assert_eq!(storage.put(&key(&ours), pieces("0123456789"), 10).await.unwrap(), 10);
        let whole = storage.get(&key(&ours), None).await.unwrap();
        assert_eq!(read(whole).await, (10, 0..10, "0123456789".to_owned()));
        let part = storage.get(&key(&ours), Some(3..6)).await.unwrap();
        assert_eq!(read(part).await, (10, 3..6, "345".to_owned()));
        assert!(matches!(storage.get(&key(&theirs), None).await, Err(Error::NotFound)));
        storage.delete(&key(&ours)).await.unwrap();
        storage.delete(&key(&ours)).await.unwrap();
        assert!(matches!(storage.size(&key(&ours)).await, Err(Error::NotFound)));
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_file_that_was_too_large_or_broke_off() {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::local(directory.path());
        let key = FileKey::new(&OrgId::new(), "recordings", "a");
        assert!(storage.put(&key, pieces("0123456789"), 9).await.is_err());
        let broken = pieces("012").chain(stream::iter([Err(Error::NotFound)]));
        assert!(storage.put(&key, broken, 10).await.is_err());
        assert!(matches!(storage.size(&key).await, Err(Error::NotFound)));
    }

    #[test]
    fn no_name_leads_out_of_the_organization() {
        let org = OrgId::parse("org_a").unwrap();
        for name in ["../../org_b/recordings/x", "..", "a/b", "%2e%2e"] {
            let key = FileKey::new(&org, "recordings", name).0;
            assert_eq!(key.parts().count(), 3, "{key}");
            assert!(key.as_ref().starts_with("org_a/recordings/"), "{key}");
        }
    }
}
