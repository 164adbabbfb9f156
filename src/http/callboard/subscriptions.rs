//! `GET /callboard/api/subscriptions`: who has subscribed to what. `DELETE` ends a subscription.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::{Method, Request, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::http::basic_auth;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::hub::{ListedSubscription, Wanted};
use crate::id::UserId;
use crate::json;
use crate::pubsub::PubsubError;

/// The path of the list of subscriptions.
pub const PATH: &str = "/callboard/api/subscriptions";

/// The most subscriptions that are listed, about 800 KB of JSON; `total` tells how many there are.
const MOST: usize = 5_000;

const NO_NODE: HttpRefusal =
    HttpRefusal { status: StatusCode::NOT_FOUND, sentence: "There is no such node." };

/// Answers with the subscriptions that `node=` and `user=` leave, or ends that of `node=` and `jid=` (`session=` for a stream).
pub async fn serve(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    let query = Query::of(request.uri());
    let node = query.one("node")?;
    if request.method() == Method::DELETE {
        let subscriber = match (query.one("jid")?, query.one("session")?) {
            (Some(one), None) | (None, Some(one)) => Some(one),
            _ => None,
        };
        return end(site, user, node, subscriber).await;
    }
    let id = query.one("user")?;
    let wanted = Wanted { node: node.as_deref(), user: id.as_deref() };
    let (listed, total) =
        site.driver.with_hub(|hub, _| hub.list_subscriptions(wanted, MOST)).map_err(|_| NO_NODE)?;
    let document = json::document(|object| {
        object.plain("total", total);
        object.array("subscriptions", listed, write);
    });
    Ok((user, response::json(document)))
}

async fn end(
    site: &Rc<Site>,
    user: UserId,
    node: Option<Cow<'_, str>>,
    subscriber: Option<Cow<'_, str>>,
) -> Result<(UserId, Response), HttpRefusal> {
    let (Some(node), Some(subscriber)) = (node, subscriber) else {
        return Err(HttpRefusal {
            status: StatusCode::BAD_REQUEST,
            sentence: "Say which subscription ends: node=NODE and jid=JID, or session=ID for a stream of events.",
        });
    };
    site.driver.admit(user, 0).await?;
    let ended = site.driver.with_hub(|hub, now| hub.cancel_subscription(now, user, &node, &subscriber));
    ended.map_err(|refusal| match refusal {
        PubsubError::NodeUnknown => NO_NODE,
        _ => HttpRefusal {
            status: StatusCode::NOT_FOUND,
            sentence: "There is no such subscription to this node.",
        },
    })?;
    Ok((user, text(StatusCode::OK, "The subscription has ended.")))
}

fn write(out: &mut String, subscription: ListedSubscription) {
    let ListedSubscription { node, jid, by, session, since } = subscription;
    json::object(out, |object| {
        object.string("node", &node);
        object.string("jid", &jid);
        object.string("by", by.name());
        object.optional("session", session.map(|id| id.to_string()).as_deref());
        object.optional("since", OffsetDateTime::from(since).format(&Rfc3339).ok().as_deref());
    });
}
