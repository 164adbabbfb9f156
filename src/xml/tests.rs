//! Reading, refusing and writing XML.

use crate::config::limits::Limits;
use crate::xml::scan::{Rules, scan};
use crate::xml::*;

fn bounds() -> Bounds {
    Bounds::of(&Limits::default())
}

fn refused(text: &str) -> XmlError {
    read(text, &bounds()).map(|_| ()).unwrap_err()
}

#[test]
fn one_element_is_read() {
    let text = "<iq a='1' b = \"x > y's &amp; &#x41;\"><![CDATA[<!-- & -->]]><q xmlns:p='u' p:z='/'/></iq>";
    let document = read(text, &bounds()).unwrap();
    assert_eq!(document.root_element().attribute("b"), Some("x > y's & A"));
    assert_eq!(text_content(document.root_element()), "<!-- & -->");
    assert!(read("<?xml version='1.0' encoding='UTF-8'?>\n<a/>", &bounds()).is_ok());
}

#[test]
fn what_rfc_6120_11_1_forbids_is_restricted() {
    for text in [
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<a>&b;</a>",
        "<a b='&c;'/>",
        "<a><!-- c --></a>",
        "<a><?b c?></a>",
        "<a>&a-rather-long-name-of-an-entity;</a>",
        "<?xml-stylesheet href='a'?><a/>",
        "<a/><?xml version='1.0'?>",
    ] {
        assert_eq!(refused(text), XmlError::Restricted, "{text}");
    }
}

#[test]
fn what_is_not_one_element_is_not_well_formed() {
    for text in [
        "",
        " ",
        "hello",
        " <a/>",
        "<a/><b/>",
        "<a/>b",
        "<a>",
        "<a></b>",
        "</a>",
        "<a b=c/>",
        "<a b='c/>",
        "<a b='<'/>",
        "<a b='1' b='2'/>",
        "<a>&</a>",
        "<a>& b;</a>",
        "<p:a/>",
        "<a",
        "<a <b/>",
        "<![CDATA[a",
        "<a>\u{1}</a>",
        "<a '",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a b='&#x110000;'/>",
        "<a>&#99999999999;</a>",
        "<a>&#x;</a>",
        "<a>a&b</a>",
        "<?xml version='1.0'",
    ] {
        assert!(matches!(read(text, &bounds()), Err(XmlError::NotWellFormed(_))), "{text}");
    }
}

/// Namespaces in XML 1.0: parsers with namespaces refuse these, so a client that received them would end its stream.
#[test]
fn what_breaks_the_rules_of_namespaces_is_not_well_formed() {
    for text in [
        "<x xmlns:a='' a:c='1'/>",
        "<x xmlns:a=''/>",
        "<x xmlns:xmlns='u'/>",
        "<x xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<x xmlns:xml='u'/>",
        "<x xmlns:b='http://www.w3.org/XML/1998/namespace'/>",
        "<x xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<x xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<x xmlns:b='http://www.w3.org/2000/xmlns/'/>",
        "<x xmlns:b='&#104;ttp://www.w3.org/2000/xmlns&#x2f;'/>",
        "<x><y xmlns:a=''/></x>",
        "<:x/>",
        "<x :a='1'/>",
        "<x xmlns:='u'/>",
        "<x:/>",
        "<x a:='1' xmlns:a='u'/>",
        "<a:x:y xmlns:a='u'/>",
        "<x a:b:c='1' xmlns:a='u'/>",
        "<x a::b='1' xmlns:a='u'/>",
        "<x b:xmlns='1' xmlns:b='u'/>",
        "<xmlns:x/>",
        "<xml:x/>",
        "<x xmlns:xml='http://www.w3.org/XML/1998/namespace'><xml:y/></x>",
        "<xmlns:x xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<x xmlns:a='u' xmlns:b='u' a:c='1' b:c='2'/>",
        "<x xmlns:a='u' xmlns:b='&#117;' a:c='1' b:c='2'/>",
        "<x xmlns:a='u' xmlns:a='v'/>",
        "<x xmlns='u' xmlns='u'/>",
        "<x a:c='1'/>",
        "<x><y xmlns:a='u'/><a:z/></x>",
        "<a:x xmlns:a='u' xmlns:b='u'></b:x>",
        "<x xmlns:1='u'/>",
        "<x xmlns:a='u' a:1='1'/>",
        "<a:1 xmlns:a='u'/>",
        "<1x/>",
        "<x -a='a'/>",
        "<\u{221}/>",
        "<x \u{10000}='1'/>",
        "<x xmlns='a b'/>",
        "<x xmlns:a=' '/>",
        "<x xmlns:a='&lt;'/>",
        "<x xmlns:a='::'/>",
        "<x xmlns:a='\u{e9}'/>",
    ] {
        assert!(matches!(read(text, &bounds()), Err(XmlError::NotWellFormed(_))), "{text}");
    }
    for text in [
        "<x xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'/>",
        "<x xmlns='u'><y xmlns=''><z xmlns='u'/></y></x>",
        "<x xmlns:a='u' xmlns:b='v' a:c='1' b:c='2' c='3'/>",
        "<x xmlns:a='u'><a:y xmlns:a='v' a:b='1'/></x>",
        "<xmlfoo xmlns:xmla='u' xmla:b=''/>",
        "<x xmlns='http://a.example/?b=1&amp;c=%41#d'/>",
        "<x.y-z_1 \u{e9}\u{300}='1'/>",
    ] {
        assert!(read(text, &bounds()).is_ok(), "{text}");
    }
}

/// XML 1.0 §2.2, §2.4, §3.1: each place where a character or a mark can be wrong.
#[test]
fn what_breaks_the_rules_of_xml_is_not_well_formed() {
    for text in [
        "<x>]]></x>",
        "<x a='&#1;'/>",
        "<x a='\u{1}'/>",
        "<x a='\u{fffe}'/>",
        "<x>\u{ffff}</x>",
        "<x><![CDATA[\u{ffff}]]></x>",
        "<x><![CDATA[\u{8}]]></x>",
        "<x a='1'b='2'/>",
        "<x/ >",
        "< x/>",
        "<x a='1' / >",
        "<x></ x>",
        "<x></x a='1'>",
        // Fuzzing found what the reader makes of the first of these.
        "<x></:x>",
        "<x></x:>",
        "<x></x:x>",
        "<a:x xmlns:a='u'></x>",
        "<a:x xmlns:a='u'></a:x:>",
        "<x></x/>",
        "<x></x\u{b7}>",
        "<x></>",
        "<x a/>",
        "<x a = />",
        "<x>&#x41</x>",
        "<x>&#X41;</x>",
        "<x>&#+65;</x>",
        "<x a='&#x+41;'/>",
        "<x/>&#65;",
        "<x/><![CDATA[]]>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><x/>",
        "<?xml version='1.0' foo='1'?><x/>",
        "<?xml version='1.0'?>text<x/>",
        "<?xml?><x/>",
        "<?xml encoding='UTF-8'?><x/>",
        "<?xml version='10.'?><x/>",
        "<?xml version='1.1'?><x/>",
        "<?xml version='2.0'?><x/>",
    ] {
        assert!(matches!(refused(text), XmlError::NotWellFormed(_) | XmlError::Restricted), "{text}");
    }
    for text in ["<x>\u{7f}\u{85}\u{1ffff}\t</x >", "<x\ta = '1'\r\nb\n=\"2\" />"] {
        assert!(read(text, &bounds()).is_ok(), "{text}");
    }
}

#[test]
fn another_encoding_is_told_from_other_mistakes() {
    for (encoding, good) in [
        ("encoding='UTF-8'", true),
        ("encoding = \"utf-8\"", true),
        ("encoding='US-ASCII' standalone='yes'", true),
        ("encoding='ISO-8859-1'", false),
        ("encoding='utf-16'", false),
        ("encoding='UTF-8859'", false),
    ] {
        let text = format!("<?xml version='1.0' {encoding} ?><x/>");
        for read in [read, read_document] {
            let error = read(&text, &bounds()).err();
            assert_eq!(error, (!good).then_some(XmlError::Encoding), "{text}");
        }
    }
}

#[test]
fn a_document_may_have_what_a_stanza_may_not() {
    for text in [
        "\u{feff}<x>1</x>",
        "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\r\n<x>1</x>\r\n",
        " \n<?xml version='1.0'?><x>1</x>",
        "<!-- a --><x><!-- <b> & --><?c d?>1<!----></x><?e?><!-- -->",
        "<?xml-stylesheet href='a'?><x>1</x>",
        "<x xmlns:a='a b'>1</x>",
        "<?xml version='1.1'?><x>1</x>",
    ] {
        let document = read_document(text, &bounds()).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(text_content(document.root_element()), "1", "{text}");
        assert!(read(text, &bounds()).is_err(), "{text}");
    }
    for (text, error) in [
        ("<!DOCTYPE x><x/>", XmlError::Restricted),
        ("<!-- --><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", XmlError::Restricted),
        ("<x>&nbsp;</x>", XmlError::Restricted),
        ("<x/>\u{feff}", XmlError::NO_ELEMENT),
        ("\u{feff}\u{feff}<x/>", XmlError::NO_ELEMENT),
        ("<x><!-- a -- b --></x>", XmlError::NO_ELEMENT),
        ("<x><!-- a</x>", XmlError::NO_ELEMENT),
        ("<x><?xml version='1.0'?></x>", XmlError::NO_ELEMENT),
        ("<!-- a -->", XmlError::NO_ELEMENT),
        ("<?xml version='1.'?><x/>", XmlError::NotWellFormed("The version of XML is 1.0.")),
        ("<x/><!-- a --><x/>", XmlError::NO_ELEMENT),
    ] {
        assert_eq!(read_document(text, &bounds()).err(), Some(error), "{text}");
    }
    let comments = |count| format!("<x>{}</x>", "a<!-- --><?b?>".repeat(count));
    let bounds = Bounds { elements: 21, ..bounds() };
    assert!(read_document(&comments(10), &bounds).is_ok());
    assert_eq!(read_document(&comments(11), &bounds).err(), Some(XmlError::TooMuch("too many elements")));
}

#[test]
fn each_bound_holds_at_its_value() {
    let bounds = Bounds { bytes: 400, elements: 3, depth: 2, attributes: 2, prefixes: 2 };
    for (fits, over) in [
        ("<a><b/><b/></a>", "<a><b/><b/><b/></a>"),
        ("<a><b><c/></b></a>", "<a><b><c></c></b></a>"),
        ("<a b='' c=''/>", "<a b='' c='' d=''/>"),
        ("<a xmlns:b='u' xmlns:c='u'/>", "<a xmlns:b='u' xmlns:c='u'><d xmlns:e='u'/></a>"),
        (&format!("<a>{}</a>", "x".repeat(393)), &format!("<a>{}</a>", "x".repeat(394))),
    ] {
        assert!(read(fits, &bounds).is_ok(), "{fits}");
        assert!(matches!(read(over, &bounds), Err(XmlError::TooMuch(_))), "{over}");
    }
}

/// The shapes that cost the tree reader seconds: they must end in the scan. Whatever the scan lets pass has at
/// most 16 prefixes in scope, with which the reader's work is linear.
#[test]
fn hostile_shapes_never_reach_the_tree_reader() {
    let nested: String = (0..3000).map(|i| format!("<a xmlns:p{i}='u'>")).collect();
    let within_depth: String = (0..28)
        .map(|level| {
            let prefixes: String = (0..63).map(|i| format!(" xmlns:p{level}x{i}='u'")).collect();
            format!("<a{prefixes}>")
        })
        .collect();
    let attributes: String = (0..8000).map(|i| format!(" a{i}=''")).collect();
    for text in [nested, within_depth, format!("<a{attributes}/>")] {
        let bounds = Bounds { bytes: usize::MAX, ..bounds() };
        assert!(matches!(scan(Rules::Stanza, &text, &bounds), Err(XmlError::TooMuch(_))));
    }
    let spread: String = (0..900).map(|i| format!("<b xmlns:q{i}='u'/>")).collect();
    assert!(matches!(scan(Rules::Stanza, &format!("<a>{spread}</a>"), &bounds()), Err(XmlError::TooMuch(_))));
}

#[test]
fn a_node_keeps_its_meaning_in_another_place() {
    let text = "<iq xmlns='c' xmlns:p='u'><p:a p:b='1' xml:lang='en' c='&lt;\"'>x<d xmlns='v'>&amp;<p:e/></d></p:a></iq>";
    let document = read(text, &bounds()).unwrap();
    let node = document.root_element().first_element_child().unwrap();
    let mut out = String::new();
    write_node(&mut out, node, Some("elsewhere"), 1000).unwrap();
    assert_eq!(
        out,
        "<a xmlns=\"u\" xmlns:ns0=\"u\" ns0:b=\"1\" xml:lang=\"en\" c=\"&lt;&quot;\">x<d xmlns=\"v\">&amp;<e xmlns=\"u\"/></d></a>"
    );
    assert_eq!(read(&out, &bounds()).unwrap().root_element().tag_name(), node.tag_name());
}

/// Whatever its namespace is called, even if it has none.
#[test]
fn an_element_keeps_its_namespace_wherever_it_is_put() {
    for (text, outer, expected) in [
        ("<a xmlns='u'><b xmlns:p='v' p:c='1'/></a>", Some("u"), "<a><b xmlns:ns0=\"v\" ns0:c=\"1\"/></a>"),
        ("<a xmlns='*'><b xmlns=''/></a>", None, "<a xmlns=\"*\"><b xmlns=\"\"/></a>"),
        ("<a/>", Some("u"), "<a xmlns=\"\"/>"),
        ("<a/>", None, "<a xmlns=\"\"/>"),
        ("<a><![CDATA[]]]]><![CDATA[>]]></a>", Some(""), "<a>]]&gt;</a>"),
    ] {
        let document = read(text, &bounds()).unwrap();
        let mut out = String::new();
        write_node(&mut out, document.root_element(), outer, 1000).unwrap();
        assert_eq!(out, expected, "{text}");
    }
}

#[test]
fn a_text_that_grows_when_it_is_written_again_is_given_up() {
    let uri = "u".repeat(30_000);
    let siblings = "<p:a/>".repeat(1000);
    let attributes = (0..60).map(|i| format!(" p:a{i}=''")).collect::<String>();
    for (content, limit, fits) in [
        (siblings.as_str(), 100_000, false),
        ("<p:a/><p:a/>", 100_000, true),
        (&format!("<b{attributes}/>"), 100_000, true),
        (&format!("<b{attributes}/>"), 20_000, false),
    ] {
        let text = format!("<iq xmlns:p='{uri}'>{content}</iq>");
        let document = read(&text, &bounds()).unwrap();
        let mut out = String::new();
        let written = write_node(&mut out, document.root_element(), Some(""), limit);
        assert_eq!(written.is_ok(), fits, "{content}");
        assert!(out.len() <= limit + 31_000, "it stops in time");
    }
}

#[test]
fn escaped_text_comes_back_as_it_was() {
    let text = "a&b<c>d\"e'f\ng\rh\ti 漢字 ]]>";
    let written = format!("<a b=\"{0}\" c='{0}'>{0}</a>", escape(text));
    let document = read(&written, &bounds()).unwrap();
    assert_eq!(document.root_element().attribute("b"), Some(text));
    assert_eq!(document.root_element().attribute("c"), Some(text));
    assert_eq!(document.root_element().text(), Some(text));
    let mut body = String::new();
    escape_text_into(&mut body, text);
    assert_eq!(read(&format!("<a>{body}</a>"), &bounds()).unwrap().root_element().text(), Some(text));
    assert!(is_carriable(text) && !is_carriable("\0") && !is_carriable("\u{ffff}"));
}
