//! A stream from outside: frames in, steps and errors out.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::prepare;
use crate::xmpp::stanza::is;

fn step(stream: &mut Stream, text: &str) -> Result<Step, StreamError> {
    let document = roxmltree::Document::parse(text).unwrap();
    stream.receive(document.root_element(), &Domain::new("localhost", Some(Vec::new())), &Mechanism::ALL)
}

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const AUTH: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAeA==</auth>";
const IQ: &str = "<iq xmlns='jabber:client'/>";

#[test]
fn a_login_goes_through_every_state() {
    let mut stream = Stream::default();
    assert!(matches!(step(&mut stream, OPEN), Ok(Step::Open)));
    assert!(matches!(step(&mut stream, AUTH), Ok(Step::Login(_))));
    assert_eq!(stream.state(), State::Checking);
    stream.accept();
    assert!(matches!(step(&mut stream, OPEN), Ok(Step::Open)));
    assert!(matches!(step(&mut stream, IQ), Ok(Step::Stanza(Kind::Iq))));
    assert!(matches!(step(&mut stream, CLOSE), Ok(Step::Close)));
}

#[test]
fn a_client_that_says_nothing_is_asked_once() {
    let empty = AUTH.replace("ADEwMDEAeA==", "");
    let response = "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>ADEwMDEAeA==</response>";
    let asked = || {
        let mut stream = Stream::default();
        step(&mut stream, OPEN).unwrap();
        assert!(matches!(step(&mut stream, &empty), Ok(Step::Challenge)));
        stream
    };
    assert!(matches!(step(&mut asked(), response), Ok(Step::Login(_))));
    for (next, failure) in [
        (response.replace("ADEwMDEAeA==", "="), Failure::MalformedRequest),
        (response.replace("response", "abort"), Failure::Aborted),
        (empty.clone(), Failure::MalformedRequest),
        (AUTH.to_owned(), Failure::MalformedRequest),
        (response.replace("ADEwMDEAeA==", "!"), Failure::IncorrectEncoding),
    ] {
        let mut stream = asked();
        assert!(matches!(step(&mut stream, &next), Ok(Step::Refuse(found)) if found == failure), "{next}");
        assert!(!stream.refuse(3));
        assert!(matches!(step(&mut stream, AUTH), Ok(Step::Login(_))), "{next}");
    }
    assert_eq!(step(&mut asked(), IQ).unwrap_err(), StreamError::NOT_AUTHORIZED);
}

#[test]
fn scram_has_two_messages_and_nothing_may_come_between_them() {
    let sasl = |element: &str, data: &str| {
        let (name, _) = element.split_once(' ').unwrap_or((element, ""));
        format!("<{element} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}</{name}>", STANDARD.encode(data))
    };
    let (auth, first) = ("auth mechanism='SCRAM-SHA-1'", "n,,n=1001,r=abc");
    let last = format!("c=biws,r=abcdef,p={}", STANDARD.encode([7; 20]));
    let asked = |by: &[String]| {
        let mut stream = Stream::default();
        step(&mut stream, OPEN).unwrap();
        for text in &by[..by.len() - 1] {
            assert!(matches!(step(&mut stream, text), Ok(Step::Challenge)));
        }
        let Ok(Step::Ask(first)) = step(&mut stream, &by[by.len() - 1]) else { panic!("{by:?}") };
        assert_eq!((stream.state(), &*first.user), (State::Checking, "1001"));
        let challenge = stream.ask(first.ask("def", b"salt", NonZeroU32::MIN));
        assert!(challenge.contains(&STANDARD.encode("r=abcdef,s=c2FsdA==,i=1")), "{challenge}");
        assert_eq!(stream.state(), State::Challenged);
        stream
    };
    for by in [vec![sasl(auth, first)], vec![sasl(auth, ""), sasl("response", first)]] {
        let mut stream = asked(&by);
        let Ok(Step::Prove(user, proof)) = step(&mut stream, &sasl("response", &last)) else {
            panic!("{by:?}")
        };
        assert_eq!((&*user, stream.state()), ("1001", State::Checking));
        assert!(proof.message.starts_with("n=1001,r=abc,r=abcdef,s=c2FsdA==,i=1,c=biws"));
        proof.answer.set("own".to_owned()).unwrap();
        assert!(stream.accept().contains(&STANDARD.encode("v=own")));
        assert_eq!(stream.state(), State::LoggedIn);
        for (next, failure) in [
            (sasl(auth, first), Failure::MalformedRequest),
            (AUTH.to_owned(), Failure::MalformedRequest),
            (sasl("response", &last.replace("abcdef", "abcde")), Failure::MalformedRequest),
            (sasl("response", ""), Failure::MalformedRequest),
            (sasl("response", "").replace("></", ">=</"), Failure::MalformedRequest),
            (sasl("response", "").replace("></", ">!</"), Failure::IncorrectEncoding),
            (sasl("abort", ""), Failure::Aborted),
        ] {
            let mut stream = asked(&by);
            assert!(
                matches!(step(&mut stream, &next), Ok(Step::Refuse(found)) if found == failure),
                "{next}"
            );
            stream.refuse(3);
            // The challenge is no more.
            let late = step(&mut stream, &sasl("response", &last));
            assert!(matches!(late, Ok(Step::Refuse(Failure::MalformedRequest))), "{next}");
            stream.refuse(3);
            assert!(matches!(step(&mut stream, AUTH), Ok(Step::Login(_))), "{next}");
            assert_eq!(stream.accept(), "<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"/>");
        }
    }
}

#[test]
fn what_comes_too_early_ends_the_stream() {
    let mut stream = Stream::default();
    assert_eq!(step(&mut stream, IQ).unwrap_err().condition, "unsupported-stanza-type");
    step(&mut stream, OPEN).unwrap();
    assert_eq!(step(&mut stream, IQ).unwrap_err().condition, "not-authorized");
    assert_eq!(step(&mut stream, OPEN).unwrap_err().condition, "unsupported-stanza-type");
    assert_eq!(step(&mut Stream::default(), AUTH).unwrap_err().condition, "unsupported-stanza-type");
}

#[test]
fn an_open_names_domain_and_version() {
    for (open, condition) in [
        ("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>", "improper-addressing"),
        ("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='elsewhere' version='1.0'/>", "host-unknown"),
        (
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a@localhost' version='1.0'/>",
            "host-unknown",
        ),
        ("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost'/>", "unsupported-version"),
        (
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='0.9'/>",
            "unsupported-version",
        ),
        (
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost/r' version='1.0'/>",
            "host-unknown",
        ),
        ("<open to='localhost' version='1.0'/>", "invalid-namespace"),
        ("<close xmlns='jabber:client'/>", "invalid-namespace"),
        (
            "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' to='localhost'/>",
            "invalid-namespace",
        ),
    ] {
        assert_eq!(step(&mut Stream::default(), open).unwrap_err().condition, condition, "{open}");
    }
}

#[test]
fn an_open_costs_no_more_than_a_domain_can() {
    let costly = "\u{fdfa}".repeat(2600);
    for (to, most) in [
        (costly.clone(), 0),
        (format!("localhost/{costly}"), 0),
        (format!("{costly}@localhost"), 0),
        ("localhost".into(), 0),
        ("LocalHost.".into(), 9),
        (costly[..3000].into(), 1200),
    ] {
        let open = OPEN.replace("'localhost'", &format!("'{to}'"));
        let work = prepare::work::of(|| drop(step(&mut Stream::default(), &open)));
        assert!(work <= most, "{work}");
    }
}

#[test]
fn the_last_allowed_failure_is_told() {
    let mut stream = Stream::default();
    step(&mut stream, OPEN).unwrap();
    assert!(!stream.refuse(3));
    assert!(!stream.refuse(3));
    assert!(stream.refuse(3));
}

#[test]
fn frames_are_what_strophe_needs() {
    assert!(open("localhost", "x", None).starts_with("<open "));
    for state in [State::Opened, State::Ready] {
        let frame = Stream { state, ..Stream::default() }.features(&[Mechanism::Plain], "");
        let document = roxmltree::Document::parse(&frame).unwrap();
        assert!(is(document.root_element(), "features", ns::STREAM));
        assert!(document.descendants().all(|node| node.tag_name().name() != "sm"));
    }
    let document = StreamError::HOST_UNKNOWN.frame();
    assert!(roxmltree::Document::parse(&document).is_ok());
}

const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'/>";
const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

#[test]
fn a_header_declares_what_streams_have_and_nothing_else() {
    for (text, condition) in [
        (HEADER.replace(" xmlns=", " xmlns:a='u' xmlns="), "bad-namespace-prefix"),
        (
            HEADER.replace("stream:stream", "s:stream").replace("xmlns:stream", "xmlns:s"),
            "bad-namespace-prefix",
        ),
        (
            "<stream xmlns='http://etherx.jabber.org/streams' to='localhost' version='1.0'/>".to_owned(),
            "bad-namespace-prefix",
        ),
        (HEADER.replace("jabber:client", "jabber:server"), "invalid-namespace"),
        (HEADER.replace("etherx", "ether"), "bad-format"),
        (HEADER.replace("stream:stream", "stream:streams"), "bad-format"),
        (OPEN.to_owned(), "bad-format"),
        (IQ.to_owned(), "bad-format"),
        (AUTH.to_owned(), "bad-format"),
        (STARTTLS.to_owned(), "bad-format"),
        (HEADER.replace(" version='1.0'", ""), "unsupported-version"),
        (HEADER.replace("'1.0'", "'0.9'"), "unsupported-version"),
        (HEADER.replace(" to='localhost'", ""), "improper-addressing"),
        (HEADER.replace("'localhost'", "'elsewhere'"), "host-unknown"),
    ] {
        let mut stream = Stream::new(Form::Tcp(Tls::Done));
        assert_eq!(step(&mut stream, &text).unwrap_err().condition, condition, "{text}");
    }
    for text in [HEADER.to_owned(), HEADER.replace(" xmlns='jabber:client'", "")] {
        let mut stream = Stream::new(Form::Tcp(Tls::Done));
        assert!(matches!(step(&mut stream, &text), Ok(Step::Open)), "{text}");
        assert_eq!(step(&mut stream, &text).unwrap_err().condition, "unsupported-stanza-type");
    }
    assert_eq!(step(&mut Stream::default(), HEADER).unwrap_err().condition, "invalid-namespace");
}

#[test]
fn nobody_logs_in_without_tls_where_it_is_required() {
    let mut stream = Stream::new(Form::Tcp(Tls::Required));
    step(&mut stream, HEADER).unwrap();
    assert!(
        stream
            .features(&[Mechanism::Plain], "")
            .contains("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls><c ")
    );
    assert!(matches!(step(&mut stream, AUTH), Ok(Step::Refuse(Failure::EncryptionRequired))));
    assert!(matches!(step(&mut stream, STARTTLS), Ok(Step::StartTls)));
    assert_eq!(step(&mut stream, AUTH).unwrap_err().condition, "unsupported-stanza-type");
    stream.secure();
    step(&mut stream, HEADER).unwrap();
    assert!(!stream.features(&[Mechanism::Plain], "").contains("starttls"));
    assert_eq!(step(&mut stream, STARTTLS).unwrap_err().condition, "unsupported-stanza-type");
    assert!(matches!(step(&mut stream, AUTH), Ok(Step::Login(_))));
    let mut stream = Stream::new(Form::Tcp(Tls::Offered));
    step(&mut stream, HEADER).unwrap();
    let features = stream.features(&[Mechanism::Plain], "");
    assert!(features.contains("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms "));
    assert!(matches!(step(&mut stream, AUTH), Ok(Step::Login(_))));
    let mut stream = Stream::default();
    step(&mut stream, OPEN).unwrap();
    assert_eq!(step(&mut stream, STARTTLS).unwrap_err().condition, "unsupported-stanza-type");
}
