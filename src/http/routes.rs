//! The table of resources: their paths, methods and handlers. From a row follow the answers 405 and to OPTIONS, the sentence of
//! 404, the names that no file of the folder has, the meter that counts a request, and the table of paths in the manual.
//!
//! A further resource is a row here and a file of its own.

use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;

use hyper::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;

use crate::http::callboard::{Rights, Serve};
use crate::http::callboard::{
    calls, clock, conformance, contacts, directory, faults, groups, meters, publish, record, reset, scenario,
    sessions, snapshots, status, subscriptions, tasks, tickets, users, wait,
};
use crate::http::client::Client;
use crate::http::metering::Way;
use crate::http::request_body::Incoming;
use crate::http::response::{Response, text};
use crate::http::site::Site;
use crate::http::{bosh, callboard, certificate, desktop_api, events, files, finesse, metrics, page, sso};

/// The methods that there are, in the order of the header Allow.
pub const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];

const READ: &[Method] = &[Method::GET, Method::HEAD, Method::OPTIONS];
const STREAM: &[Method] = &[Method::GET, Method::OPTIONS];
const POST: &[Method] = &[Method::POST, Method::OPTIONS];

/// The path of a WebSocket (RFC 7395 §3.1), with or without the slash at its end.
const WEBSOCKET: &str = "/ws/";

/// The paths of a resource.
#[derive(Clone, Copy)]
enum Paths {
    Exactly(&'static str),
    /// A path that ends in a slash, and the same without it.
    Slash(&'static str),
    /// All paths that begin so.
    Below(&'static str),
    /// The paths that begin so and go on with an id, which the manual calls by the second name.
    Item(&'static str, &'static str),
    /// The paths of Finesse's API behind this and the id of a user.
    AsUser(&'static str),
}

impl Paths {
    fn has(self, path: &str) -> bool {
        match self {
            Self::Exactly(own) => path == own,
            Self::Slash(own) => own.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest == "/"),
            Self::Below(start) => path.starts_with(start),
            Self::Item(start, _) => path.strip_prefix(start).is_some_and(|id| !id.is_empty()),
            Self::AsUser(_) => finesse::as_user(path).is_some(),
        }
    }

    /// The path, or what all of them begin with.
    fn start(self) -> &'static str {
        match self {
            Self::Exactly(path)
            | Self::Slash(path)
            | Self::Below(path)
            | Self::Item(path, _)
            | Self::AsUser(path) => path,
        }
    }

    /// The first segment.
    fn first(self) -> &'static str {
        self.start().split('/').nth(1).unwrap_or_default()
    }

    /// The paths as the manual writes them.
    fn shown(self) -> String {
        match self {
            Self::Exactly(path) => format!("`{path}`"),
            Self::Slash(path) => format!("`{}`, `{path}`", path.trim_end_matches('/')),
            Self::Below(start) => format!("`{start}…`"),
            Self::Item(start, name) => format!("`{start}{name}`"),
            Self::AsUser(start) => format!("`{start}ID{}…`", finesse::PREFIX),
        }
    }
}

/// A request on its way to the handler of its resource.
pub struct Exchange<'a> {
    pub site: Rc<Site>,
    pub request: Box<Request<Incoming>>,
    pub client: &'a Client,
    /// The address of the client, also behind a proxy.
    pub peer: SocketAddr,
    /// The request came by TLS, also to a proxy.
    pub secure: bool,
}

/// An answer that is being made. It has a box of its own: a request may wait for long, and takes no more than it needs then.
type Answering<'a> = Pin<Box<dyn Future<Output = Response> + 'a>>;

/// The handler of the requests for a resource.
pub enum Handler {
    Now(fn(&Site, &Request<Incoming>) -> Response),
    Later(for<'a> fn(Exchange<'a>) -> Answering<'a>),
    /// A resource of users with these rights.
    Asked(Rights, Serve),
    /// The connection becomes a WebSocket.
    Upgrade,
}

/// A row of the table.
pub struct Resource {
    paths: Paths,
    pub methods: &'static [Method],
    pub handler: Handler,
    /// The meter that counts a request of a run.
    pub way: Option<Way>,
    /// What the sentence of 404 says of it.
    summary: Option<&'static str>,
    /// No browser shows an answer as a page: it is closed as `response::seal` says.
    pub sealed: bool,
    /// A request names a host of this server, and uses TLS where it is spoken.
    pub guarded: bool,
    /// The handler has more to say of a method that the resource has not, or that nobody knows.
    pub judges_methods: bool,
    /// Files may have other paths with the same first segment.
    beside_files: bool,
}

impl Resource {
    const fn new(paths: Paths, methods: &'static [Method], handler: Handler) -> Self {
        Self {
            paths,
            methods,
            handler,
            way: None,
            summary: None,
            sealed: true,
            guarded: true,
            judges_methods: false,
            beside_files: false,
        }
    }

    const fn counted(self, way: Way) -> Self {
        Self { way: Some(way), ..self }
    }

    const fn summary(self, summary: &'static str) -> Self {
        Self { summary: Some(summary), ..self }
    }

    const fn page(self) -> Self {
        Self { sealed: false, ..self }
    }

    const fn for_every_host(self) -> Self {
        Self { guarded: false, ..self }
    }

    const fn beside_files(self) -> Self {
        Self { beside_files: true, ..self }
    }

    const fn judging_methods(self) -> Self {
        Self { judges_methods: true, ..self }
    }

    /// The value of the header Allow.
    pub fn allow(&self) -> String {
        allow(self.methods)
    }
}

/// A handler for users with these rights in a laboratory: a program without them has no such resource.
const fn lab(rights: Rights, serve: Serve) -> Handler {
    if cfg!(feature = "lab") { Asked(rights, serve) } else { Now(|_, _| nothing()) }
}

use Handler::{Asked, Later, Now, Upgrade};
use Paths::{AsUser, Below, Exactly, Item, Slash};
use Rights::{Administrator, AdministratorOrTicket, User, UserOrTicket};

/// All resources but those that depend on the folder of files.
#[rustfmt::skip]
static ROUTES: &[Resource] = &[
    Resource::new(Below(page::PATH), READ, Now(|_, request| page::answer(request))).page().summary("a page to begin with"),
    Resource::new(Exactly("/console"), READ, Now(|_, _| page::lead(page::PATH))),
    Resource::new(Slash(WEBSOCKET), &[Method::GET], Upgrade).page().counted(Way::WebSocket).summary("XMPP over WebSocket"),
    Resource::new(Slash(bosh::PATH), POST, Later(|Exchange { site, request, client, peer, secure }| {
        Box::pin(bosh::answer(site, *request, peer, secure, &client.waits))
    })).counted(Way::Bosh).summary("over BOSH"),
    Resource::new(Exactly(events::PATH), STREAM, Asked(UserOrTicket, events::open)).counted(Way::Sse),
    Resource::new(Below(finesse::PREFIX), &METHODS, Later(|Exchange { site, request, peer, secure, .. }| {
        Box::pin(finesse::answer(site, *request, (peer, secure), None))
    })).counted(Way::Poll).judging_methods(),
    Resource::new(AsUser(finesse::AS_USER), &METHODS, Later(as_user)).counted(Way::Poll).judging_methods(),
    Resource::new(Exactly(tickets::PATH), POST, Asked(User, tickets::make)),
    Resource::new(Exactly(publish::PATH), POST, Asked(User, publish::serve)),
    Resource::new(Exactly(status::PATH), &[Method::GET, Method::HEAD, Method::POST, Method::OPTIONS], Asked(Administrator, status::serve)),
    Resource::new(Exactly(calls::PATH), POST, Asked(Administrator, calls::place)),
    Resource::new(Item(calls::BELOW, "ID"), &[Method::DELETE, Method::OPTIONS], Asked(Administrator, calls::end)),
    Resource::new(Exactly(tasks::PATH), POST, Asked(Administrator, tasks::place)),
    Resource::new(Item(tasks::BELOW, "ID"), &[Method::DELETE, Method::OPTIONS], Asked(Administrator, tasks::end)),
    Resource::new(Exactly(contacts::PATH), &[Method::GET, Method::HEAD, Method::POST, Method::OPTIONS], Asked(Administrator, contacts::serve)),
    Resource::new(Item(contacts::BELOW, "ID"), &[Method::DELETE, Method::OPTIONS], Asked(Administrator, contacts::end)),
    Resource::new(Exactly(directory::PATH), READ, Asked(User, directory::serve)),
    Resource::new(Exactly(faults::PATH), &[Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS], lab(Administrator, faults::all)),
    Resource::new(Exactly(faults::KINDS), READ, lab(Administrator, faults::kinds)),
    Resource::new(Exactly(faults::ACTIVE), READ, lab(User, faults::active)),
    Resource::new(Exactly(faults::ROOT), READ, lab(Administrator, faults::authority)),
    Resource::new(Exactly(faults::INTERMEDIATE), READ, lab(Administrator, faults::authority)),
    Resource::new(Item(faults::BELOW, "NAME"), &[Method::PUT, Method::DELETE, Method::OPTIONS], lab(Administrator, faults::one)),
    Resource::new(Item(sessions::BELOW, "ID"), &[Method::POST, Method::DELETE, Method::OPTIONS], lab(Administrator, faults::end_session)),
    Resource::new(Exactly(record::PATH), &[Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS], lab(AdministratorOrTicket, record::serve)),
    Resource::new(Item(record::BELOW, "SESSION.har"), READ, lab(Administrator, record::export)),
    Resource::new(Exactly(conformance::PATH), &[Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS], lab(Administrator, conformance::serve)),
    Resource::new(Exactly(wait::PATH), STREAM, if cfg!(feature = "lab") { Later(wait_for) } else { Now(|_, _| nothing()) }),
    Resource::new(Exactly(clock::PATH), &[Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS], if cfg!(feature = "lab") { Later(clock_of) } else { Now(|_, _| nothing()) }),
    Resource::new(Exactly(reset::PATH), POST, lab(Administrator, reset::serve)),
    Resource::new(Exactly(scenario::PATH), &[Method::GET, Method::HEAD, Method::POST, Method::OPTIONS], lab(Administrator, scenario::serve)),
    Resource::new(Exactly(scenario::RECORDED), READ, lab(Administrator, scenario::recorded)),
    Resource::new(Exactly(snapshots::PATH), READ, lab(Administrator, snapshots::all)),
    Resource::new(Item(snapshots::BELOW, "NAME"), &[Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE, Method::OPTIONS], lab(Administrator, snapshots::one)),
    Resource::new(Exactly(users::PATH), &[Method::POST, Method::DELETE, Method::OPTIONS], lab(Administrator, users::many)),
    Resource::new(Item(groups::TEAM, "ID"), &[Method::PUT, Method::DELETE, Method::OPTIONS], lab(Administrator, groups::one)),
    Resource::new(Item(groups::QUEUE, "ID"), &[Method::PUT, Method::DELETE, Method::OPTIONS], lab(Administrator, groups::one)),
    Resource::new(Item(users::BELOW, "ID"), &[Method::PUT, Method::DELETE, Method::OPTIONS], lab(Administrator, users::one)),
    Resource::new(Exactly(meters::PATH), POST, Asked(User, meters::begin)),
    Resource::new(Item(meters::BELOW, "RUN"), READ, Asked(User, meters::figures)),
    Resource::new(Exactly(sessions::PATH), READ, Asked(Administrator, sessions::list)),
    Resource::new(Exactly(subscriptions::PATH), &[Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS], Asked(Administrator, subscriptions::serve)),
    Resource::new(Exactly(sessions::FRAMES), STREAM, Asked(AdministratorOrTicket, sessions::frames)),
    Resource::new(Below(desktop_api::PATH), READ, Later(|Exchange { site, request, peer, .. }| {
        Box::pin(desktop_api::answer(site, *request, peer))
    })).beside_files(),
    Resource::new(Exactly(sso::TOKEN), &[Method::GET, Method::HEAD, Method::POST, Method::OPTIONS],
        Later(|Exchange { site, request, peer, .. }| Box::pin(sso::token::answer(site, *request, peer)))).page().beside_files(),
    Resource::new(Exactly(sso::TEST), READ, Later(|Exchange { site, request, peer, secure, .. }| {
        Box::pin(sso::sso_test::answer(site, *request, peer, secure))
    })).page().beside_files(),
    Resource::new(Exactly(sso::identity::PATH), &[Method::GET, Method::HEAD, Method::POST, Method::OPTIONS],
        Later(|Exchange { site, request, peer, secure, .. }| {
            Box::pin(sso::identity::answer(site, *request, peer, secure))
        })).page(),
    // Finesse has it, callboard has not.
    Resource::new(Below("/finesse-dp/"), READ, Now(|_, _| {
        text(StatusCode::NOT_IMPLEMENTED, "callboard has no Diagnostic Portal.")
    })).beside_files(),
    Resource::new(Exactly(page::OPENAPI), READ, Now(|_, request| page::answer_document(request))),
    Resource::new(Exactly(page::ASYNCAPI), READ, Now(|_, request| page::answer_document(request))),
    Resource::new(Exactly(certificate::PATH), READ, Now(certificate::answer)),
    Resource::new(Exactly("/metrics"), READ, Now(|site, _| metrics::answer(site))),
    // A page tries from here whether the certificate is accepted.
    Resource::new(Exactly("/healthz"), READ, Now(|_, _| text(StatusCode::OK, "ok"))).page().for_every_host(),
];

/// The container of gadgets and the event tunnel. A file of such a path in the folder comes before them.
#[rustfmt::skip]
static APART: &[Resource] = if !cfg!(feature = "gadgets") { &[] } else { &[
    Resource::new(Below("/desktop/"), READ, Now(|_, request| page::answer_apart(request))).page().summary("gadgets"),
    Resource::new(Below("/tunnel/"), READ, Now(|_, request| page::answer_apart(request))).page().summary("the event tunnel"),
] };

/// The files of a folder. They are pages of their own.
static FILES: Resource = Resource::new(Below("/"), READ, Later(file)).page();

/// The start without such a folder.
static START: Resource = Resource::new(Exactly("/"), READ, Now(|_, _| page::lead(page::PATH)));

fn as_user(Exchange { site, request, peer, secure, .. }: Exchange<'_>) -> Answering<'_> {
    match finesse::as_user(request.uri().path()) {
        Some((id, _)) => Box::pin(finesse::answer(site, *request, (peer, secure), Some(id))),
        None => Box::pin(async { nothing() }),
    }
}

fn clock_of(Exchange { site, request, peer, .. }: Exchange<'_>) -> Answering<'_> {
    Box::pin(callboard::answer(site, *request, peer, clock::serve))
}

fn wait_for(Exchange { site, request, client, peer, .. }: Exchange<'_>) -> Answering<'_> {
    let serve = async move |site: &_, request| wait::serve(site, request, &client.waits).await;
    Box::pin(callboard::answer(site, *request, peer, serve))
}

fn file(Exchange { site, request, peer, .. }: Exchange<'_>) -> Answering<'_> {
    Box::pin(async move {
        match site.www.clone() {
            Some(www) => {
                let answer = files::answer(&site, &www, &request, peer).await;
                let is_apart =
                    answer.status() == StatusCode::NOT_FOUND && page::is_apart(request.uri().path());
                if is_apart { page::answer_apart(&request) } else { answer }
            }
            None => nothing(),
        }
    })
}

/// The resource at a path. `has_files`: the configuration names a folder of files.
pub fn find(path: &str, has_files: bool) -> Option<&'static Resource> {
    let resource = ROUTES.iter().find(|resource| resource.paths.has(path));
    resource.or_else(|| {
        if page::is_apart(path) {
            let apart = APART.iter().find(|resource| path.split('/').nth(1) == Some(resource.paths.first()));
            return if has_files { Some(&FILES) } else { apart };
        }
        let rest = if has_files { &FILES } else { &START };
        Some(rest).filter(|rest| rest.paths.has(path) && !is_reserved(path))
    })
}

/// Whether no file has such a path, because its first segment is that of a resource.
fn is_reserved(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    let mut reserving = ROUTES.iter().filter(|resource| !resource.beside_files);
    reserving.any(|resource| percent_decode_str(first).eq(resource.paths.first().bytes()))
}

/// Methods as a value of the header Allow (RFC 9110 §10.2.1).
pub fn allow(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

/// The answer where there is no resource: 404, with a place to look for each first segment.
pub fn nothing() -> Response {
    let mut known: Vec<(&str, String)> = Vec::new();
    let (page, others) = ROUTES.split_at(1);
    // What stands beside files has another resource at its first segment, or is not there.
    let others = others.iter().filter(|resource| !resource.beside_files);
    for Resource { paths, summary, .. } in page.iter().chain(APART).chain(others) {
        if known.iter().all(|(first, _)| *first != paths.first()) {
            let start = paths.start();
            let shown = match (summary, paths, start.rfind('/')) {
                (Some(summary), ..) => format!("{start} ({summary})"),
                (None, Exactly(_), Some(0)) => start.to_owned(),
                (None, AsUser(_), _) => "/callboard/api/…".to_owned(),
                (None, ..) => format!("{start}…"),
            };
            known.push((paths.first(), shown));
        }
    }
    let mut shown: Vec<_> = known.into_iter().map(|(_, shown)| shown).collect();
    let last = shown.pop().unwrap_or_default();
    text(StatusCode::NOT_FOUND, format!("Nothing here. callboard serves {} and {last}.", shown.join(", ")))
}

/// The rows of the manual's table of paths: the paths, and the methods beside HEAD and OPTIONS.
pub fn shown() -> impl Iterator<Item = (String, String)> {
    ROUTES.iter().chain(APART).filter(|resource| resource.paths.start() != "/console").map(|resource| {
        let methods =
            resource.methods.iter().filter(|method| ![Method::HEAD, Method::OPTIONS].contains(method));
        let methods: Vec<_> = methods.map(Method::as_str).collect();
        (resource.paths.shown(), methods.join(", "))
    })
}

/// The rows of the manual's table of Finesse's API.
pub fn shown_of_finesse() -> impl Iterator<Item = [String; 5]> {
    finesse::shown()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(path: &str, has_files: bool) -> Option<&'static str> {
        find(path, has_files).map(|resource| resource.paths.start())
    }

    #[test]
    fn a_path_has_its_resource() {
        for (path, found) in [
            ("/ws", "/ws/"),
            ("/ws/", "/ws/"),
            ("/http-bind", "/http-bind/"),
            ("/console", "/console"),
            ("/console/", "/console/"),
            ("/console/board", "/console/"),
            ("/finesse/api/", "/finesse/api/"),
            ("/callboard/api/calls", "/callboard/api/calls"),
            ("/callboard/api/calls/1", "/callboard/api/calls/"),
            ("/callboard/api/calls/1/2", "/callboard/api/calls/"),
            ("/callboard/api/meters/r", "/callboard/api/meters/"),
            ("/callboard/api/as/1001/finesse/api/User/1001", "/callboard/api/as/"),
            ("/callboard/api/as//finesse/api/", "/callboard/api/as/"),
        ] {
            assert_eq!(start(path, false), Some(found), "{path}");
            assert_eq!(start(path, true), Some(found), "{path}");
        }
    }

    #[test]
    fn files_have_the_paths_whose_first_segment_no_resource_has() {
        for path in ["/", "/index.html", "//ws", "/wss", "/eventsource.js"] {
            assert_eq!(start(path, true), Some("/"), "{path}");
            assert_eq!(start(path, false), Some("/").filter(|_| path == "/"), "{path}");
        }
        for path in [
            "",
            "*",
            "/ws/x",
            "/%77s",
            "/%77s/",
            "/events/",
            "/healthz/x",
            "/metrics/",
            "/finesse",
            "/finesse/x",
            "/callboard",
            "/callboard/api/calls/",
            "/callboard/api/meters/",
            "/callboard/api/as/1001/finesse/ap",
            // The id is no UTF-8.
            "/callboard/api/as/%ff/finesse/api/User/1",
        ] {
            assert_eq!(start(path, true), None, "{path}");
            assert_eq!(start(path, false), None, "{path}");
        }
    }

    #[test]
    fn the_container_and_the_tunnel_are_there_where_the_folder_has_no_such_file() {
        for (path, own) in [
            ("/desktop", "/desktop/"),
            ("/desktop/", "/desktop/"),
            ("/desktop/api", "/desktop/"),
            ("/desktop/assets/js/finesse.js", "/desktop/"),
            ("/tunnel/", "/tunnel/"),
        ] {
            assert_eq!(start(path, false), Some(own), "{path}");
            assert_eq!(start(path, true), Some("/"), "{path}");
        }
        assert_eq!(start("/desktops", false), None);
    }

    #[test]
    fn no_row_hides_another() {
        for (nth, resource) in ROUTES.iter().enumerate() {
            let path = match resource.paths {
                Item(start, name) => format!("{start}{name}"),
                AsUser(start) => format!("{start}1001{}User", finesse::PREFIX),
                paths => paths.start().to_owned(),
            };
            let found = ROUTES.iter().position(|other| other.paths.has(&path));
            assert_eq!(found, Some(nth), "{path}");
        }
    }

    #[test]
    fn the_answer_404_names_a_place_for_each_first_segment() {
        let crate::http::response::Body::Whole(body) = nothing().into_body() else {
            panic!("a sentence is whole");
        };
        let body = smol::block_on(http_body_util::BodyExt::collect(body)).expect("it is there").to_bytes();
        let expected = "Nothing here. callboard serves /console/ (a page to begin with), /desktop/ (gadgets), /tunnel/ (the event \
                        tunnel), /ws/ (XMPP over WebSocket), \
                        /http-bind/ (over BOSH), /events, /finesse/api/…, /callboard/api/…, /metrics and /healthz.\n";
        assert_eq!(String::from_utf8_lossy(&body), expected);
    }
}
