//! `/callboard/openapi.yaml` and `/callboard/asyncapi.yaml` beside what is served.

use std::collections::{BTreeMap, BTreeSet};

use callboard::http::routes;

use crate::support::http::{Http, basic};
use crate::support::server::DEMO;
use crate::support::{Client, Server};

/// A document as a client without gzip gets it.
fn document(server: &Server, name: &str) -> String {
    let path = format!("/callboard/{name}.yaml");
    let answer = Http::connect(server.plain).ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!(answer.status(), 200, "{name}");
    assert!(answer.has_header("Content-Type", "application/yaml"), "{answer:?}");
    answer.body
}

/// The methods of each path of an OpenAPI document.
fn operations(document: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (_, paths) = document.split_once("\npaths:\n").expect("it has paths");
    let mut found = BTreeMap::new();
    let mut last = String::new();
    for line in paths.lines().take_while(|line| line.starts_with(' ')) {
        let name = line.trim_start().trim_end_matches(':');
        match line.len() - line.trim_start().len() {
            2 => {
                last = name.to_owned();
                assert!(found.insert(last.clone(), BTreeSet::new()).is_none(), "{last} stands there twice");
            }
            4 if ["get", "put", "post", "delete"].contains(&name) => {
                found.get_mut(&last).expect("a path comes first").insert(name.to_uppercase());
            }
            _ => {}
        }
    }
    found
}

/// A path with something for each parameter.
fn example(path: &str) -> String {
    let parts = path.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    parts.collect::<Vec<_>>().join("77")
}

/// The paths of a row of the manual with their ids as parameters.
fn templates(shown: &str) -> impl Iterator<Item = String> {
    shown.split('`').skip(1).step_by(2).map(|path| {
        let part = |part: &str| {
            let (name, end) =
                part.split_once('.').map_or((part, String::new()), |(name, end)| (name, format!(".{end}")));
            let is_id = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase());
            if is_id { format!("{{{}}}{end}", name.to_lowercase()) } else { part.to_owned() }
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    })
}

#[test]
fn the_openapi_document_has_each_operation_of_the_tables() {
    let server = Server::demo();
    let mut documented = operations(&document(&server, "openapi"));
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let of_streams = ["/ws", "/ws/", "/http-bind", "/http-bind/"];
    let own = routes::shown().flat_map(|(paths, methods)| {
        templates(&paths).map(move |path| (path, methods.clone())).collect::<Vec<_>>()
    });
    let of_finesse = routes::shown_of_finesse().flat_map(|[paths, methods, ..]| {
        templates(&paths)
            .map(move |path| (format!("/finesse/api/{path}"), methods.clone()))
            .collect::<Vec<_>>()
    });
    let own = own.filter(|(path, _)| !path.contains('…') && !of_streams.contains(&path.as_str()));
    for (path, methods) in own.chain(of_finesse) {
        let methods = methods.split(", ").filter(|method| !method.is_empty()).map(str::to_owned);
        expected.entry(path).or_default().extend(methods);
    }
    expected.retain(|_, methods| !methods.is_empty());
    assert!(documented.len() > 100);
    documented.retain(|path, methods| expected.get(path) != Some(methods));
    assert_eq!(documented, BTreeMap::new(), "the document has other operations than the tables");
    let missing: Vec<_> = {
        let documented = operations(&document(&server, "openapi"));
        expected.keys().filter(|path| !documented.contains_key(*path)).cloned().collect()
    };
    assert_eq!(missing, Vec::<String>::new(), "the document lacks paths of the tables");
}

#[test]
fn each_operation_of_the_openapi_document_is_served_and_no_other() {
    let of = |profile: &str, release: &str| {
        let config = DEMO
            .replace("profile = \"uccx\"", &format!("profile = \"{profile}\""))
            .replace("release = \"12.5\"", &format!("release = \"{release}\""));
        Server::serving("localhost", &config)
    };
    let servers = [of("uccx", "12.5"), of("ucce", "12.6")];
    for (path, documented) in operations(&document(&servers[0], "openapi")) {
        let mut served = BTreeSet::new();
        for server in &servers {
            let answer = Http::connect(server.plain).ask(format!(
                "OPTIONS {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
                example(&path),
                basic("administrator", "1234")
            ));
            let allow = answer.header("Allow").unwrap_or_default().to_owned();
            served.extend(
                allow
                    .split(", ")
                    .filter(|method| !["", "HEAD", "OPTIONS"].contains(method))
                    .map(str::to_owned),
            );
        }
        assert_eq!(documented, served, "{path}");
    }
}

#[test]
fn the_channels_of_the_asyncapi_document_are_the_nodes_of_the_server() {
    let server = Server::demo();
    let document = document(&server, "asyncapi");
    let addresses =
        document.lines().filter_map(|line| line.trim().strip_prefix("address: \"")?.strip_suffix('"'));
    let mut channels: BTreeSet<String> = addresses.map(str::to_owned).collect();
    assert!(channels.remove("{node}"), "nodes of the configuration have a channel");
    let answer = Client::online(&server, "administrator", "desktop")
        .get("pubsub.localhost", "<query xmlns='http://jabber.org/protocol/disco#items'/>");
    let listed = roxmltree::Document::parse(&answer.text).expect("an answer is XML");
    let nodes = listed.descendants().filter_map(|item| item.attribute("node"));
    let template = |node: &str| {
        let mut parts: Vec<&str> = node.split('/').collect();
        if ["User", "Team", "Queue"].contains(&parts.get(3).copied().unwrap_or_default()) {
            parts[4] = "{id}";
        }
        parts.join("/")
    };
    let nodes: BTreeSet<String> = nodes.filter(|node| node.starts_with("/finesse/")).map(template).collect();
    assert_eq!(channels, nodes);
}
