//! A PLAIN message says what its parts say, one of SCRAM is read as it is written, and no log shows what a stream would take for a login.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard::config::scram::{Hash, Mechanism};
use callboard::xml::escape;
use callboard::xmpp::jid::{Jid, prepare_local, prepare_login};
use callboard::xmpp::ns;
use callboard::xmpp::sasl::scram::First;
use callboard::xmpp::sasl::{self, Failure, Said};
use libfuzzer_sys::fuzz_target;
use roxmltree::Document;

fuzz_target!(|data: &[u8]| {
    match std::str::from_utf8(data) {
        Ok(text) if text.starts_with('<') => frame(text),
        Ok(text) if text.starts_with("n,") || text.starts_with("y,") => scram(text),
        _ => message(data),
    }
});

fn message(data: &[u8]) {
    let text = format!("<response xmlns='{}'>{}</response>", ns::SASL, STANDARD.encode(data));
    let document = Document::parse(&text).expect("base64 needs no escaping");
    let read = sasl::response(Mechanism::Plain, document.root_element(), "localhost");
    let parts: Vec<_> = data.split(|byte| *byte == 0).map(std::str::from_utf8).collect();
    let [Ok(authzid), Ok(authcid), Ok(password)] = parts[..] else {
        return assert_eq!(read, Err(Failure::MalformedRequest));
    };
    match read {
        Ok(Said::Plain(plain)) => {
            assert_eq!(plain.password, password);
            for name in [authzid, authcid].into_iter().filter(|name| !name.is_empty()) {
                let local = name.split_once('@').map_or(name, |(local, _)| local);
                assert_eq!(prepare_local(local).as_deref(), Ok(&*plain.user), "{name:?}");
                assert!(!name.contains('@') || Jid::parse(name).is_ok_and(|jid| jid.domain == "localhost"));
            }
        }
        Err(Failure::MalformedRequest) => assert!(authcid.is_empty() || password.is_empty()),
        Err(Failure::NotAuthorized) => assert!(prepare_login(authcid, "localhost").is_err()),
        Err(Failure::InvalidAuthzid) => assert!(!authzid.is_empty() && authzid != authcid),
        other => panic!("{other:?}"),
    }
}

/// A first message of SCRAM, and behind a line's end the last one.
fn scram(text: &str) {
    let (first, last) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(read) = First::read(Hash::Sha1, first.as_bytes(), "localhost") else { return };
    assert_eq!(prepare_local(&read.user).as_deref(), Ok(&*read.user), "a name that is prepared stays so");
    let exchange = read.ask("random", b"salt", std::num::NonZeroU32::MIN);
    let nonce = exchange.question().split(',').next().expect("it begins with the nonce");
    assert!(first.contains(nonce.strip_suffix("random").expect("it ends in that of the server")));
    let header = first.splitn(3, ',').take(2).map(|part| format!("{part},")).collect::<String>();
    let good = format!("c={},{nonce},p={}", STANDARD.encode(header), STANDARD.encode([7; 20]));
    let proof = exchange.finish(good.as_bytes()).expect("what was said is repeated");
    assert!(proof.message.ends_with(&format!("{},c={}", exchange.question(), &good[2..good.len() - 31])));
    if let Ok(proof) = exchange.finish(last.as_bytes()) {
        assert!(
            last.contains(nonce) && proof.proof.len() == 20 && proof.message.contains(exchange.question())
        );
    }
}

fn frame(text: &str) {
    let Ok(document) = Document::parse(text) else { return };
    let root = document.root_element();
    let envelope = root.tag_name().name() == "body";
    let logins = root.descendants().filter(|node| {
        node.tag_name().namespace() == Some(ns::SASL) && (node.parent_element() == Some(root)) == envelope
    });
    // A text that is short, or is part of the mask, stands there by chance.
    let is_secret = |text: &&str| text.len() >= 8 && !is_part(text);
    let secrets: Vec<_> = logins.filter_map(|login| login.text()).filter(is_secret).collect();
    for logged_in in [false, true] {
        let shown = sasl::masked(text, logged_in);
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{shown}");
        for (names, password) in secrets.iter().filter_map(|secret| parts(secret)) {
            // What was written as a name, too, is shown as a name; a cut name, its mask and the envelope have texts of their own.
            let is_name = names.contains(&password) || escape(&names).contains(&password);
            let is_elsewhere = is_name || text.contains(&password) || is_part(&password);
            assert!(is_elsewhere || !shown.contains(&password), "{shown}");
        }
    }
}

/// Whether a text is part of a mask.
fn is_part(text: &str) -> bool {
    const MASKS: &str = "<response xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" mechanism=\"SCRAM-SHA-256-PLUS\" authzid=\"\" authcid=\"\" masked=\"true\"/> \
                         <auth masked='true'/> <response masked='true'/> <body masked='true'/>";
    MASKS.contains(text)
}

/// The names of a PLAIN message, one behind the other, and its password, if that is long enough not to stand somewhere by chance.
fn parts(secret: &str) -> Option<(String, String)> {
    let data = String::from_utf8(STANDARD.decode(secret).ok()?).ok()?;
    let (names, password) = data.rsplit_once('\0')?;
    (password.len() >= 8).then(|| (names.to_owned(), password.to_owned()))
}
