//! A way to a server that can be cut.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    ways: Arc<Mutex<Vec<JoinHandle<()>>>>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// Passes on every byte to `target`, until it is cut.
    pub(super) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ways = Arc::new(Mutex::new(Vec::new()));
        let opened = Arc::clone(&ways);
        let listening = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let way = tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(target).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
                opened.lock().unwrap().push(way);
            }
        });
        Self { address, ways, listening }
    }

    /// Cuts every connection; new ones are passed on.
    pub(super) fn cut(&self) {
        for way in self.ways.lock().unwrap().drain(..) {
            way.abort();
        }
    }

    /// Cuts every connection and takes no new one.
    pub(super) fn close(&self) {
        self.listening.abort();
        self.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.close();
    }
}
