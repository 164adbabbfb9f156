//! `POST /callboard/api/contacts` and `DELETE /callboard/api/contacts/ID`: somebody outside hands in a contact of a campaign, and
//! takes it out. GET lists them.

use std::borrow::Cow;

use hyper::{Method, StatusCode};

use crate::config::campaigns::{CallResult, is_name, is_number};
use crate::desk::{CallData, Command, ListedContact, NewContact};
use crate::http::callboard::outside::{self, refuse, set_variable};
use crate::http::callboard::{Served, UserRequest};
use crate::http::query::Query;
use crate::http::response::{self, HttpRefusal};
use crate::json;

/// The path of the contacts.
pub const PATH: &str = "/callboard/api/contacts";

/// The path of a contact, before its id.
pub const BELOW: &str = "/callboard/api/contacts/";

/// The most contacts that are listed, about 1 MB of JSON; `total` tells how many there are.
const MOST: usize = 5_000;

/// Takes a contact and answers 202 with its id, or lists all.
pub fn serve(asked: UserRequest<'_>) -> Served {
    if asked.request.method() != Method::POST {
        let listed = asked.site.driver.with_hub(|hub, _| hub.desk().listed_contacts());
        let document = json::document(|object| {
            object.plain("total", listed.len());
            object.array("contacts", listed.into_iter().take(MOST), write);
        });
        return Ok(response::json(document).into());
    }
    Ok(outside::begin(&asked, |query, body| Ok(Command::AddContact(read(query, body)?))))
}

/// Takes a contact out and answers 202.
pub fn end(asked: UserRequest<'_>) -> Served {
    Ok(outside::end(&asked, BELOW, Command::RemoveContact, "The contact is taken out."))
}

/// The contact that the query and the body, a form, ask for.
fn read(query: &str, body: &str) -> Result<NewContact, HttpRefusal> {
    let mut contact = NewContact::default();
    let mut data = CallData::default();
    for (key, value) in Query::new(query).pairs().chain(Query::new(body).pairs()) {
        let customer = &mut contact.customer;
        let (text, is_good): (&mut String, fn(&str) -> bool) = match key.as_ref() {
            "campaign" => (&mut contact.campaign, is_name),
            "phone_number" => (&mut customer.phone_number, is_number),
            "first_name" => (&mut customer.first_name, is_name),
            "last_name" => (&mut customer.last_name, is_name),
            "account_number" => (&mut customer.account_number, is_name),
            "agent" if contact.agent.is_none() => {
                contact.agent = Some(value.into_owned());
                continue;
            }
            "result" if customer.result.is_none() => {
                customer.result = CallResult::ALL.into_iter().find(|result| result.name() == value);
                if customer.result.is_none() {
                    return refuse(
                        StatusCode::BAD_REQUEST,
                        "result is voice, answering_machine, fax, busy, no_answer or invalid.",
                    );
                }
                continue;
            }
            _ => {
                variable(&mut data, key, value)?;
                continue;
            }
        };
        if !text.is_empty() || value.is_empty() || !is_good(&value) {
            return refuse(
                StatusCode::BAD_REQUEST,
                "phone_number has digits, +, * and #; campaign, names and account_number are texts; each stands once.",
            );
        }
        *text = value.into_owned();
    }
    if contact.campaign.is_empty() || contact.customer.phone_number.is_empty() {
        return refuse(
            StatusCode::BAD_REQUEST,
            "Say whom to call for which campaign: /callboard/api/contacts?campaign=Renewals&phone_number=5550190",
        );
    }
    contact.customer.variables = data.variables;
    Ok(contact)
}

fn variable(data: &mut CallData, name: Cow<'_, str>, value: Cow<'_, str>) -> Result<(), HttpRefusal> {
    set_variable(data, name, value).map_err(|()| HttpRefusal {
        status: StatusCode::BAD_REQUEST,
        sentence: "Beside campaign, phone_number, first_name, last_name, account_number, agent and result there can be callVariable1 to callVariable10 (40 bytes) and user.NAME (210 bytes, 2000 all together), each once.",
    })
}

fn write(out: &mut String, contact: ListedContact) {
    let ListedContact { id, campaign, phone_number, state, callback, agent, dialog } = contact;
    json::object(out, |object| {
        object.plain("id", id);
        object.string("campaign", &campaign);
        object.string("phoneNumber", &phone_number);
        object.string("state", state);
        object.optional("callback", callback);
        object.optional("agent", agent.as_deref());
        object.optional("dialog", dialog.map(|id| id.to_string()).as_deref());
    });
}
