//! What public Finesse clients send that the RFCs do not allow, and Finesse understands.

use crate::support::bosh::{CREATE, RESTART, attribute, envelope};
use crate::support::client::{Session, Wire};
use crate::support::lab::Lab;
use crate::support::server::{DEMO, Folder};
use crate::support::{Bosh, Client, Server, ns};

/// A Go library never declares the namespace of a stanza (RFC 7395 §3.3.3 demands it).
#[test]
fn finding_gap_1_a_stanza_without_a_namespace_counts_as_one_of_jabber_client() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1002", "desktop");
    let mut client = Client::connect(&server);
    client.authenticate("1001");
    client.send(&format!(
        "<iq type=\"set\" id=\"1\"><bind xmlns=\"{}\"><resource>agent</resource></bind></iq>",
        ns::BIND
    ));
    client.expect(&format!(
        "<iq type='result' id='1' to='localhost/{{any}}' xmlns='jabber:client'><bind xmlns='{}'>\
         <jid>1001@localhost/agent</jid></bind></iq>",
        ns::BIND
    ));
    // What stands in it counts as such, too.
    client.send("<presence id='p'><priority>high</priority></presence>");
    let refused = client.text();
    assert!(refused.contains("<bad-request "), "{refused}");
    client.send("<presence><priority>5</priority></presence>");
    for _finesse in 0..2 {
        let available = client.text();
        assert!(available.starts_with("<presence from=\"finesse@localhost/"), "{available}");
    }
    client.expect(
        "<presence from='1001@localhost/agent' to='1001@localhost/agent' xmlns='jabber:client'><priority>5</priority></presence>",
    );
    client.send("<message to='1002@localhost'><body>a <b xmlns='urn:x'>b</b></body></message>");
    other.expect(
        "<message to='1002@localhost' from='1001@localhost/agent' xmlns='jabber:client'>\
         <body>a <b xmlns='urn:x'>b</b></body></message>",
    );
    // An answer repeats the question in the namespace that it counts as.
    client.send("<iq type='get' id='2' to='localhost'><a xmlns='urn:example'/></iq>");
    client.expect(&format!(
        "<iq type='error' id='2' from='localhost' to='1001@localhost/agent' xmlns='jabber:client'><a xmlns='urn:example'/>\
         <error code='503' type='cancel'><service-unavailable xmlns='{}'/></error></iq>",
        ns::STANZAS
    ));
}

/// The stanzas of such a library have the namespace of `<body/>` over BOSH.
#[test]
fn finding_gap_1_a_stanza_in_the_namespace_of_a_bosh_body_counts_as_one_of_jabber_client() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1002", "desktop");
    let mut client = Bosh::online(&server, "1001", "desktop");
    client.send("<message to='1002@localhost'><body>Good morning</body></message>");
    other.expect(
        "<message to='1002@localhost' from='1001@localhost/desktop' xmlns='jabber:client'><body>Good morning</body></message>",
    );
    client.send("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");
    client.expect("<iq type='result' id='1' to='1001@localhost/desktop' xmlns='jabber:client'/>");
}

/// A namespace that is there, and is another one, is no omission.
#[test]
fn a_stanza_of_another_namespace_ends_the_stream() {
    let server = Server::demo();
    for element in [
        "<iq type='get' id='1' xmlns='jabber:server'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='1' xmlns=''><ping xmlns='urn:xmpp:ping'/></iq>",
        "<x:iq type='get' id='1' xmlns:x='http://jabber.org/protocol/httpbind'><ping xmlns='urn:xmpp:ping'/></x:iq>",
        "<query/>",
    ] {
        println!("{element}");
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send(element);
        client.expect_stream_error("invalid-namespace", 1000);
    }
}

/// Clients that connect by an address put it into `from`. Nothing of it reaches anybody (RFC 6120 §8.1.2.1).
#[test]
fn finding_gap_10_whatever_a_client_says_it_is_its_stanzas_come_from_its_own_address() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1002", "desktop");
    let mut client = Client::bound(&server, "1001", "desktop");
    for from in [
        "1001@127.0.0.1/pidgin",
        "1002@localhost/desktop",
        "1002@localhost",
        "1001@localhost/phone",
        "administrator@localhost",
        "localhost",
        "pubsub.localhost",
        "finesse@localhost",
        "",
        "@",
    ] {
        println!("{from}");
        client.send(&format!(
            "<message to='1002@localhost' from='{from}' xmlns='jabber:client'><body>x</body></message>"
        ));
        other.expect(
            "<message to='1002@localhost' from='1001@localhost/desktop' xmlns='jabber:client'><body>x</body></message>",
        );
        client.send(&format!(
            "<iq type='get' id='1' from='{from}' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
        ));
        client.expect("<iq type='result' id='1' to='1001@localhost/desktop' xmlns='jabber:client'/>");
        client.send(&format!(
            "<iq type='set' id='2' from='{from}' to='pubsub.localhost' xmlns='jabber:client'><pubsub xmlns='{}'>\
             <subscribe node='/finesse/api/User/1002' jid='1002@localhost'/></pubsub></iq>",
            ns::PUBSUB
        ));
        let refused = client.text();
        assert!(refused.contains("<invalid-jid "), "{refused}");
    }
    other.expect_nothing_more();
}

/// What a client that knows a server by its address sends to it, twice. The answer says what the domain is, and the full JID.
fn goes_online_by<W: Wire>(client: &mut Session<W>, to: &str) {
    let open = format!("<open xmlns='{}' to='{to}' version='1.0'/>", ns::FRAMING);
    client.send(&open);
    client.expect_opened();
    client.send_plain("\x001001\x001001");
    client.expect_success();
    client.send(&open);
    client.expect_opened();
    client.bind("1001", "agent");
    client.become_available();
}

/// A Go library has the host of its connection in the JID of its user.
#[test]
fn finding_gap_10_a_stream_is_opened_to_every_host_that_leads_here() {
    let config = DEMO.replace("domain = \"localhost\"", "domain = \"cc.example.org\"");
    assert_ne!(config, DEMO);
    let config = format!("hosts = [\"board.example.org\"]\n{config}");
    let server = Server::serving("cc.example.org", &config);
    for to in ["cc.example.org", "127.0.0.1", "192.0.2.7", "[::1]", "localhost", "board.example.org"] {
        println!("{to}");
        let mut client = Client::connect(&server);
        goes_online_by(&mut client, to);
        client.leave();
    }
    for to in ["elsewhere.example", "pubsub.cc.example.org", "127.0.0.1:8445", "1001@127.0.0.1"] {
        println!("{to}");
        let mut client = Client::connect(&server);
        client.send(&format!("<open xmlns='{}' to='{to}' version='1.0'/>", ns::FRAMING));
        client.expect_open_and_stream_error("host-unknown", 1000);
    }
}

/// JabberWerx has the host that its user has typed, when the session begins and when the stream is opened again.
#[test]
fn finding_gap_10_a_bosh_session_begins_at_every_host_that_leads_here() {
    let server = Server::demo();
    let mut client = Bosh::new(&server, false);
    let created = client.create(&CREATE.replace("'localhost'", "'127.0.0.1'"));
    assert_eq!(attribute(&created, "from").as_deref(), Some("localhost"), "{created}");
    let auth = format!("<auth xmlns='{}' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>", ns::SASL);
    assert!(client.ask("", &auth).body.contains("<success "));
    let restarted = client.ask(&format!("to='127.0.0.1' {RESTART}"), "").body;
    assert!(restarted.contains("<bind "), "{restarted}");
    let bound = client
        .ask("", &format!("<iq type='set' id='1' xmlns='jabber:client'><bind xmlns='{}'/></iq>", ns::BIND));
    assert!(bound.body.contains("<jid>1001@localhost/"), "{bound:?}");

    let elsewhere = envelope(&CREATE.replace("'localhost'", "'elsewhere'"), "");
    Bosh::new(&server, false).post(&elsewhere).answer().expect_terminate("host-unknown");
}

/// The names of the certificate are hosts of the server: those of another certificate after it was exchanged.
#[test]
fn finding_gap_10_a_stream_is_opened_to_the_names_of_the_certificate() {
    let tls = Folder::new();
    let made = |name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate can be made");
        tls.write("cert.pem", &made.cert.pem());
        tls.write("key.pem", &made.signing_key.serialize_pem());
    };
    made("first.example.org");
    let folder = tls.path().display();
    let config = format!("{DEMO}\n[tls]\ncertificate = \"{folder}/cert.pem\"\nkey = \"{folder}/key.pem\"\n");
    let lab = Lab::with_log("info", &config);
    let opens = |to: &str| {
        let mut client = Client::connect(&lab.server);
        client.send(&format!("<open xmlns='{}' to='{to}' version='1.0'/>", ns::FRAMING));
        client.expect_open();
        client.text().starts_with("<stream:features ")
    };
    assert!(opens("first.example.org") && !opens("second.example.org"));
    made("second.example.org");
    lab.reload(&config);
    assert!(!opens("first.example.org") && opens("second.example.org"));
}

/// Openfire compares the domain of an address with its own, and no other host counts there: a stanza to one goes to nobody, and a
/// user of one is another user.
#[test]
fn a_host_that_leads_here_is_no_domain_of_an_address() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.open();
    for (message, condition) in [
        ("1001@127.0.0.1\x001001\x001001", "invalid-authzid"),
        ("\x001001@127.0.0.1\x001001", "not-authorized"),
    ] {
        client.send_plain(message);
        client.expect_failure(condition);
    }
    let mut client = Client::online(&server, "1001", "isi");
    let ping = "<ping xmlns='urn:xmpp:ping'/>";
    client.get("127.0.0.1", ping).is_error("404 cancel remote-server-not-found");
    client.get("pubsub.127.0.0.1", ping).is_error("404 cancel remote-server-not-found");
    client.get("1001@127.0.0.1", ping).is_error("404 cancel remote-server-not-found");
    let subscribe = format!(
        "<pubsub xmlns='{}'><subscribe node='/finesse/api/User/1001' jid='1001@127.0.0.1'/></pubsub>",
        ns::PUBSUB
    );
    client.set("pubsub.localhost", &subscribe).is_error("400 modify bad-request invalid-jid");
}
