//! Objects of an S3-compatible bucket.
//!
//! Decides that a read is of the version that was listed or fails: every range names the entity tag, and the
//! reply must have that tag, that range and that length. Nothing of a listing is kept: the store says every
//! time what is there. How long a request may take is here too; which objects are read is not.
//!
//! A bucket has no folders, only keys, so a folder without an object is not there. Whether others have objects
//! in it must not show: a source without a file of its own is an empty folder here, and its own file comes first.
//! Only a source that had a file of its own, and has nothing now, is missing.

use super::client::{client, credentials};
use super::{Holding, Pending, Store};
use crate::EngineError;
use crate::error::AnyError;
use crate::interrupt::Interrupt;
use crate::listing::Entry;
use crate::location::S3Config;
use crate::reading::Opened;
use crate::version::{ObjectVersion, Version};
use crate::warehouse::{DataFile, Format, unescape};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::SharedCredentialsProvider;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::EncodingType;
use bytes::Bytes;
use std::collections::HashSet;
use std::error::Error;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// Longest time of one range, its body included.
const RANGE_TIME_MAX: Duration = Duration::from_secs(30);
/// How often a range is asked for whose body breaks off.
const BODIES_MAX: usize = 3;
/// Longest time of a listing, all its pages.
const LISTING_TIME_MAX: Duration = Duration::from_secs(60);
/// Entries of one folder.
const LISTED_MAX: usize = 200_000;
const THREADS: usize = 2;

/// Why an object store gave nothing. What it said is in the source, which goes to the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("a file was replaced while the statement ran")]
    Replaced,
    #[error("an object that was listed is not there any more")]
    Gone,
    #[error("the object store refused")]
    Refused(#[source] AnyError),
    #[error("the object store failed or was not reached")]
    Failed(#[source] AnyError),
    #[error("the object store did not answer in time")]
    Late,
    #[error("the object store sent something else than was asked for")]
    Otherwise,
    #[error("a listing that cannot be used")]
    Listing,
}

/// A bucket, or its objects under a prefix.
#[derive(Debug)]
pub(crate) struct Bucket {
    shared: Arc<Shared>,
    /// Sources that have had a file of their own.
    whole: Mutex<HashSet<String>>,
    /// Requests are answered here: whoever reads may block, and serves nobody meanwhile.
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    name: String,
    /// Empty, or with a slash at its end.
    prefix: String,
    handle: Handle,
    requests: AtomicU64,
}

/// An object at the version that was listed.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    shared: Arc<Shared>,
    key: Arc<str>,
    version: Version,
    tag: Arc<str>,
}

impl Bucket {
    /// A bucket that the process's role may list; an error where it may not, or where it is not reached.
    pub(crate) fn connect(name: String, prefix: String, config: &S3Config) -> Result<Self, AnyError> {
        let runtime = runtime()?;
        let wanted = config.clone();
        let found = Pending::begin(runtime.handle(), async move { Ok(credentials(&wanted).await) });
        let found = found.wait(&Interrupt::current())?;
        Self::with_credentials(runtime, (name, prefix), config, found)
    }

    fn with_credentials(
        runtime: Runtime,
        (name, prefix): (String, String),
        config: &S3Config,
        found: SharedCredentialsProvider,
    ) -> Result<Self, AnyError> {
        let client = client(found, config);
        let (handle, requests) = (runtime.handle().clone(), AtomicU64::new(0));
        let shared = Arc::new(Shared { client, name, prefix, handle, requests });
        let bucket = Self { shared, whole: Mutex::default(), runtime: Some(runtime) };
        let prefix = bucket.shared.prefix.clone();
        bucket.listed(prefix, Some(1))?;
        Ok(bucket)
    }

    /// A bucket for tests, with credentials that are given.
    #[cfg(test)]
    pub(crate) fn given(
        name: String,
        prefix: String,
        config: &S3Config,
        found: SharedCredentialsProvider,
    ) -> Result<Self, AnyError> {
        Self::with_credentials(runtime()?, (name, prefix), config, found)
    }

    fn whole(&self) -> MutexGuard<'_, HashSet<String>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listed(&self, prefix: String, first: Option<i32>) -> Result<Vec<Entry>, AnyError> {
        let shared = Arc::clone(&self.shared);
        let listing = async move {
            let whole = tokio::time::timeout(LISTING_TIME_MAX, shared.list(&prefix, first));
            whole.await.map_err(|_elapsed| StoreError::Late)?.map_err(AnyError::from)
        };
        let mut entries = Pending::begin(&self.shared.handle, listing).wait(&Interrupt::current())?;
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }
}

fn runtime() -> Result<Runtime, EngineError> {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("splitplane-objects")
        .enable_all()
        .build()
        .map_err(EngineError::internal)
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which is not allowed where requests are served.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Store for Bucket {
    fn holding(&self, source: &str) -> Result<Option<Holding>, AnyError> {
        let mut files = self.listed(format!("{}{source}.", self.shared.prefix), None)?;
        for (end, format) in Format::ENDS {
            let name = format!("{source}.{end}");
            // Names of a listing are those after its prefix.
            if let Some(at) = files.iter().position(|entry| entry.name == end && entry.seen.is_some()) {
                self.whole().insert(source.to_owned());
                return Ok(Some(Holding::File { name, format, seen: files.swap_remove(at).seen }));
            }
        }
        let is_missing = self.whole().contains(source) && self.entries(source)?.is_empty();
        Ok((!is_missing).then_some(Holding::Folder))
    }

    fn entries(&self, folder: &str) -> Result<Arc<[Entry]>, AnyError> {
        Ok(self.listed(format!("{}{folder}/", self.shared.prefix), None)?.into())
    }

    fn version(&self, file: &DataFile) -> Result<Version, AnyError> {
        Ok(file.seen.clone().ok_or(StoreError::Listing)?)
    }

    fn open(&self, file: &DataFile) -> Result<Opened, AnyError> {
        let Some(Version::Object(version)) = &file.seen else { return Err(StoreError::Listing.into()) };
        Ok(Opened::Object(Object {
            shared: Arc::clone(&self.shared),
            key: format!("{}{}", self.shared.prefix, file.name).into(),
            tag: version.tag.as_str().into(),
            version: Version::Object(version.clone()),
        }))
    }

    fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

impl Object {
    pub(crate) const fn version(&self) -> &Version {
        &self.version
    }

    /// Asks for a range that lies within the object and is not empty.
    pub(crate) fn begin(&self, range: Range<u64>) -> Pending {
        let object = self.clone();
        Pending::begin(&self.shared.handle, async move { Ok(object.fetch(range).await?) })
    }

    async fn fetch(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let whole = async {
            let mut tries = 0;
            loop {
                tries += 1;
                match Box::pin(self.try_fetch(&range)).await {
                    // A body that breaks off says nothing of the next one.
                    Err(Broken::Body(_error)) if tries < BODIES_MAX => {}
                    Err(Broken::Body(error)) => return Err(StoreError::Failed(error)),
                    Err(Broken::Reply(error)) => return Err(error),
                    Ok(bytes) => return Ok(bytes),
                }
            }
        };
        tokio::time::timeout(RANGE_TIME_MAX, whole).await.map_err(|_elapsed| StoreError::Late)?
    }

    async fn try_fetch(&self, range: &Range<u64>) -> Result<Bytes, Broken> {
        let Shared { client, name, requests, .. } = self.shared.as_ref();
        requests.fetch_add(1, Ordering::Relaxed);
        let asked = client
            .get_object()
            .bucket(name)
            .key(self.key.as_ref())
            .if_match(self.tag.as_ref())
            .range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let reply = Box::pin(asked.send()).await.map_err(|error| Broken::Reply(of_sdk(error)))?;
        let (start, end, length) = (range.start, range.end.saturating_sub(1), self.version.length());
        // A store that knows no ranges or no conditions must not be believed.
        let is_asked = reply.e_tag() == Some(self.tag.as_ref())
            && reply.content_range() == Some(format!("bytes {start}-{end}/{length}").as_str())
            && reply.content_length().and_then(|length| u64::try_from(length).ok())
                == Some(range.end - range.start);
        if !is_asked {
            return Err(Broken::Reply(StoreError::Otherwise));
        }
        let body = reply.body.collect().await.map_err(|error| Broken::Body(error.into()))?.into_bytes();
        match u64::try_from(body.len()) {
            Ok(length) if length == range.end - range.start => Ok(body),
            _ => Err(Broken::Body(StoreError::Otherwise.into())),
        }
    }
}

/// What was wrong with a reply.
enum Broken {
    Reply(StoreError),
    Body(AnyError),
}

fn of_sdk<E: Error + Send + Sync + 'static>(error: SdkError<E, HttpResponse>) -> StoreError {
    match error.raw_response().map(|reply| reply.status().as_u16()) {
        Some(412) => StoreError::Replaced,
        Some(404) => StoreError::Gone,
        Some(400..=499) => StoreError::Refused(error.into()),
        Some(_) | None => StoreError::Failed(error.into()),
    }
}

impl Shared {
    /// What is directly under a prefix, without the prefix; `first` is how many are asked for, if not all.
    async fn list(&self, prefix: &str, first: Option<i32>) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        let mut next: Option<String> = None;
        loop {
            self.requests.fetch_add(1, Ordering::Relaxed);
            let asked = self
                .client
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(prefix)
                .delimiter("/")
                // Some keys have letters that XML has no word for.
                .encoding_type(EncodingType::Url)
                .set_max_keys(first)
                .set_continuation_token(next.take());
            let page = Box::pin(asked.send()).await.map_err(of_sdk)?;
            for object in page.contents() {
                let name = below(prefix, object.key())?;
                let tag = object.e_tag().ok_or(StoreError::Listing)?.to_owned();
                let length = object.size().and_then(|size| u64::try_from(size).ok());
                let length = length.ok_or(StoreError::Listing)?;
                // A marker that some tools put where a folder begins.
                if !name.is_empty() {
                    entries.push(Entry::object(name, ObjectVersion { tag, length }));
                }
            }
            for folder in page.common_prefixes() {
                let name = below(prefix, folder.prefix())?;
                let name = name.strip_suffix('/').ok_or(StoreError::Listing)?;
                if !name.is_empty() {
                    entries.push(Entry::folder(name.to_owned()));
                }
            }
            if entries.len() > LISTED_MAX {
                return Err(StoreError::Listing);
            }
            match (first, page.is_truncated(), page.next_continuation_token()) {
                (None, Some(true), Some(token)) => next = Some(token.to_owned()),
                // A page that is not the last and names no next one would be a short answer.
                (None, Some(true), None) => return Err(StoreError::Listing),
                (None, Some(false) | None, _) | (Some(_), _, _) => return Ok(entries),
            }
        }
    }
}

/// A key as it is written in a listing, without the prefix that was asked for.
fn below(prefix: &str, key: Option<&str>) -> Result<String, StoreError> {
    let key =
        unescape(&key.ok_or(StoreError::Listing)?.replace('+', " ")).map_err(|_error| StoreError::Listing)?;
    key.strip_prefix(prefix).map(str::to_owned).ok_or(StoreError::Listing)
}
