//! The folders of the suites, in an object store: where `SPLITPLANE_S3` names an endpoint, such as moto's, every
//! warehouse that a suite opens is copied there first and read from there. Without it the suites read folders.

use super::objects::{a_role, reached_at};
use crate::Warehouse;
use crate::interrupt::Interrupt;
use crate::store::{Bucket, Pending, client};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Runtime;

const SERVER: &str = "SPLITPLANE_S3";
const BUCKET: &str = "splitplane-tests";

/// An object store that speaks S3.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) client: Client,
    pub(crate) endpoint: String,
    runtime: Runtime,
}

/// The store of this run; `None`, loudly, where there is none.
pub(crate) fn store() -> Option<&'static Store> {
    let store = configured();
    if store.is_none() {
        eprintln!("SKIPPED: {SERVER} names no object store, such as http://127.0.0.1:50080");
    }
    store
}

fn configured() -> Option<&'static Store> {
    static STORE: OnceLock<Option<Store>> = OnceLock::new();
    let start = || {
        let (_, endpoint) = std::env::vars().find(|(name, value)| name == SERVER && !value.is_empty())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let store = Store { client: client(a_role(), &reached_at(&endpoint)), endpoint, runtime };
        let made = store.client.create_bucket().bucket(BUCKET);
        store.wait(async move { drop(Box::pin(made.send()).await) });
        Some(store)
    };
    STORE.get_or_init(start).as_ref()
}

impl Store {
    /// Does work from a thread that may be a runtime's own.
    pub(crate) fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        Pending::begin(self.runtime.handle(), async move { Ok(work.await) })
            .wait(&Interrupt::default())
            .unwrap()
    }

    pub(crate) fn put(&self, key: String, bytes: Vec<u8>) {
        let asked = self.client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(bytes));
        self.wait(async move { Box::pin(asked.send()).await.unwrap() });
    }

    pub(crate) fn put_encrypted(&self, key: String, bytes: Vec<u8>) {
        let asked = self
            .client
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .server_side_encryption(aws_sdk_s3::types::ServerSideEncryption::AwsKms)
            .ssekms_key_id("alias/lake")
            .body(ByteStream::from(bytes));
        let put = self.wait(async move { Box::pin(asked.send()).await.unwrap() });
        assert_eq!(put.server_side_encryption(), Some(&aws_sdk_s3::types::ServerSideEncryption::AwsKms));
    }

    /// A copy of a folder, and nothing else, under a prefix of its own.
    pub(crate) fn mirror(&self, folder: &Path) -> Warehouse {
        let prefix = prefix_of(folder);
        let (listed, client) =
            (self.client.list_objects_v2().bucket(BUCKET).prefix(&prefix), self.client.clone());
        self.wait(async move {
            let mut pages = listed.into_paginator().send();
            while let Some(page) = pages.next().await {
                for object in page.unwrap().contents() {
                    let removed = client.delete_object().bucket(BUCKET).key(object.key().unwrap());
                    Box::pin(removed.send()).await.unwrap();
                }
            }
        });
        let mut open: Vec<PathBuf> = vec![folder.to_owned()];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                self.put(format!("{prefix}{name}"), std::fs::read(&path).unwrap());
            }
        }
        self.open(&prefix)
    }

    pub(crate) fn open(&self, prefix: &str) -> Warehouse {
        let config = reached_at(&self.endpoint);
        let bucket = Bucket::given(BUCKET.to_owned(), prefix.to_owned(), &config, a_role()).unwrap();
        Warehouse::of(Arc::new(bucket))
    }
}

/// The prefix under which a folder is copied.
pub(crate) fn prefix_of(folder: &Path) -> String {
    format!("{}/", folder.to_str().unwrap().trim_start_matches('/').replace('/', "-"))
}

/// The warehouse in a folder, or in a copy of it in the object store of this run.
pub(crate) fn warehouse(folder: &Path) -> Warehouse {
    match configured() {
        Some(store) => store.mirror(folder),
        None => Warehouse::open(folder).unwrap(),
    }
}

/// Copies a folder anew, for those who have its warehouse open.
pub(crate) fn refresh(folder: &Path) {
    drop(warehouse(folder));
}
