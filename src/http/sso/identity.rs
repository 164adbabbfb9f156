//! `/callboard/identity`: the page on which users with single sign-on give their passwords, in the place of Cisco's identity service
//! and the identity provider behind it. The names of its fields are those of the form of AD FS.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use hyper::{Method, Request, StatusCode, header};
use log::Level;

use crate::event_loop::password_queue::Unchecked;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{Response, empty, set};
use crate::http::site::Site;
use crate::http::sso::parameters::{CODE, FORM_MAX, Parameters, close};
use crate::http::{redact, request_body, request_log};
use crate::id::UserId;
use crate::net::socket::Remote;
use crate::xml::escape;

/// The path of the page.
pub const PATH: &str = "/callboard/identity";

/// Why nobody comes in, in the languages of the built-in page.
const WRONG: &str = "Wrong user or password, or another user than the client asks for. 使用者或密碼錯誤，或並非用戶端所要求的使用者。";
const TOO_MANY: &str =
    "Too many wrong passwords came from your address; wait. 您的位址送出太多錯誤的密碼，請稍候。";
const BUSY: &str = "Too many logins at once; try again. 同時登入的人太多，請再試一次。";

/// Answers a request for the page, or its form.
pub async fn answer(site: Rc<Site>, request: Request<Incoming>, peer: SocketAddr, secure: bool) -> Response {
    let shown = redact::request(request.method(), request.uri());
    let headers = request.headers().clone();
    let (user, mut answer) = serve(&site, request, peer.ip(), secure).await;
    close(&mut answer);
    request_log::write(&site.driver, peer, user, &headers, &shown, answer.status(), Level::Info);
    answer
}

async fn serve(
    site: &Rc<Site>,
    request: Request<Incoming>,
    peer: IpAddr,
    secure: bool,
) -> (Option<UserId>, Response) {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let Ok(parameters) = Parameters::read(&query, "", request.headers()) else {
        return (None, page(StatusCode::BAD_REQUEST, &Parameters::default(), ""));
    };
    if request.method() != Method::POST {
        return (None, page(StatusCode::OK, &parameters, ""));
    }
    let remote: Option<Remote> = request.extensions().get().cloned();
    let form = match request_body::text(site, request.into_body(), FORM_MAX).await {
        Ok(form) => form,
        Err(refused) => return (None, page(refused.status, &parameters, refused.sentence)),
    };
    let field = |name| Query::new(&form).one(name).ok().flatten().unwrap_or_default().into_owned();
    let (name, password) = (field("UserName"), field("Password"));
    let too_many = || (None, page(StatusCode::TOO_MANY_REQUESTS, &parameters, TOO_MANY));
    let Ok(credentials) = site.driver.with_hub(|hub, now| hub.identity_credentials(now, &name, peer)) else {
        return too_many();
    };
    let found = credentials.user;
    let is_there = move || !remote.as_ref().is_some_and(Remote::has_left);
    let user = match (found, site.driver.verify(credentials, password.into(), is_there).await) {
        (Some(user), Ok(true)) => user,
        (_, Ok(_)) => return (None, page(StatusCode::FORBIDDEN, &parameters, WRONG)),
        (_, Err(Unchecked::TooMany)) => return too_many(),
        (_, Err(Unchecked::Busy | Unchecked::Left)) => {
            return (None, page(StatusCode::SERVICE_UNAVAILABLE, &parameters, BUSY));
        }
    };
    let wanted = parameters.username.as_deref().unwrap_or(&name);
    if site.driver.with_hub(|hub, _| hub.sso_user(wanted)) != Some(user) {
        return (None, page(StatusCode::FORBIDDEN, &parameters, WRONG));
    }
    let Some(code) = site.driver.with_hub(|hub, now| hub.make_code(now, user)) else {
        return (None, page(StatusCode::SERVICE_UNAVAILABLE, &parameters, BUSY));
    };
    let parameters = Parameters { username: Some(wanted.to_owned()), ..parameters };
    let mut answer = empty(StatusCode::SEE_OTHER);
    set(&mut answer, header::LOCATION, parameters.origin());
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{CODE}={code}; Path=/desktop/sso/; Max-Age=60; HttpOnly; SameSite=Lax{secure}");
    set(&mut answer, header::SET_COOKIE, cookie);
    (Some(user), answer)
}

/// The page with its form, and with a sentence if there is one.
fn page(status: StatusCode, parameters: &Parameters, sentence: &str) -> Response {
    let action = escape(&format!("{PATH}?{}", parameters.query()));
    let name = escape(parameters.username.as_deref().unwrap_or_default());
    let sentence = escape(sentence);
    let mut answer = Response::new(
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>callboard: single sign-on</title>\n\
             <h1>Single sign-on <span lang=\"zh-Hant\">單一登入</span></h1>\n<p role=\"alert\">{sentence}</p>\n\
             <form id=\"loginForm\" method=\"post\" action=\"{action}\">\n\
             <p><label>User <span lang=\"zh-Hant\">使用者</span><br>\
             <input name=\"UserName\" value=\"{name}\" autocomplete=\"username\" required></label></p>\n\
             <p><label>Password <span lang=\"zh-Hant\">密碼</span><br>\
             <input name=\"Password\" type=\"password\" autocomplete=\"current-password\" required></label></p>\n\
             <p><button>Sign in <span lang=\"zh-Hant\">登入</span></button></p>\n</form>\n</html>\n"
        )
        .into(),
    );
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, "text/html; charset=utf-8");
    answer
}
