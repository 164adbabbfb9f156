//! A JID that is read, written and read again is the same; a part that is prepared stays as it is.
#![no_main]

use std::borrow::Cow;

use callboard::xmpp::jid::{Jid, Malformed, prepare_local, prepare_resource};
use libfuzzer_sys::fuzz_target;

type Prepare = fn(&str) -> Result<Cow<'_, str>, Malformed>;

fuzz_target!(|text: &str| {
    if let Ok(jid) = Jid::parse(text) {
        let written = jid.to_string();
        assert_eq!(Jid::parse(&written).as_ref(), Ok(&jid), "{written:?}");
        let bare = Jid { resource: None, ..jid.clone() };
        assert_eq!(Jid::parse(&bare.to_string()).as_ref(), Ok(&bare), "{written:?}");
        // It stands in attributes of stanzas.
        assert!(callboard::xml::is_carriable(&written), "{written:?}");
    }
    for prepare in [prepare_local, prepare_resource] as [Prepare; 2] {
        if let Ok(prepared) = prepare(text) {
            assert_eq!(prepare(&prepared).as_ref(), Ok(&prepared));
        }
    }
});
