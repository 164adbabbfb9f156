//! Streams in, pieces out, wherever the network cuts them.

use super::*;

const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";

/// The pieces of a stream that comes in two parts, as texts, and the error at their end.
fn split(splitter: &mut Splitter, stream: &[u8], at: usize) -> (Vec<String>, Option<XmlError>) {
    let mut found = Vec::new();
    for mut part in [&stream[..at], &stream[at..]] {
        loop {
            match splitter.next(&mut part) {
                Ok(Some(Piece::Header(text))) => found.push(format!("header {text}")),
                Ok(Some(Piece::Stanza(text))) => found.push(text.to_owned()),
                // How many there are depends on where the stream was cut.
                Ok(Some(Piece::Space)) => {}
                Ok(Some(Piece::End)) => found.push("end".to_owned()),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
        assert!(part.is_empty());
    }
    (found, None)
}

/// The same, cut at every byte.
fn pieces(stream: &str) -> (Vec<String>, Option<XmlError>) {
    let whole = split(&mut Splitter::new(10_000), stream.as_bytes(), stream.len());
    for at in 0..stream.len() {
        let parts = split(&mut Splitter::new(10_000), stream.as_bytes(), at);
        assert_eq!(parts, whole, "{stream} cut at {at}");
    }
    whole
}

fn header() -> String {
    format!("header {}/>", &HEADER[..HEADER.len() - 1])
}

#[test]
fn the_end_of_a_declaration_ends_nothing_in_a_value() {
    for declaration in ["", "<?xml version='1.0'?>"] {
        let stream = format!("{declaration}{}<presence/>", HEADER.replace("to=", "from='a?>' to="));
        let (found, error) = pieces(&stream);
        assert_eq!((&*found[1], error), ("<presence xmlns='jabber:client'/>", None));
    }
}

#[test]
fn a_stream_is_divided_at_every_byte_into_the_same_pieces() {
    let stanzas = [
        "<iq xmlns='jabber:client' type=\"get\" id='>'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<message xmlns='jabber:client'><body>&lt; \u{e9} ]]> <![CDATA[</message> ]] > ]>]]><![CDATA[]]></body><a><b/><c></c ></a></message>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAeA==</auth>",
        "<presence xmlns = 'jabber:client'\n/>",
    ];
    let stream = format!(
        "<?xml version='1.0'?>\n{HEADER}\n {}\r\n\t{}</stream:stream >",
        stanzas[0],
        stanzas[1..].concat()
    );
    let (found, error) = pieces(&stream);
    assert_eq!(error, None);
    assert_eq!(found[0], format!("header <?xml version='1.0'?>{}/>", &HEADER[..HEADER.len() - 1]));
    assert_eq!(found[1..5], stanzas);
    assert_eq!(found[5..], ["end"]);
}

#[test]
fn stanzas_have_the_namespaces_of_the_header() {
    for (stanza, expected) in [
        ("<iq/>", "<iq xmlns='jabber:client'/>"),
        ("<iq id='xmlns='>", "<iq id='xmlns=' xmlns='jabber:client'>"),
        ("<iq  ><ping xmlns='urn:xmpp:ping'/>", "<iq   xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/>"),
        ("<a:iq xmlns:a='jabber:client'>", "<a:iq xmlns:a='jabber:client' xmlns='jabber:client'>"),
        ("<iq xmlns=\"other\">", "<iq xmlns=\"other\">"),
        (
            "<stream:error>",
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>",
        ),
        ("<x xmlns:stream='other'><stream:y/>", "<x xmlns:stream='other' xmlns='jabber:client'><stream:y/>"),
    ] {
        let name = stanza[1..].split([' ', '>', '/']).next().unwrap_or_default();
        let end = if stanza == "<iq/>" { String::new() } else { format!("</{name}>") };
        let (found, error) = pieces(&format!("{HEADER}{stanza}{end}"));
        assert_eq!((found, error), (vec![header(), format!("{expected}{end}")], None));
    }
    // Without a default there is nothing to be inherited.
    let bare = HEADER.replace(" xmlns='jabber:client'", "");
    assert_eq!(pieces(&format!("{bare}<iq/>")).0[1], "<iq/>");
}

#[test]
fn a_stream_can_be_over_at_once_and_can_begin_again() {
    let empty = format!("{}/>", &HEADER[..HEADER.len() - 1]);
    assert_eq!(pieces(&format!("{empty} ")), (vec![header(), "end".to_owned()], None));
    // A second header is told, though its end will not come.
    assert_eq!(pieces(&format!("{HEADER}{HEADER}")), (vec![header(), header()], None));
    let mut splitter = Splitter::new(200);
    assert_eq!(split(&mut splitter, HEADER.as_bytes(), 0), (vec![header()], None));
    splitter.restart(300);
    let again = format!("<?xml version='1.0'?>{HEADER}<a>{}</a>", "x".repeat(210));
    let (found, error) = split(&mut splitter, again.as_bytes(), 7);
    assert_eq!((found.len(), error), (2, None));
}

#[test]
fn what_no_stream_of_xmpp_has_is_refused_where_it_stands() {
    let stanza = |text: &str| format!("{HEADER}<a>{text}");
    for (stream, expected) in [
        ("GET / HTTP/1.1".to_owned(), OUTSIDE),
        ("</stream:stream>".to_owned(), XmlError::NO_ELEMENT),
        ("<!DOCTYPE a>".to_owned(), XmlError::Restricted),
        ("<?xml version='1.0'?><?xml version='1.0'?>".to_owned(), XmlError::Restricted),
        (format!("{HEADER}<?xml version='1.0'?>"), XmlError::Restricted),
        (format!("{HEADER}<!-- a -->"), XmlError::Restricted),
        (format!("{HEADER}<![CDATA[ ]]>"), XmlError::Restricted),
        (format!("{HEADER}text"), OUTSIDE),
        (format!("{HEADER}&#32;"), OUTSIDE),
        (format!("{HEADER}</stream:streams>"), END),
        (format!("{HEADER}</iq>"), END),
        (format!("{HEADER}</stream:stream><iq/>"), BEHIND),
        (format!("{HEADER}</stream:stream>{HEADER}"), BEHIND),
        (stanza("<!-- a -->"), XmlError::Restricted),
        (stanza("<![CDAT[ ]]>"), XmlError::Restricted),
        (stanza("<?b?>"), XmlError::Restricted),
        (stanza("<!ENTITY"), XmlError::Restricted),
        (stanza("<b <c/>"), TAG),
        (stanza("<b c='<'/>"), TAG),
        (stanza("</b </a>"), TAG),
    ] {
        assert_eq!(pieces(&stream).1, Some(expected), "{stream}");
    }
    let mut broken = format!("{HEADER}<a>x</a>").into_bytes();
    let at = broken.len() - 5;
    broken[at] = 0xff;
    assert_eq!(split(&mut Splitter::new(1000), &broken, 0).1, Some(XmlError::Encoding));
}

/// Whatever it is that does not end, no more than the bound is kept of it.
#[test]
fn a_piece_that_is_too_long_is_refused_before_its_end() {
    for begin in ["<a", "<a b='", "<a>", "<a><![CDATA[", "<a></", "</", "<a>x</a><b>"] {
        let mut splitter = Splitter::new(200);
        assert_eq!(split(&mut splitter, HEADER.as_bytes(), 0).1, None);
        let (_, error) = split(&mut splitter, begin.as_bytes(), 0);
        assert_eq!(error, None);
        let long = "x".repeat(100_000);
        let mut input = long.as_bytes();
        assert_eq!(splitter.next(&mut input), Err(XmlError::TooMuch("message too large")), "{begin}");
        assert!(splitter.text.capacity() < 1000, "{}", splitter.text.capacity());
        // Byte by byte, too.
        let mut splitter = Splitter::new(200);
        assert_eq!(split(&mut splitter, HEADER.as_bytes(), 0).1, None);
        assert_eq!(split(&mut splitter, begin.as_bytes(), 0).1, None);
        let refused = (0..300).find(|_| splitter.next(&mut &b"x"[..]).is_err());
        assert!(refused.is_some_and(|nth| nth <= 200), "{begin}: {refused:?}");
    }
    // White space between stanzas is kept by nobody.
    let mut splitter = Splitter::new(200);
    let (found, error) = split(&mut splitter, format!("{HEADER}{}<a/>", " ".repeat(10_000)).as_bytes(), 500);
    assert_eq!((found.len(), error), (2, None));
}

#[test]
fn an_idle_stream_keeps_no_text() {
    let mut splitter = Splitter::new(8192);
    let stanza = format!("<a>{}</a>", "x".repeat(300));
    for text in [HEADER, &stanza, &format!("{stanza}{stanza}"), " "] {
        assert_eq!(split(&mut splitter, text.as_bytes(), 0).1, None);
        assert_eq!(splitter.next(&mut &b""[..]), Ok(None));
        assert_eq!(splitter.text.capacity(), 0, "{text}");
    }
}
