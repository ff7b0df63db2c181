//! An engine that is killed inside a query and started again: a typed error, and then all is well. Needs
//! the program of Sail in `SPLITPLANE_SAIL_PROGRAM`, since no engine that others use may be killed.

use super::*;
use crate::plan;
use futures::StreamExt as _;
use std::process::{Child, Command, Stdio};

struct Started(Child);

impl Started {
    async fn on(program: &str, address: SocketAddr) -> Self {
        let port = address.port().to_string();
        let mut command = Command::new(program);
        command.args(["spark", "server", "--ip", "127.0.0.1", "--port", &port]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        let listens = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                pace.tick().await;
            }
        };
        within_reason(listens).await;
        Self(child)
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test that runs where an engine can be started")]
async fn an_engine_that_is_killed_and_started_again_answers_again() {
    let Ok(program) = std::env::var("SPLITPLANE_SAIL_PROGRAM") else {
        eprintln!("SKIPPED: SPLITPLANE_SAIL_PROGRAM names no program");
        return;
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut engine = Started::on(&program, address).await;
    let client = super::super::double::client_of(address, short());
    let query = "select id, repeat('x', 200) as text from range(3000000)";
    for restarts_at_once in [false, true] {
        let session = client.session().unwrap();
        settle(&session).await;
        let mut batches = session.run(plan::sql(query, vec![]), "t").unwrap();
        assert!(within_reason(batches.next()).await.unwrap().is_ok());
        engine.kill();
        if restarts_at_once {
            engine = Started::on(&program, address).await;
        }
        let error = collected(batches).await.unwrap_err();
        // A new engine knows no such operation; without one there is no connection.
        assert!(error.is_retryable(), "{error:?}");
        drop(session);
        if !restarts_at_once {
            engine = Started::on(&program, address).await;
        }
        let session = client.session().unwrap();
        settle(&session).await;
        let batch = whole(session.run(plan::sql("select 1 as n", vec![]), "t").unwrap()).await.unwrap();
        assert_eq!(batch.num_rows(), 1);
        session.close().await.unwrap();
    }
}
