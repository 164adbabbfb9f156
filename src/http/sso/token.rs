//! `/desktop/sso/token`: the access token of a user with single sign-on (the guide, "Single Sign-On—Fetch Access Token" and
//! "—Refresh Existing Access Token"; Cisco's document 215626).
//!
//! A client that has nothing to show is led to the identity page. From there it comes back with a cookie that is good once, and
//! gets its tokens as JSON.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use hyper::header::{self, HeaderMap};
use hyper::{Method, Request, StatusCode};
use log::Level;

use crate::desk::{ApiError, ApiRefusal};
use crate::http::finesse;
use crate::http::query::Repeated;
use crate::http::request_body::Incoming;
use crate::http::response::{self, Response, empty, set};
use crate::http::site::Site;
use crate::http::sso::identity;
use crate::http::sso::parameters::{CODE, FORM_MAX, Parameters, USERNAME, close, code_gone, cookie};
use crate::http::{basic_auth, redact, request_body, request_log};
use crate::hub::{Issued, TooMany};
use crate::id::UserId;
use crate::json;

/// Answers a request for a token.
pub async fn answer(site: Rc<Site>, request: Request<Incoming>, peer: SocketAddr) -> Response {
    let shown = redact::request(request.method(), request.uri());
    let headers = request.headers().clone();
    let (user, mut answer) = match serve(&site, request, peer.ip()).await {
        Ok((user, answer)) => (user, answer),
        Err(error) => (None, finesse::refused(&headers, &error)),
    };
    if answer.status() == StatusCode::UNAUTHORIZED {
        basic_auth::refuse_token(&mut answer);
    }
    close(&mut answer);
    request_log::write(&site.driver, peer, user, &headers, &shown, answer.status(), Level::Info);
    answer
}

async fn serve(
    site: &Rc<Site>,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Result<(Option<UserId>, Response), ApiError> {
    let headers = request.headers().clone();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let posts = request.method() == Method::POST;
    let only_asks = request.method() == Method::HEAD;
    let form = if posts {
        let text = request_body::text(site, request.into_body(), FORM_MAX).await;
        Some(text.map_err(|refused| ApiRefusal::Malformed.about(refused.sentence))?)
    } else {
        None
    };
    let form = form.as_deref().unwrap_or_default();
    let parameters = Parameters::read(&query, form, &headers)
        .map_err(|Repeated(name)| ApiRefusal::Malformed.about(format!("{name} stands twice")))?;
    let Some(name) = parameters.username.as_deref() else {
        return Err(ApiRefusal::ParameterMissing.about(USERNAME));
    };
    if let Some(refresh) = &parameters.refresh_token {
        let issued = site.driver.with_hub(|hub, now| hub.refresh(now, name, refresh, peer));
        return match issued {
            Ok(Some(issued)) => {
                let refresh = parameters.return_refresh_token.then(|| refresh.clone());
                Ok((Some(issued.user), tokens(site, &parameters, &Issued { refresh, ..issued })))
            }
            Ok(None) => Err(ApiRefusal::NotAllowed.about(name)),
            Err(TooMany(_)) => Err(ApiRefusal::Busy.about("")),
        };
    }
    if posts {
        return Err(ApiRefusal::ParameterMissing.about("refresh-token"));
    }
    let Some(code) = code(site, &headers, name) else {
        return Ok((None, to_identity(&parameters)));
    };
    // A code is good once, and the answer to HEAD would not carry the tokens.
    if only_asks {
        return Ok((None, empty(StatusCode::OK)));
    }
    let Some(issued) = site.driver.with_hub(|hub, now| hub.redeem(now, &code)) else {
        return Err(ApiRefusal::Busy.about("tokens in [limits]"));
    };
    let mut answer = tokens(site, &parameters, &issued);
    set(&mut answer, header::SET_COOKIE, code_gone());
    Ok((Some(issued.user), answer))
}

/// The code with which a client comes back from the identity page, if it is good for the user of that name.
pub(super) fn code(site: &Rc<Site>, headers: &HeaderMap, name: &str) -> Option<String> {
    let code = cookie(headers, CODE)?;
    let is_own = site.driver.with_hub(|hub, now| {
        let user = hub.user_of_code(now, &code);
        user.is_some() && user == hub.sso_user(name)
    });
    is_own.then_some(code)
}

/// The answer that leads a client to the identity page.
pub(super) fn to_identity(parameters: &Parameters) -> Response {
    let mut answer = empty(StatusCode::FOUND);
    set(&mut answer, header::LOCATION, format!("{}?{}", identity::PATH, parameters.query()));
    answer
}

/// The answer with tokens.
fn tokens(site: &Rc<Site>, parameters: &Parameters, issued: &Issued) -> Response {
    let seconds = site.limits.access_token.as_secs().max(1);
    let (name, realm) = site.driver.with_hub(|hub, _| {
        let user = hub.desk().directory().get(issued.user);
        (user.login_name.clone().unwrap_or_else(|| user.id.clone()), hub.domain().to_owned())
    });
    response::json(json::document(|object| {
        object.string("token", &issued.access);
        if let Some(refresh) = issued.refresh.as_deref().filter(|_| parameters.return_refresh_token) {
            object.string("refresh_token", refresh);
        }
        object.plain("expires_in", seconds);
        if parameters.return_user {
            object.string("user_id", &name);
            object.string("realm", &realm);
            object.string("user_principal", &format!("{name}@{realm}"));
        }
    }))
}
