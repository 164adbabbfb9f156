//! Logs that clients hand in.

use crate::desk::ClientLog;
use crate::desk::tests::*;

#[test]
fn a_log_is_counted_and_its_user_hears_of_it() {
    let mut desk = desk("uccx");
    let log = ClientLog { has_data: true };
    let events = desk.take_log(at(0), BOB, BOB, log, "r-1").expect("an event");
    let payload = "<Update><data><clientLog><logData></logData></clientLog></data><event>POST</event>\
        <requestId>r-1</requestId><source>/finesse/api/User/bob/ClientLog</source></Update>";
    assert_eq!(events, [Event { node: "/finesse/api/User/bob/ClientLog".into(), payload: payload.into() }]);
    assert_eq!(desk.take_compressed_log(BOB, BOB), Ok(Vec::new()));
    assert_eq!(desk.client_logs(), 2);
}

#[test]
fn nobody_hands_in_the_log_of_another_or_an_empty_one() {
    let mut desk = desk("uccx");
    let log = ClientLog { has_data: true };
    for actor in [EVE, ADA, ROOT] {
        let errors = [
            desk.take_log(at(0), actor, BOB, log, "").expect_err("no event"),
            desk.take_compressed_log(actor, BOB).expect_err("no event"),
        ];
        for error in errors {
            assert_eq!(told(&error), (401, "Invalid Authorization User Specified".into(), "bob".into()));
        }
    }
    let error = desk.take_log(at(0), BOB, BOB, ClientLog { has_data: false }, "").expect_err("no event");
    assert_eq!(told(&error), (400, "Parameter Missing".into(), "logData".into()));
    assert_eq!(desk.client_logs(), 0);
}

#[test]
fn of_the_body_it_matters_only_whether_there_is_something_in_it() {
    let read = |body: &str| ClientLog::read(body, &Bounds::of(&Limits::default()));
    for (body, has_data) in [
        ("<ClientLog><logData>\nx</logData></ClientLog>", true),
        ("<ClientLog><logData><![CDATA[<x>]]></logData></ClientLog>", true),
        ("<ClientLog><logData>\n</logData></ClientLog>", false),
        ("<ClientLog><logData/></ClientLog>", false),
        ("<ClientLog>x</ClientLog>", false),
    ] {
        assert_eq!(read(body), Ok(ClientLog { has_data }), "{body}");
    }
    for body in ["<clientLog/>", "x", "<ClientLog><logData/><logData/></ClientLog>"] {
        assert_eq!(told(&read(body).expect_err(body)).1, "Bad Request");
    }
}
