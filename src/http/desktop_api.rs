//! `/desktop/api/`: what a desktop, or a proxy in front of it, asks before anybody has logged in (the guide's chapter "Cisco Finesse Desktop
//! Interface APIs"). Answers and errors are JSON.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::{Request, StatusCode};
use log::Level;

use crate::config::Profile;
use crate::desk::Status;
use crate::event_loop::threads;
use crate::http::files::listing;
use crate::http::headers::forwarded::ViaProxy;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{Response, json};
use crate::http::site::Site;
use crate::http::{hosts, page, redact, request_log};
use crate::json;

/// Where the API starts.
pub const PATH: &str = "/desktop/api/";

/// The languages of callboard's own pages.
const LANGUAGES: [(&str, &str); 2] = [("en_US", "English"), ("zh_TW", "繁體中文")];

/// The files of the desktop, as `type` in a request for addresses.
const DESKTOP: &str = "desktop";

/// The values of `type`, and the folders of `www` in which Finesse has such files.
const TYPES: [(&str, &[&str]); 2] = [(DESKTOP, &["desktop", "tunnel"]), ("3rdParty", &["3rdpartygadget"])];

/// An error of this API.
struct DesktopRefusal {
    status: StatusCode,
    kind: &'static str,
    message: &'static str,
    data: String,
}

/// Answers a GET or HEAD.
pub async fn answer(site: Rc<Site>, request: Request<Incoming>, peer: SocketAddr) -> Response {
    let shown = redact::request(request.method(), request.uri());
    let answer = match document(&site, &request).await {
        Ok(document) => json(document),
        Err(refused) => refused.into(),
    };
    request_log::write(&site.driver, peer, None, request.headers(), &shown, answer.status(), Level::Info);
    answer
}

async fn document(site: &Site, request: &Request<Incoming>) -> Result<String, DesktopRefusal> {
    let path = request.uri().path();
    let object = path.strip_prefix(PATH).unwrap_or_default();
    // The guide names objects, and the published addresses are written in other ways.
    match object.trim_end_matches('/').to_ascii_lowercase().as_str() {
        "desktopconfig" => Ok(desktop_config(site, request)),
        "languages" => Ok(languages()),
        "resourceurls" | "urls" => urls(site, request).await,
        _ => Err(DesktopRefusal {
            status: StatusCode::NOT_FOUND,
            kind: "Not Found",
            message: "There is no such resource",
            data: object.to_owned(),
        }),
    }
}

/// The guide, "Desktop Configuration".
fn desktop_config(site: &Site, request: &Request<Incoming>) -> String {
    let (profile, status, auth_mode, alternate) = site.driver.with_hub(|hub, _| {
        let desk = hub.desk();
        let alternate = desk.secondary_node().map(|node| node.host.clone());
        (desk.profile(), desk.status(), desk.system_auth_mode(), alternate)
    });
    let (deployment, license) = match profile {
        Profile::Uccx => ("UCCX", "PREMIUM"),
        // The license is one of Express.
        Profile::Ucce => ("UCCE", ""),
    };
    let status = match status {
        Status::InService => Status::InService,
        Status::OutOfService | Status::PartialService => Status::OutOfService,
    };
    json::document(|object| {
        object.string("deploymentType", deployment);
        object.string("securityBannerMessage", "");
        object.string("systemStatus", status.name());
        object.string("host", hosts::authority(request.headers()).unwrap_or(&site.domain));
        object.plain("isAlternateSystemAvailable", alternate.is_some());
        object.string("desktopLicensed", license);
        object.string("systemAuthMode", auth_mode);
        object.string("enableMobileAgentLogin", "false");
        object.plain("isProxyRequest", ViaProxy::is_in(request));
        object.plain("redirectToAlternateHost", false);
        object.string("alternateHost", alternate.as_deref().unwrap_or_default());
    })
}

/// The guide, "Languages List".
fn languages() -> String {
    json::document(|object| {
        object.array("Language", LANGUAGES, |out, (locale, name)| {
            json::object(out, |language| {
                language.string("locale", locale);
                language.string("displayName", name);
            });
        });
    })
}

/// The addresses that a proxy may let through without a password (the guide, "Resource URLs").
async fn urls(site: &Site, request: &Request<Incoming>) -> Result<String, DesktopRefusal> {
    let invalid = |data: &str| DesktopRefusal {
        status: StatusCode::BAD_REQUEST,
        kind: "Bad Request",
        message: "type is desktop or 3rdParty",
        data: data.to_owned(),
    };
    let wanted = Query::of(request.uri()).one("type").map_err(|_| invalid("type stands twice"))?;
    let wanted = wanted.unwrap_or_default();
    let (_, folders) = TYPES.iter().find(|(name, _)| *name == wanted).ok_or_else(|| invalid(&wanted))?;
    let mut files = match &site.www {
        None => Vec::new(),
        Some(www) => {
            let folder = www.folder.clone();
            let permit = www.readers.acquire_arc().await;
            threads::run(move || {
                let files: Vec<_> = folders.iter().flat_map(|first| listing::list(&folder, first)).collect();
                drop(permit);
                files
            })
            .await
        }
    };
    if wanted == DESKTOP {
        files.extend(page::paths_apart());
        files.sort_unstable();
        // A file of the folder may stand in the place of a built-in one.
        files.dedup();
    }
    let mut out = String::new();
    json::array(&mut out, files, |out, path| json::string(out, &path));
    out.push('\n');
    Ok(out)
}

impl From<DesktopRefusal> for Response {
    fn from(DesktopRefusal { status, kind, message, data }: DesktopRefusal) -> Self {
        let mut answer = json(json::document(|object| {
            object.plain("status", status.as_u16());
            object.object("apiErrors", |error| {
                error.string("errorType", kind);
                error.string("errorMessage", message);
                error.string("errorData", &data);
            });
        }));
        *answer.status_mut() = status;
        answer
    }
}
