//! `POST /callboard/api/publish?node=NODE`: the body is published as it is.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderMap};

use crate::http::callboard::outside::refuse;
use crate::http::callboard::{Next, Served, Step, UserRequest};
use crate::http::query::Query;
use crate::http::response::{HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::id::UserId;
use crate::pubsub::PubsubError;
use crate::xml;

/// The path of publishing.
pub const PATH: &str = "/callboard/api/publish";

/// Publishes and answers 202 with the item's id.
pub fn serve(UserRequest { site: _, user, request, .. }: UserRequest<'_>) -> Served {
    let Some(node) = Query::of(request.uri()).one("node")?.map(Cow::into_owned) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "Name one node: /callboard/api/publish?node=/finesse/api/User/1001",
        );
    };
    if !is_text(request.headers()) {
        let sentence = "The body is text in UTF-8: text/plain, application/xml or application/json.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence);
    }
    Ok(Step::Body(Box::new(move |_, body| {
        // The mark says how the text was written, and is no part of it.
        let payload = body.strip_prefix(xml::BYTE_ORDER_MARK).unwrap_or(body).to_owned();
        if !xml::is_carriable(&payload) {
            return refuse(StatusCode::BAD_REQUEST, "The body has a character that XML cannot carry.");
        }
        Ok(Next::Admission(payload.len(), Box::new(move |site| publish(site, user, &node, payload))))
    })))
}

fn publish(site: &Rc<Site>, user: UserId, node: &str, payload: String) -> Result<Response, HttpRefusal> {
    // Nobody would get it any more.
    if site.driver.with_hub(|hub, _| hub.is_closing()) {
        return Err(HttpRefusal::GOING_DOWN);
    }
    match site.driver.with_hub(|hub, now| hub.publish(now, user, node, payload)) {
        Ok(item) => Ok(text(StatusCode::ACCEPTED, item)),
        Err(PubsubError::NodeUnknown) => refuse(StatusCode::NOT_FOUND, "There is no such node."),
        Err(PubsubError::MayNotPublish) => refuse(StatusCode::FORBIDDEN, "You may not publish to this node."),
        Err(_) => refuse(StatusCode::PAYLOAD_TOO_LARGE, "The payload is too large."),
    }
}

/// Whether the content type, if there is one, is text. The type that curl sends by itself is taken too; the body is not decoded.
fn is_text(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
    let kind = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| Some(part.strip_prefix("charset=")?.trim_matches('"').to_owned()));
    let known = kind.starts_with("text/")
        || ["application/xml", "application/json", "application/x-www-form-urlencoded"]
            .contains(&kind.as_str())
        || (kind.starts_with("application/") && (kind.ends_with("+xml") || kind.ends_with("+json")));
    known && charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "us-ascii"))
}
