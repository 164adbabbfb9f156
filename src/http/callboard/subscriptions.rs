//! `GET /callboard/api/subscriptions`: who has subscribed to what. `DELETE` ends a subscription.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::{Method, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::http::callboard::{Next, Served, Step, UserRequest};
use crate::http::query::Query;
use crate::http::response::{self, HttpRefusal, text};
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
pub fn serve(UserRequest { site, user, request, .. }: UserRequest<'_>) -> Served {
    let query = Query::of(request.uri());
    let node = query.one("node")?;
    if request.method() == Method::DELETE {
        let subscriber = match (query.one("jid")?, query.one("session")?) {
            (Some(one), None) | (None, Some(one)) => Some(one),
            _ => None,
        };
        return end(user, node, subscriber);
    }
    let id = query.one("user")?;
    let wanted = Wanted { node: node.as_deref(), user: id.as_deref() };
    let (listed, total) =
        site.driver.with_hub(|hub, _| hub.list_subscriptions(wanted, MOST)).map_err(|_| NO_NODE)?;
    let document = json::document(|object| {
        object.plain("total", total);
        object.array("subscriptions", listed, write);
    });
    Ok(response::json(document).into())
}

fn end(user: UserId, node: Option<Cow<'_, str>>, subscriber: Option<Cow<'_, str>>) -> Served {
    let (Some(node), Some(subscriber)) = (node, subscriber) else {
        return Err(HttpRefusal {
            status: StatusCode::BAD_REQUEST,
            sentence: "Say which subscription ends: node=NODE and jid=JID, or session=ID for a stream of events.",
        });
    };
    let (node, subscriber) = (node.into_owned(), subscriber.into_owned());
    let end = move |site: &Rc<Site>| {
        let ended = site.driver.with_hub(|hub, now| hub.cancel_subscription(now, user, &node, &subscriber));
        ended.map_err(|refusal| match refusal {
            PubsubError::NodeUnknown => NO_NODE,
            _ => HttpRefusal {
                status: StatusCode::NOT_FOUND,
                sentence: "There is no such subscription to this node.",
            },
        })?;
        Ok(text(StatusCode::OK, "The subscription has ended."))
    };
    Ok(Step::Next(Next::Admission(0, Box::new(end))))
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
