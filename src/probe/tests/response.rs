use crate::probe::Response;

/// What is read of a response whose connection stays open or ends.
fn read(text: &str, is_over: bool) -> Result<Option<Response>, String> {
    Response::read(text.as_bytes(), is_over)
}

#[test]
fn a_response_is_read_in_each_form_of_its_body_however_it_is_cut() {
    for (text, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello", "hello"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nServer: x\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n",
            "hello",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 0\r\n\r\n",
            "",
        ),
        ("HTTP/1.0 200 \r\nserver:  x \r\ncontent-length:1\r\n\r\nä", "\u{fffd}"),
    ] {
        let response = read(text, false).expect(text).expect(text);
        assert_eq!((response.status, &*response.body), (200, body), "{text}");
        assert_eq!(response.server.as_deref(), Some("x"), "{text}");
        let whole =
            text.len() - usize::from(text.ends_with('ä')) - if text.contains("hunked") { 2 } else { 0 };
        for end in 0..whole {
            assert_eq!(Response::read(&text.as_bytes()[..end], false), Ok(None), "{text} {end}");
            assert!(Response::read(&text.as_bytes()[..end], true).is_err(), "{text} {end}");
        }
    }
    let open = "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nuntil the end";
    assert_eq!(read(open, false), Ok(None));
    let response = read(open, true).expect("it is over").expect("it is whole");
    assert_eq!(
        (response.status, response.location.as_deref(), &*response.body),
        (302, Some("/x"), "until the end")
    );
}

#[test]
fn what_is_none_or_has_no_end_is_refused() {
    let long = "x".repeat(70_000);
    for (text, words) in [
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "invalid HTTP version"),
        (format!("HTTP/1.1 200 OK\r\nA: {long}"), "the head of the response is too long"),
        (format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(200)), "too many headers"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n".to_owned(), "no number"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n".to_owned(), "too long"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n".to_owned(), "too long"),
        (format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1_048_577)), "too long"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n".to_owned(), "too long"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_owned(), "without a size"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc".to_owned(), "another size"),
        ("HTTP/1.1 100 Continue\r\n\r\n".repeat(100_000), "the response is too long"),
        ("HTTP/1.1 100 Continue\r\n\r\n".repeat(17), "again and again"),
        (
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", "1\r\nx\r\n".repeat(4097)),
            "too many chunks",
        ),
        (
            format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                format!("1;{long}\r\nx\r\n").repeat(40)
            ),
            "the response is too long",
        ),
    ] {
        let error = read(&text, false).expect_err(words);
        assert!(error.contains(words), "{words}: {error}");
    }
}
