//! Whether the store does what keeps two writers apart. Some that speak S3 know nothing of conditions and
//! write all the same; so it is tried, once, before anything depends on it.

use std::time::Duration;

use object_store::{
    Error, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion, path::Path,
};

use super::{super::error::Cause, Objects, nonce};

/// A version that no object has.
const NO_VERSION: &str = "\"00000000000000000000000000000000\"";

impl Objects {
    /// Makes sure that the store refuses to create what is there, and to update what has changed.
    pub(super) async fn check_conditions(&self) -> Result<(), Cause> {
        self.conditional.get_or_try_init(|| self.try_conditions()).await.copied()
    }

    async fn try_conditions(&self) -> Result<(), Cause> {
        let path = self.path(&["checks", &nonce()]);
        let outcome = self.try_at(&path).await;
        // Whoever may not delete leaves an empty object.
        let _ = self.store.delete(&path).await;
        outcome
    }

    async fn try_at(&self, path: &Path) -> Result<(), Cause> {
        let version = UpdateVersion { e_tag: Some(NO_VERSION.to_owned()), version: None };
        self.put_probe(path, PutMode::Create).await?;
        match self.put_probe(path, PutMode::Create).await {
            Err(Error::AlreadyExists { .. }) => {}
            other => return Err(unconditional("it writes over an object (If-None-Match)", other)),
        }
        match self.put_probe(path, PutMode::Update(version)).await {
            Err(Error::Precondition { .. }) => Ok(()),
            other => Err(unconditional("it updates an object that changed (If-Match)", other)),
        }
    }

    async fn put_probe(&self, path: &Path, mode: PutMode) -> Result<(), Error> {
        let probe = PutPayload::from_static(b"a probe of imdsure: it can be removed\n");
        self.store.put_opts(path, probe, PutOptions::from(mode)).await.map(drop)
    }

    /// How long ago, by the store's own clock, an object was written: neither our clock nor its writer's
    /// has to be right.
    pub(super) async fn age(&self, object: &object_store::ObjectMeta) -> Result<Duration, Cause> {
        let path = self.path(&["checks", &nonce()]);
        self.put_probe(&path, PutMode::Overwrite).await?;
        let now = self.store.head(&path).await;
        let _ = self.store.delete(&path).await;
        let age = now?.last_modified.signed_duration_since(object.last_modified);
        // Less than nothing is nothing.
        Ok(age.to_std().unwrap_or_default())
    }
}

/// What to say of an answer that should have been a refusal.
fn unconditional(missing: &str, answer: Result<(), Error>) -> Cause {
    match answer {
        Ok(()) => Cause::Unconditional { missing: missing.to_owned() },
        Err(error) => error.into(),
    }
}
