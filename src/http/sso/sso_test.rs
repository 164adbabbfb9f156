//! `/desktop/sso/test`: tries single sign-on as a client does, and says how it went in a page, by a message to the window or frame that
//! has opened it, and by a cookie (the guide, "Single Sign-On—Test API").

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::header::HeaderValue;
use hyper::{Method, Request, StatusCode, header};
use log::Level;

use crate::http::request_body::Incoming;
use crate::http::response::{Response, empty, set};
use crate::http::site::Site;
use crate::http::sso::parameters::{Parameters, close, code_gone};
use crate::http::sso::token::{code, to_identity};
use crate::http::{redact, request_log};
use crate::id::UserId;
use crate::xml::escape;

/// Tells the window or frame around the page how it went, as the guide has it. The message names nobody, so every origin may read it.
const SCRIPT: &str = "const told=document.getElementById('told').dataset;\
                      for(const other of[window.opener,window.parent])if(other&&other!==window)\
                      other.postMessage({status:told.status,errorMessage:told.error},'*');";

/// Nothing runs but the script, by its digest (CSP Level 3 §2.3.1).
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'sha256-pltQt6yTJrEHM/zGEtwK++tBJhpC06PkorLbwyyQnh8='; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
);

/// Why there is no token, as the guide names it.
const NO_TOKEN: &str = "NO TOKEN";
const AUTH_ERROR: &str = "AUTH_ERROR";

/// Answers a request for a test.
pub async fn answer(site: Rc<Site>, request: Request<Incoming>, peer: SocketAddr, secure: bool) -> Response {
    let shown = redact::request(request.method(), request.uri());
    let (user, mut answer) = serve(&site, &request, secure);
    close(&mut answer);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    request_log::write(&site.driver, peer, user, request.headers(), &shown, answer.status(), Level::Info);
    answer
}

fn serve(site: &Rc<Site>, request: &Request<Incoming>, secure: bool) -> (Option<UserId>, Response) {
    let (headers, query) = (request.headers(), request.uri().query().unwrap_or_default());
    let failed = |status, error| (None, page(status, secure, Err(error)));
    let Ok(parameters) = Parameters::read(query, "", headers) else {
        return failed(StatusCode::BAD_REQUEST, AUTH_ERROR);
    };
    let parameters = Parameters { tests: true, ..parameters };
    let Some(name) = parameters.username.as_deref() else {
        return failed(StatusCode::BAD_REQUEST, NO_TOKEN);
    };
    let Some(code) = code(site, headers, name) else {
        return (None, to_identity(&parameters));
    };
    // A code is good once, and the answer to HEAD would not carry the page.
    if request.method() == Method::HEAD {
        return (None, empty(StatusCode::OK));
    }
    let Some(user) = site.driver.with_hub(|hub, now| hub.end_code(now, &code)) else {
        return (None, to_identity(&parameters));
    };
    let id = site.driver.with_hub(|hub, _| hub.desk().directory().get(user).id.clone());
    let mut answer = page(StatusCode::OK, secure, Ok((&id, site.limits.access_token.as_secs().max(1))));
    if let Ok(gone) = HeaderValue::from_str(&code_gone()) {
        answer.headers_mut().append(header::SET_COOKIE, gone);
    }
    (Some(user), answer)
}

/// The page: of a test that has gone well, the id of the user and the seconds for which its token is valid; else the error.
fn page(status: StatusCode, secure: bool, how: Result<(&str, u64), &str>) -> Response {
    let (passed, error, sentence) = match how {
        Ok((id, seconds)) => {
            let id = escape(id);
            let english = format!("Single sign-on works: the token of {id} is valid for {seconds} seconds.");
            let chinese = format!("單一登入正常：{id} 的權杖有效 {seconds} 秒。");
            (true, "", format!("{english} <span lang=\"zh-Hant\">{chinese}</span>"))
        }
        Err(error) => {
            let english =
                format!("Single sign-on has failed ({error}): name the user in cc_username, and try again.");
            let chinese = format!("單一登入失敗（{error}）：請以 cc_username 指定使用者後再試。");
            (false, error, format!("{english} <span lang=\"zh-Hant\">{chinese}</span>"))
        }
    };
    let mut answer = Response::new(
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>callboard: single sign-on</title>\n\
             <p id=\"told\" data-status=\"{passed}\" data-error=\"{error}\">{sentence}</p>\n<script>{SCRIPT}</script>\n</html>\n"
        )
        .into(),
    );
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, "text/html; charset=utf-8");
    let secure = if secure { "; Secure" } else { "" };
    set(&mut answer, header::SET_COOKIE, format!("ssotest={passed}; Path=/; SameSite=Lax{secure}"));
    answer
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_policy_lets_the_script_run_and_no_other() {
        let digest = ring::digest::digest(&ring::digest::SHA256, SCRIPT.as_bytes());
        let source = format!("'sha256-{}'", STANDARD.encode(digest));
        assert!(POLICY.to_str().is_ok_and(|policy| policy.contains(&source)), "{source}");
    }
}
