//! The file in a form that a browser sends (`multipart/form-data`, RFC 7578).

/// The content of the file in a form, or of its part called `name`. `content_type` is that of the request; text of another type is
/// the file itself.
pub fn file<'b>(content_type: &str, body: &'b str, name: &str) -> Option<&'b str> {
    let mut parameters = content_type.split(';').map(str::trim);
    if !parameters.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return Some(body);
    }
    let mut parameters = parameters.filter_map(|part| part.split_once('='));
    let (_, boundary) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let boundary = boundary.trim().trim_matches('"');
    let delimiter = format!("\r\n--{boundary}");
    // The first one stands at the start, or behind what is to be read over (RFC 2046 §5.1.1).
    let rest = match body.strip_prefix(delimiter.trim_start()) {
        Some(rest) => rest,
        None => body.split_once(&delimiter)?.1,
    };
    let mut parts = rest.split(&delimiter).take_while(|part| !part.starts_with("--"));
    parts.find_map(|part| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let disposition = lines.find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.trim().eq_ignore_ascii_case("Content-Disposition").then_some(value)
        })?;
        let named = |key: &str, wanted: Option<&str>| {
            let mut values = disposition.split(';').filter_map(|part| part.trim().split_once('='));
            values.any(|(own, value)| {
                own.eq_ignore_ascii_case(key) && wanted.is_none_or(|wanted| value.trim_matches('"') == wanted)
            })
        };
        (named("name", Some(name)) || named("filename", None)).then_some(content)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_the_file_in_one_of_its_parts() {
        let form = "--b\r\nContent-Disposition: form-data; name=\"phonebook\"\r\n\r\n\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"datafile\"; filename=\"pb.csv\"\r\nContent-Type: text/csv\r\n\r\n\
                    a,b\r\nc,d\r\n--b--\r\n";
        let of = |kind: &str, body: &str| file(kind, body, "datafile").map(str::to_owned);
        let kind = "multipart/form-data; boundary=b";
        assert_eq!(of(kind, form).as_deref(), Some("a,b\r\nc,d"));
        assert_eq!(of(kind, &format!("read over\r\n{form}")).as_deref(), Some("a,b\r\nc,d"));
        assert_eq!(
            of("Multipart/Form-Data;charset=utf-8; boundary=\"b\"", form).as_deref(),
            Some("a,b\r\nc,d")
        );
        assert_eq!(of("text/csv", "a,b").as_deref(), Some("a,b"));
        for (kind, body) in [
            (kind, ""),
            (kind, "--b--\r\n"),
            (kind, "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\na\r\n--b--"),
            (kind, "--b\r\nno head"),
            ("multipart/form-data", form),
            ("multipart/form-data; boundary=c", form),
        ] {
            assert_eq!(of(kind, body), None, "{kind} {body}");
        }
    }
}
