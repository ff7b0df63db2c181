//! A SPIFFE Workload API to test against: an agent on a Unix socket that streams X.509-SVIDs.
//!
//! Decides how an agent behaves on the wire: the security header is required (SPIFFE Workload
//! Endpoint, 3), a stream begins with all that the workload may have and goes on with each change of
//! it, and a workload that may have nothing is told PERMISSION_DENIED (SPIFFE Workload API, 5.2.1).
//! It attests nobody and issues nothing: everybody gets what the test hands over, right or wrong.
//! Of the API it has FetchX509SVID alone, and of its messages what that needs: no federated bundles,
//! no revocation lists, no hints.

use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt as _};
use http::{Request, Response};
use prost::Message;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};
use tokio::net::UnixListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::{UnixListenerStream, WatchStream};
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::transport::Server;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;
use tower::Service;

const FETCH_X509_SVID: &str = "/SpiffeWorkloadAPI/FetchX509SVID";
const SECURITY_HEADER: &str = "workload.spiffe.io";

#[derive(Clone, PartialEq, Message)]
struct FetchRequest {}

#[derive(Clone, PartialEq, Message)]
struct FetchResponse {
    #[prost(message, repeated, tag = "1")]
    svids: Vec<X509Svid>,
}

/// One identity, as the agent hands it over.
#[derive(Clone, PartialEq, Message)]
pub struct X509Svid {
    /// The SPIFFE id.
    #[prost(string, tag = "1")]
    pub spiffe_id: String,
    /// The chain, leaf first: certificates in DER, one after the other.
    #[prost(bytes = "vec", tag = "2")]
    pub chain: Vec<u8>,
    /// The leaf's key, PKCS #8 in DER.
    #[prost(bytes = "vec", tag = "3")]
    pub key: Vec<u8>,
    /// The trust domain's authorities: certificates in DER, one after the other.
    #[prost(bytes = "vec", tag = "4")]
    pub bundle: Vec<u8>,
}

/// An agent at work.
pub struct WorkloadApi {
    socket: PathBuf,
    svids: watch::Sender<Vec<X509Svid>>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl fmt::Debug for WorkloadApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadApi").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl WorkloadApi {
    /// Serves `svids` to whoever connects. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The socket cannot be bound.
    pub fn serve(socket: &Path, svids: Vec<X509Svid>) -> io::Result<Self> {
        let incoming = UnixListenerStream::new(UnixListener::bind(socket)?);
        let (svids, given) = watch::channel(svids);
        let (stop, stopped) = oneshot::channel();
        let server = Server::builder().add_service(Agent { given }).serve_with_incoming_shutdown(
            incoming,
            async move {
                // Dropped is stopped as well.
                let _ = stopped.await;
            },
        );
        Ok(Self { socket: socket.to_owned(), svids, stop, served: tokio::spawn(server) })
    }

    /// Where it is, as workloads are told.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    /// Gives these from now on, on every stream that is open; none is PERMISSION_DENIED.
    pub fn give(&self, svids: Vec<X509Svid>) {
        self.svids.send_replace(svids);
    }

    /// Ends the streams and takes the socket away.
    ///
    /// # Errors
    /// The server failed, or the socket cannot be removed.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.svids);
        drop(self.stop);
        self.served.await?.map_err(io::Error::other)?;
        std::fs::remove_file(self.socket)
    }
}

#[derive(Clone)]
struct Agent {
    given: watch::Receiver<Vec<X509Svid>>,
}

impl NamedService for Agent {
    const NAME: &'static str = "SpiffeWorkloadAPI";
}

impl Service<Request<Body>> for Agent {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let agent = self.clone();
        Box::pin(async move {
            if request.uri().path() != FETCH_X509_SVID {
                return Ok(refusal(Code::Unimplemented, "this agent has no such method").into_http());
            }
            let mut grpc = Grpc::new(ProstCodec::<FetchResponse, FetchRequest>::default());
            Ok(grpc.server_streaming(agent, request).await)
        })
    }
}

impl ServerStreamingService<FetchRequest> for Agent {
    type Response = FetchResponse;
    type ResponseStream = BoxStream<'static, Result<FetchResponse, Status>>;
    type Future = BoxFuture<'static, Result<tonic::Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: tonic::Request<FetchRequest>) -> Self::Future {
        let given = WatchStream::new(self.given.clone());
        Box::pin(async move {
            // It keeps a workload from being made to fetch by a request that it only passes on.
            if request.metadata().get(SECURITY_HEADER).is_none_or(|value| value != "true") {
                return Err(refusal(Code::InvalidArgument, "the security header is missing"));
            }
            let answers = given.map(|svids| {
                if svids.is_empty() {
                    Err(refusal(Code::PermissionDenied, "no identity issued"))
                } else {
                    Ok(FetchResponse { svids })
                }
            });
            Ok(tonic::Response::new(answers.boxed()))
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "an agent is not a service of ours: it has no reasons")]
fn refusal(code: Code, text: &str) -> Status {
    Status::new(code, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper_util::rt::TokioIo;
    use tokio::net::UnixStream;
    use tonic::client::Grpc as Client;
    use tonic::transport::Endpoint;

    async fn fetch(socket: &Path, path: &'static str, header: Option<&'static str>) -> Result<usize, Code> {
        let socket = socket.to_owned();
        let connect = tower::service_fn(move |_| {
            let socket = socket.clone();
            async move { UnixStream::connect(socket).await.map(TokioIo::new) }
        });
        let channel = Endpoint::from_static("http://agent").connect_with_connector(connect).await.unwrap();
        let mut request = tonic::Request::new(FetchRequest {});
        if let Some(value) = header {
            request.metadata_mut().insert(SECURITY_HEADER, value.parse().unwrap());
        }
        let mut client = Client::new(channel);
        client.ready().await.unwrap();
        let codec = ProstCodec::<FetchRequest, FetchResponse>::default();
        let answer = client.server_streaming(request, path.parse().unwrap(), codec).await;
        let mut stream = answer.map_err(|status| status.code())?.into_inner();
        match stream.message().await {
            Ok(first) => Ok(first.unwrap().svids.len()),
            Err(status) => Err(status.code()),
        }
    }

    #[tokio::test]
    async fn the_agent_answers_as_the_specification_says() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        let agent = WorkloadApi::serve(&socket, vec![X509Svid::default()]).unwrap();
        assert_eq!(fetch(&socket, FETCH_X509_SVID, Some("true")).await, Ok(1));
        for header in [None, Some("false"), Some("")] {
            assert_eq!(fetch(&socket, FETCH_X509_SVID, header).await, Err(Code::InvalidArgument));
        }
        let other = "/SpiffeWorkloadAPI/FetchJWTSVID";
        assert_eq!(fetch(&socket, other, Some("true")).await, Err(Code::Unimplemented));
        agent.give(Vec::new());
        assert_eq!(fetch(&socket, FETCH_X509_SVID, Some("true")).await, Err(Code::PermissionDenied));
        agent.stop().await.unwrap();
        assert!(!socket.exists());
    }
}
