//! PLAIN messages, and what of a login is shown.

use super::*;
use crate::config::scram::Hash;
use crate::prepare;

fn read_auth(content: &str, domain: &str) -> Result<Said, Failure> {
    let text = format!("<auth xmlns='{}' mechanism='PLAIN'>{content}</auth>", ns::SASL);
    auth(roxmltree::Document::parse(&text).unwrap().root_element(), &[Mechanism::Plain], domain)
}

fn read(content: &str) -> Result<Plain, Failure> {
    match read_auth(content, "localhost")? {
        Said::Plain(plain) => Ok(plain),
        other => panic!("{other:?} was read"),
    }
}

fn read_plain(message: &str) -> Result<Plain, Failure> {
    read(&STANDARD.encode(message))
}

#[test]
fn the_seeds_message_is_read() {
    let content = "YWRtaW5pc3RyYXRvckB1Y2N4cHViLnByYWJoYXQuY29tAGFkbWluaXN0cmF0b3IAMTIzNA==";
    let plain = Plain { user: "administrator".into(), password: "1234".into() };
    assert_eq!(read_auth(content, "uccxpub.prabhat.com"), Ok(Said::Plain(plain)));
}

#[test]
fn the_authzid_may_be_empty_or_ones_own() {
    for message in
        ["\x001001\0x", "1001\x001001\0x", "1001@localhost\x001001\0x", "1001@LOCALHOST\x001001\0x"]
    {
        assert_eq!(read_plain(message).unwrap().user, "1001", "{message:?}");
    }
    for message in [
        "1002\x001001\0x",
        "1002@localhost\x001001\0x",
        "1001@elsewhere\x001001\0x",
        "1001@localhost/r\x001001\0x",
    ] {
        assert_eq!(read_plain(message), Err(Failure::InvalidAuthzid), "{message:?}");
    }
}

#[test]
fn the_authcid_may_be_ones_own_address() {
    for message in [
        "\x001001@localhost\0x",
        "\x001001@LocalHost.\0x",
        "1001\x001001@localhost\0x",
        "1001@localhost\x001001@localhost\0x",
    ] {
        assert_eq!(read_plain(message).unwrap().user, "1001", "{message:?}");
    }
    for message in [
        "\x001001@elsewhere\0x",
        "\x001001@localhost/r\0x",
        "\0@localhost\0x",
        "\x001001@localhost@localhost\0x",
        "1001@elsewhere\x001001@elsewhere\0x",
    ] {
        assert_eq!(read_plain(message), Err(Failure::NotAuthorized), "{message:?}");
    }
}

#[test]
fn a_name_costs_no_more_than_a_part_of_an_address() {
    let costly = "\u{fdfa}".repeat(1000);
    for name in [costly.as_str(), &format!("{costly}@localhost"), &costly.repeat(4)] {
        let message = format!("{name}\0{name}\0x");
        let work = prepare::work::of(|| assert!(read_plain(&message).is_err()));
        assert!(work < 1200, "{work}");
    }
    let many = "\0".repeat(6000);
    assert_eq!(read_plain(&many), Err(Failure::MalformedRequest));
}

#[test]
fn what_is_not_plain_is_told_apart() {
    assert_eq!(read("!!!"), Err(Failure::IncorrectEncoding));
    assert_eq!(read("AAA"), Err(Failure::IncorrectEncoding));
    assert_eq!(read_auth("", "localhost"), Ok(Said::Nothing(Mechanism::Plain)));
    for content in ["=", "MTAwMQ=="] {
        assert_eq!(read(content), Err(Failure::MalformedRequest), "{content}");
    }
    for message in ["\0\0x", "\x001001\0", "\x001001\0x\0y"] {
        assert_eq!(read_plain(message), Err(Failure::MalformedRequest), "{message:?}");
    }
    assert_eq!(read(&STANDARD.encode(b"\0\xff\0x")), Err(Failure::MalformedRequest));
    let text = format!("<auth xmlns='{}' mechanism='SCRAM-SHA-1'>biws</auth>", ns::SASL);
    let document = roxmltree::Document::parse(&text).unwrap();
    for (offered, failure) in [
        (Mechanism::Plain, Failure::InvalidMechanism),
        (Mechanism::Scram(Hash::Sha256), Failure::InvalidMechanism),
        (Mechanism::Scram(Hash::Sha1), Failure::MalformedRequest),
    ] {
        assert_eq!(auth(document.root_element(), &[offered], "localhost"), Err(failure));
    }
}

#[test]
fn of_a_login_all_is_shown_but_the_password() {
    let plain = |authzid: &str, authcid: &str| STANDARD.encode(format!("{authzid}\0{authcid}\0geheim"));
    let (some, both) = (plain("", "1001"), plain("1001@localhost", "a<b"));
    let sasl = ns::SASL;
    let auth = |mechanism: &str, content: &str| {
        format!("<auth xmlns='{sasl}' mechanism='{mechanism}'>{content}</auth>")
    };
    let shown = |element: &str, attributes: &str| {
        format!("<{element} xmlns=\"{sasl}\"{attributes} masked=\"true\"/>")
    };
    let one = shown("auth", " mechanism=\"PLAIN\" authzid=\"\" authcid=\"1001\"");
    let without = shown("auth", " mechanism=\"PLAIN\"");
    for (frame, expected) in [
        (auth("PLAIN", &some), one.clone()),
        (
            auth("PLAIN", &both),
            shown("auth", " mechanism=\"PLAIN\" authzid=\"1001@localhost\" authcid=\"a&lt;b\""),
        ),
        (
            format!("<a:response xmlns:a='{sasl}'>{some}</a:response>"),
            shown("response", " authzid=\"\" authcid=\"1001\""),
        ),
        (
            format!("<body rid='1' sid='2'>{}</body>", auth("PLAIN", &some)),
            format!("<body rid='1' sid='2'>{one}</body>"),
        ),
        (auth("PLAIN", ""), without.clone()),
        // Names and a password that are in other places than they should be.
        (auth("PLAIN", &STANDARD.encode("1001\0geheim")), without.clone()),
        (auth("PLAIN", &STANDARD.encode("1001\0geheim\0")), without.clone()),
        (auth("PLAIN", &STANDARD.encode("1001\0a\0geheim\0")), without.clone()),
        (auth("PLAIN", "geheim"), without.clone()),
        (auth("PLAIN", &STANDARD.encode(b"\0\xff\0geheim")), without),
        (auth("SCRAM-SHA-1", &some), shown("auth", " mechanism=\"SCRAM-SHA-1\"")),
        (
            auth("SCRAM-SHA-256", &STANDARD.encode("n,a=a=3Db,n=1001,r=geheim")),
            shown("auth", " mechanism=\"SCRAM-SHA-256\" authzid=\"a=b\" authcid=\"1001\""),
        ),
        (
            auth("SCRAM-SHA-256", &STANDARD.encode("n,,r=geheim")),
            shown("auth", " mechanism=\"SCRAM-SHA-256\""),
        ),
        (
            format!("<response xmlns='{sasl}'>{}</response>", STANDARD.encode("c=biws,r=geheim,p=geheim")),
            shown("response", ""),
        ),
        (auth("GEHEIM", &some), shown("auth", "")),
    ] {
        for logged_in in [false, true] {
            assert_eq!(masked(&frame, logged_in), expected, "{frame}");
        }
    }
    let elsewhere = format!("<body x='{some}'>{}</body>", auth("PLAIN", &some));
    assert_eq!(masked(&elsewhere, false), "<body masked='true'/>");
    let more = format!("<body rid='1'>{}<iq/></body>", auth("PLAIN", &some));
    assert_eq!(masked(&more, true), "<body masked='true'/>");
    let long = masked(&auth("PLAIN", &plain("", &"n".repeat(1000))), false).into_owned();
    assert!(long.contains(&"n".repeat(NAME_MAX)) && !long.contains(&"n".repeat(NAME_MAX + 1)), "{long}");
}

#[test]
fn a_log_never_shows_the_password() {
    let secret = STANDARD.encode("\x001001\0geheim");
    let auth = format!("<auth xmlns='{}' mechanism='PLAIN'>{secret}</auth>", ns::SASL);
    for (frame, logged_in) in [
        (auth.as_str(), false),
        (auth.as_str(), true),
        (&format!("<s_1:auth xmlns:s_1='{}'>{secret}</s_1:auth>", ns::SASL), true),
        (&format!("<?xml version='1.0'?>{auth}"), true),
        (&format!(" <s:auth xmlns:s='urn&#58;sasl'><a/>{secret}"), true),
        (&format!("<auth response='{secret}'/>"), false),
        (&format!("<x response='{secret}'/>"), false),
        (&format!("<open/>{secret}<close/>"), false),
        (&secret, false),
        ("", true),
        ("geheim\n", false),
        (&format!("<body rid='1'>{auth}</body>"), false),
        (&format!("<body rid='1'><iq/>{auth}</body>"), true),
        (&format!("<b:body xmlns:b='u'><s_1:response\n>{secret}</s_1:response></b:body>"), true),
        (&format!("<body><auth/ x='{secret}'>"), true),
        ("<iq type='set'><query xmlns='jabber:iq:register'><password>geheim</password></query></iq>", true),
        ("<body rid='1'><iq><q:password xmlns:q='u'>geheim</q:password></iq></body>", true),
    ] {
        let shown = masked(frame, logged_in);
        assert!(!shown.contains(&secret) && !shown.contains("geheim"), "{shown}");
    }
    for (frame, logged_in) in [
        ("<open to='localhost'/>", false),
        ("<stream:stream to='localhost' version='1.0'>", false),
        ("<iq><q/></iq>", true),
        ("<body rid='1'/>", false),
        ("<body rid='1'><iq id='auth'/></body>", true),
        ("<a xmlns='urn:xmpp:sm:3' h='7'/>", true),
        ("<r xmlns='urn:xmpp:sm:3'></r>", true),
    ] {
        assert_eq!(masked(frame, logged_in), frame);
    }
    assert!(!format!("{:?}", read_plain("\x001001\0geheim")).contains("geheim"));
}

#[test]
fn answers_are_shown_without_the_messages_of_scram() {
    let sasl = ns::SASL;
    for name in ["challenge", "success"] {
        let whole = element(name, Some("r=geheim"));
        let masked = format!("<{name} xmlns=\"{sasl}\" masked=\"true\"/>");
        assert_eq!(masked_answer(&whole), masked);
        assert_eq!(
            masked_answer(&format!("<body a='b'>{whole}<x/></body>")),
            format!("<body a='b'>{masked}<x/></body>")
        );
        let empty = element(name, None);
        assert_eq!(masked_answer(&empty), empty);
        let quoted = format!("<message><body/>{whole}</message>");
        assert_eq!(masked_answer(&quoted), quoted, "an event may have what it likes");
    }
}
