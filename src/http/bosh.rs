//! `/http-bind/`: the requests and answers of BOSH (XEP-0124), moved between HTTP and hub.

use std::cell::Cell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;

use hyper::{Request, StatusCode, header};

use crate::http::headers::forwarded::ViaProxy;
use crate::http::request_body;
use crate::http::request_body::Grown;
use crate::http::request_body::Incoming;
use crate::http::response::{Empty, Response, set};
use crate::http::site::Site;
use crate::hub::Post;
use crate::id::SessionId;
use crate::xmpp::bosh::{self, CONTENT_TYPE, RequestId, Violation, sid_of, without_sid};
use crate::xmpp::sasl;

/// The path of BOSH, with or without the slash at its end.
pub const PATH: &str = "/http-bind/";

/// Whether a path is that of BOSH.
pub fn is_path(path: &str) -> bool {
    PATH.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest == "/")
}

/// Answers a request, at once or when there is something to say. Its content type says nothing (XEP-0124 §5). `waits` is set
/// while there is nothing to say.
pub async fn answer(
    site: Rc<Site>,
    request: Request<Incoming>,
    peer: SocketAddr,
    secure: bool,
    waits: &Cell<bool>,
) -> Response {
    let via_proxy = ViaProxy::is_in(&request);
    let small = site.limits.stanza_before_login;
    let logged_in =
        |text: &str| sid_of(text).is_some_and(|sid| site.driver.with_hub(|hub, _| hub.is_sid_logged_in(sid)));
    let longest = |bytes: &[u8]| if logged_in(beginning(bytes)) { site.limits.stanza } else { small };
    let read = match request_body::growing(&site, request.into_body(), small, longest).await {
        Ok(read) => read,
        // As if it had never come: the client sends it again (XEP-0124 §14.3).
        Err(refused) => return refused.into(),
    };
    let post = Post { request: site.driver.bosh.begin(), peer, secure, via_proxy };
    let mut waiting = Waiting { site: site.clone(), request: post.request, session: None };
    match read {
        Grown::Whole(bytes) => match String::from_utf8(bytes) {
            Ok(text) => {
                waits.set(true);
                log::trace!("{peer} < {}", without_sid(&sasl::masked(&text, logged_in(&text))));
                waiting.session = site.driver.with_hub(|hub, now| hub.post(now, post, &text));
            }
            Err(error) => unreadable(&site, post, error.as_bytes(), Violation::NOT_XML),
        },
        Grown::TooLong(bytes) => unreadable(&site, post, &bytes, Violation::TOO_MUCH),
    }
    // The hub answers every request.
    let answer = poll_fn(|cx| site.driver.bosh.poll(post.request, cx)).await;
    waits.set(false);
    waiting.session = None;
    written(peer, &answer)
}

fn unreadable(site: &Rc<Site>, post: Post, bytes: &[u8], violation: Violation) {
    log::trace!("{} < {} bytes that cannot be read", post.peer, bytes.len());
    let sid = sid_of(beginning(bytes));
    site.driver.with_hub(|hub, now| hub.post_unreadable(now, post, sid, violation));
}

/// The text that bytes begin with.
fn beginning(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// A request that waits for its answer. If it is dropped before, its client has gone away.
struct Waiting {
    site: Rc<Site>,
    request: RequestId,
    session: Option<SessionId>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.site.driver.end_bosh(self.request);
        if let Some(id) = self.session {
            self.site.driver.with_hub(|hub, now| hub.gone(now, id, self.request));
        }
    }
}

fn written(peer: SocketAddr, said: &bosh::BoshResponse) -> Response {
    log::trace!("{peer} > {}", without_sid(&sasl::masked_answer(&said.body)));
    let mut answer = Response::new(String::from(&*said.body).into());
    *answer.status_mut() = StatusCode::from_u16(said.status).unwrap_or(StatusCode::OK);
    set(&mut answer, header::CONTENT_TYPE, said.content_type.as_deref().unwrap_or(CONTENT_TYPE));
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    if said.is_empty() {
        answer.extensions_mut().insert(Empty);
    }
    answer
}
