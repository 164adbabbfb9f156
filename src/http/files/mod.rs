//! The files of a folder at `/`, for pages that live on the same origin as `/ws/` and `/finesse`.
//!
//! [`lookup`] knows which file a path names, and lets none name a file outside of the folder. [`conditions`] tells whether
//! and how much of it is sent (RFC 9110 §13 and §14), and [`media_types`] what it is. Which paths are for files at all is for
//! `routes` to say.

mod conditions;
pub(crate) mod folder;
pub(crate) mod listing;
pub(crate) mod lookup;
pub(crate) mod media_types;

use std::fs::{File, Metadata};
use std::future::poll_fn;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use hyper::body::Bytes;
use hyper::header;
use hyper::{Method, Request, StatusCode};
use log::Level;
use smol::lock::Semaphore;
use smol::stream;

use crate::event_loop::log_shares::{Kind, Whose};
use crate::event_loop::{client_log, threads};
use crate::http::redact;
use crate::http::request_body::Incoming;
use crate::http::response::{Body, Response, empty, set, text};
use crate::http::site::Site;
use crate::net::buffers::CHUNK;
use crate::net::clock::now;
use crate::net::quota::Part;
use conditions::{Outcome, Validators};
use folder::Www;
use lookup::Found;

/// A file on its way to a client. Only the piece that is being sent is in memory.
struct Sending {
    file: File,
    left: u64,
    readers: Arc<Semaphore>,
    part: Part,
}

/// Answers a GET or HEAD.
pub async fn answer(site: &Rc<Site>, www: &Www, request: &Request<Incoming>, peer: SocketAddr) -> Response {
    let answer = look_up(site, www, request, peer.ip()).await;
    let shown = redact::request(request.method(), request.uri());
    log::debug!("{peer} http: {shown} {}", answer.status().as_u16());
    answer
}

async fn look_up(site: &Rc<Site>, www: &Www, request: &Request<Incoming>, peer: IpAddr) -> Response {
    let path = request.uri().path();
    let Some(wanted) = lookup::below(path) else {
        return no_such_file();
    };
    let named = if path.ends_with('/') { wanted.join("index.html") } else { wanted };
    let kind = media_types::of(&named);
    let folder = www.folder.clone();
    let permit = www.readers.acquire_arc().await;
    let found = threads::run(move || {
        let found = lookup::find(&folder, &named);
        drop(permit);
        found
    });
    match found.await {
        Ok(Found::File(file, metadata)) => send(site, www, request, peer, file, &metadata, kind),
        // Links of its page start at the folder only if the path ends in a slash. None has an empty first segment, so
        // this is no address of another host.
        Ok(Found::Folder) if !path.ends_with('/') => {
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            let mut answer = text(StatusCode::MOVED_PERMANENTLY, "A folder ends in a slash.");
            set(&mut answer, header::LOCATION, format!("{path}/{query}"));
            set(&mut answer, header::CACHE_CONTROL, "no-cache");
            answer
        }
        Ok(Found::Folder) => no_such_file(),
        Err(error) => match lookup::is_there(&error) {
            Ok(()) => {
                let line = format_args!("www {} cannot be read: {error}", redact::uri(request.uri()));
                client_log::say(&site.driver, Whose::Others, Kind::File, Level::Error, line);
                text(StatusCode::INTERNAL_SERVER_ERROR, "The file cannot be read now.")
            }
            Err(why) => {
                log::debug!("www {}: {why}", redact::uri(request.uri()));
                no_such_file()
            }
        },
    }
}

fn no_such_file() -> Response {
    text(StatusCode::NOT_FOUND, "There is no such file.")
}

/// The answer with a file, or with the part of it that is wanted.
fn send(
    site: &Rc<Site>,
    www: &Www,
    request: &Request<Incoming>,
    peer: IpAddr,
    file: File,
    metadata: &Metadata,
    kind: &'static str,
) -> Response {
    let length = metadata.len();
    let validators = Validators::of(metadata, now().wall);
    let (status, range) = match conditions::judge(request.method(), request.headers(), &validators, length) {
        Outcome::Whole => (StatusCode::OK, None),
        Outcome::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
        Outcome::NotModified => {
            let mut answer = empty(StatusCode::NOT_MODIFIED);
            describe(&mut answer, &validators);
            return answer;
        }
        Outcome::Failed => {
            return text(StatusCode::PRECONDITION_FAILED, "The file is not what you take it for.");
        }
        Outcome::Unsatisfiable => {
            let mut answer = text(
                StatusCode::RANGE_NOT_SATISFIABLE,
                format!("The file has {length} bytes and none of these."),
            );
            set(&mut answer, header::CONTENT_RANGE, format!("bytes */{length}"));
            return answer;
        }
    };
    let (start, left) = match &range {
        None => (0, length),
        Some(range) => (*range.start(), range.end() - range.start() + 1),
    };
    let mut answer = empty(status);
    if request.method() != Method::HEAD {
        let mut part = site.files.part(peer);
        if part.set(1).is_err() {
            let line =
                format_args!("a file is not sent to {peer}, too many are being sent (files in [limits])");
            client_log::say(&site.driver, Whose::Others, Kind::File, Level::Warn, line);
            let mut answer =
                text(StatusCode::SERVICE_UNAVAILABLE, "Too many files are being sent; try again.");
            set(&mut answer, header::RETRY_AFTER, "1");
            return answer;
        }
        let readers = www.readers.clone();
        let sending = Sending { file, left, readers, part };
        *answer.body_mut() = Body::Pieces(Box::pin(pieces(sending, start)));
    }
    describe(&mut answer, &validators);
    set(&mut answer, header::CONTENT_TYPE, kind);
    set(&mut answer, header::CONTENT_LENGTH, left);
    set(&mut answer, header::ACCEPT_RANGES, "bytes");
    if let Some(range) = range {
        set(&mut answer, header::CONTENT_RANGE, content_range(&range, length));
    }
    answer
}

fn content_range(range: &RangeInclusive<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start(), range.end())
}

/// Sets the validators of a file, and that browsers have to ask again each time.
fn describe(answer: &mut Response, validators: &Validators) {
    set(answer, header::ETAG, validators.tag.as_str());
    if let Some(modified) = validators.modified {
        set(answer, header::LAST_MODIFIED, modified.to_string());
    }
    set(answer, header::CACHE_CONTROL, "no-cache");
}

/// Reads a file from `start` on, each piece when it is asked for. A file that has become shorter is an error.
fn pieces(sending: Sending, start: u64) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((sending, Some(start)), |(sending, seek)| async move {
        if sending.left == 0 {
            return Ok(None);
        }
        let Sending { mut file, left, readers, part } = sending;
        let permit = readers.acquire_arc().await;
        let read = threads::run(move || {
            let length = left.min(CHUNK as u64);
            let mut piece = vec![0; length as usize];
            let done = seek
                .map_or(Ok(0), |start| file.seek(SeekFrom::Start(start)))
                .and_then(|_| file.read_exact(&mut piece));
            drop(permit);
            done.map(|()| (file, piece, left - length))
        });
        let (file, piece, left) = read.await?;
        if left == 0 {
            poll_again().await;
        }
        Ok(Some((Bytes::from(piece), (Sending { file, left, readers, part }, None))))
    })
}

/// Has the whole connection polled once more. Without it a request that came together with the one before may never be read:
/// if the last piece is not there when hyper asks for it, and there when hyper asks again before it gives the turn back, then
/// hyper 1.12 ends the answer and does not look for another request, and no one wakes it.
fn poll_again() -> impl Future<Output = ()> {
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Ready(())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};
    use std::{pin, thread};

    use smol::stream::Stream as _;

    use super::*;
    use crate::net::quota::Quota;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wakes {
        fn so_far(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_connection_is_polled_once_more_after_the_last_piece() {
        let file = File::open(file!()).expect("the tests run where the sources are");
        let readers = Arc::new(Semaphore::new(1));
        let part = Quota::new(1).part([192, 0, 2, 1].into());
        let sending = Sending { file, left: 10, readers, part };
        let mut pieces = pin::pin!(pieces(sending, 0));
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        loop {
            // The thread that has read the piece has also told it, so that only the piece itself can wake now.
            thread::sleep(std::time::Duration::from_millis(5));
            let before = wakes.so_far();
            if let Poll::Ready(piece) = pieces.as_mut().poll_next(&mut Context::from_waker(&waker)) {
                assert_eq!(piece.expect("there is one").expect("it can be read").len(), 10);
                assert!(wakes.so_far() > before);
                break;
            }
        }
    }
}
