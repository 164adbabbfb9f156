//! callboard's own API below `/callboard/api/`: what its requests have in common.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::WWW_AUTHENTICATE;

use super::answer::{Answer, Refused};
use super::server::Server;
use super::{auth, ticket};
use crate::id::UserId;

/// Lets `serve` answer a request, with a line in the log.
pub async fn answer(
    server: Rc<Server>,
    request: Request<Incoming>,
    peer: SocketAddr,
    serve: impl AsyncFnOnce(&Rc<Server>, Request<Incoming>) -> Result<(UserId, Answer), Refused>,
) -> Answer {
    let shown = format!("{} {}", request.method(), ticket::masked(request.uri()));
    let with_ticket = request.uri().query().is_some_and(|query| ticket::given(query).is_some());
    let headers = request.headers().clone();
    let (who, mut answer) = match serve(&server, request).await {
        Ok((user, answer)) => (server.with_hub(|hub, _| hub.user_name(user)), answer),
        Err(refused) => (auth::name(&server, &headers), refused.into()),
    };
    if with_ticket {
        // A browser would ask its user for a password, which would not help.
        answer.headers_mut().remove(WWW_AUTHENTICATE);
    }
    log::info!("{peer} http {who}: {shown} {}", answer.status().as_u16());
    answer
}
