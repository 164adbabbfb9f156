//! The contacts of a phone book that come and go as a whole, as XML and as comma-separated values.

use crate::support::Server;
use crate::support::http::Answer;
use crate::support::rest::{ask, field, get};

const XML: &str = "Content-Type: application/xml\r\n";

/// A list of contacts, each of about 180 bytes.
fn contacts(count: usize) -> String {
    let contact = |nth: usize| {
        format!(
            "<Contact><firstName>Nicholas</firstName><lastName>Knight</lastName><phoneNumber>{nth}</phoneNumber>\
             <description>a note of the length that a note may have</description><uri></uri></Contact>"
        )
    };
    format!("<Contacts>{}</Contacts>", (1..=count).map(contact).collect::<String>())
}

/// The guide: "The collection can contain up to 6000 contacts" ("PhoneBook: import contact list (XML)").
#[test]
fn finding_m16_a_list_of_all_the_contacts_that_there_can_be_is_taken_as_xml() {
    // The bounds of other bodies are far smaller, and hold for everything else.
    let server = Server::with("[limits]\nclient_log = \"2MiB\"\nelements = 100\n");
    let put = |user: &str, path: &str, body: &str| ask(&server, user, "PUT", path, XML, body);
    let path = "PhoneBook/2/Contacts";
    // Two books share them, and the other one of the demo has three.
    let whole = contacts(5997);
    assert!(whole.len() > 1024 * 1024, "{}", whole.len());
    let answer = put("administrator", path, &whole);
    assert_eq!((answer.status(), answer.body.as_str()), (200, ""), "{answer:?}");
    let stored = get(&server, "administrator", path).body;
    assert_eq!(stored.matches("<Contact>").count(), 5997);
    assert!(stored.contains("<phoneNumber>5997</phoneNumber>"));
    for (user, path, body, status, error) in [
        ("administrator", path, contacts(5999), 400, "Maximum Exceeded"),
        ("administrator", path, "<a/>".repeat(600_000), 413, "Bad Request"),
        (
            "administrator",
            path,
            format!("<Contacts>{}</Contacts>", "<a/>".repeat(50_000)),
            400,
            "Bad Request",
        ),
        ("administrator", path, whole[..whole.len() - 1].to_owned(), 400, "Bad Request"),
        // Who may not do it is told before anything is read.
        ("1001", path, "no XML".to_owned(), 401, "Authorization Failure"),
        ("1001", "PhoneBook/2/Contacts/csvFileContent", whole.clone(), 401, "Authorization Failure"),
        (
            "administrator",
            "PhoneBook/2",
            format!("<PhoneBook>{}</PhoneBook>", "<a/>".repeat(100)),
            400,
            "Bad Request",
        ),
    ] {
        let answer: Answer = match path.ends_with("csvFileContent") {
            true => ask(&server, user, "POST", path, "Content-Type: text/csv\r\n", &body),
            false => put(user, path, &body),
        };
        assert_eq!((answer.status(), field(&answer.body, "ErrorType")), (status, error), "{user} {path}");
    }
    assert_eq!(get(&server, "administrator", path).body, stored, "nothing has changed");
}

/// As the form on the guide's page, "PhoneBook: import contact list (CSV)", sends it.
#[test]
fn finding_m17_contacts_come_and_go_as_comma_separated_values() {
    let server = Server::demo();
    let path = "PhoneBook/1/Contacts/csvFileContent";
    let form = "--x13290\r\nContent-Disposition: form-data; name=\"phonebook\"\r\n\r\n\r\n--x13290\r\n\
                Content-Disposition: form-data; name=\"datafile\"; filename=\"pb.csv\"\r\n\
                Content-Type: application/vnd.ms-excel\r\n\r\n\
                \"First Name\",\"Last Name\",\"Phone Number\",\"Notes\"\r\n\"Zo\u{eb}\",\"<Z>\",\"6511234\",\"\"\r\n\
                \"no\",\"number\",\"\",\"\"\r\n\"Nicholas\",\"Knight, Jr.\",\"6125551228\",\"a \"\"b\"\"\"\r\n--x13290--\r\n";
    let kind = "Content-Type: multipart/form-data; boundary=x13290\r\nrequestId: r-1\r\n";
    let post = |user: &str, kind: &str, body: &str| ask(&server, user, "POST", path, kind, body);
    let answer = post("administrator", kind, form);
    assert_eq!((answer.status(), answer.body.as_str(), answer.header("requestId")), (202, "", Some("r-1")));
    let exported = get(&server, "administrator", path);
    assert_eq!(exported.header("Content-Type"), Some("text/csv;charset=UTF-8"));
    let tag = exported.header("ETag").expect("it has a tag");
    let same = format!("If-None-Match: {tag}\r\n");
    assert_eq!(ask(&server, "administrator", "GET", path, &same, "").status(), 304);
    let csv = "\"First Name\",\"Last Name\",\"Phone Number\",\"Notes\"\r\n\"Zo\u{eb}\",\"<Z>\",\"6511234\",\"\"\r\n\
               \"Nicholas\",\"Knight, Jr.\",\"6125551228\",\"a \"\"b\"\"\"\r\n";
    assert_eq!(exported.body, csv, "those with errors are left out");
    let xml = get(&server, "administrator", "PhoneBook/1/Contacts").body;
    assert!(xml.contains("<lastName>&lt;Z&gt;</lastName>") && xml.matches("<Contact>").count() == 2, "{xml}");
    // What was exported can be imported as it is.
    assert_eq!(post("administrator", "Content-Type: text/csv\r\n", csv).status(), 202);
    assert_eq!(get(&server, "administrator", path).body, csv);
    for (user, kind, body, status, error) in [
        ("1001", kind, form, 401, "Authorization Failure"),
        ("administrator", "Content-Type: application/xml\r\n", "<Contacts/>", 415, "Bad Request"),
        ("administrator", "", form, 415, "Bad Request"),
        ("administrator", "Content-Type: multipart/form-data; boundary=other\r\n", form, 400, "Bad Request"),
        ("administrator", "Content-Type: text/csv\r\n", "\"a\",\"b\",\"\",\"\"\r\n", 400, "Invalid Input"),
        ("administrator", "Content-Type: text/csv\r\n", &",,1,\n".repeat(6001), 400, "Maximum Exceeded"),
    ] {
        let answer = post(user, kind, body);
        assert_eq!((answer.status(), field(&answer.body, "ErrorType")), (status, error), "{kind} {answer:?}");
    }
    assert_eq!(ask(&server, "1001", "GET", path, "", "").status(), 401);
    let unknown = "PhoneBook/99/Contacts/csvFileContent";
    assert_eq!(get(&server, "administrator", unknown).status(), 404);
    assert_eq!(ask(&server, "administrator", "POST", unknown, kind, form).status(), 404);
    assert_eq!(get(&server, "administrator", path).body, csv, "nothing has changed");
}
