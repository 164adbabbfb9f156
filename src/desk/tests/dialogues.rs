//! Calls as dialogues: in every file each line that starts with `>` is a command, and the lines below it are all events that it
//! causes, in order (the guide, "Dialog"). `#` is a comment.
//!
//! An event is written as its node without `/finesse/api/`; then, of a user, the state, whether its media are busy, the code of the reason and the
//! pending state, of a call, what happened to it, its number, type and state and those of its participants, of a queue, what there is
//! more than none of.

use crate::config::campaigns::{CallResult, Customer};
use crate::desk::tests::*;
use crate::desk::{CallData, DialogRequest, Inbound, NewContact};

/// Two queues, one for a team that wraps up for 30 seconds, and numbers outside.
const MORE: &str = r#"[[user]]
id = "dan"
password = "x"
team = "1"
extension = "1003"
[[queue]]
id = "q1"
name = "Sales"
team = "1"
number = "9001"
[[queue]]
id = "q2"
name = "Support & Co"
team = "2"
number = "9002"
[outside]
busy = ["5550001"]
no_answer = ["5550002"]
"#;

/// Campaigns for team 1: Direct Preview in both profiles, Preview in Enterprise.
const CAMPAIGNS: [(&str, &str); 2] = [
    (
        "uccx",
        "[[campaign]]\nname = \"Direct\"\nteam = \"1\"\n\
         [[campaign]]\nname = \"Own\"\nteam = \"1\"\npersonal_callbacks = true\nretry = \"5m\"\n\
         [[campaign]]\nname = \"Dialer\"\nteam = \"1\"\nmode = \"progressive\"\n\
         [[campaign]]\nname = \"Many\"\nteam = \"1\"\nmode = \"predictive\"\n",
    ),
    (
        "ucce",
        "[[campaign]]\nname = \"Direct\"\nteam = \"1\"\n\
         [[campaign]]\nname = \"Preview\"\nteam = \"1\"\nmode = \"preview\"\ndialer_port = \"7901\"\n\
         [[campaign]]\nname = \"Own\"\nteam = \"1\"\nmode = \"preview\"\npersonal_callbacks = true\nretry = \"5m\"\n\
         [[campaign]]\nname = \"Dialer\"\nteam = \"1\"\nmode = \"progressive\"\n\
         [[campaign]]\nname = \"Many\"\nteam = \"1\"\nmode = \"predictive\"\n",
    ),
];

/// Makes a test of each file, which is there for both profiles.
macro_rules! dialogues {
    ($($name:ident),+) => {$(
        #[test]
        fn $name() {
            play("uccx", include_str!(concat!("dialogues/", stringify!($name), ".uccx.txt")));
            play("ucce", include_str!(concat!("dialogues/", stringify!($name), ".ucce.txt")));
        }
    )+};
}
dialogues!(
    between_agents,
    outside,
    from_a_queue,
    consultation,
    conferences,
    listening,
    leaving,
    outbound_direct_preview,
    outbound_predictive,
    outbound_progressive,
    outbound_callbacks,
    reasons,
    recording,
    wrap_up
);

/// The desk of the tests of calls.
pub(super) fn lab(profile: &str) -> Desk {
    let campaigns = CAMPAIGNS.into_iter().find(|(of, _)| *of == profile).map_or("", |(_, text)| text);
    lab_with(profile, "", campaigns)
}

/// A desk of the lab with keys at the beginning and sections at the end of its file.
pub(super) fn lab_with(profile: &str, keys: &str, sections: &str) -> Desk {
    at_once(lab_config(profile, keys, sections))
}

/// The configuration of such a lab.
pub(super) fn lab_config(profile: &str, keys: &str, sections: &str) -> Config {
    let people = PEOPLE.replacen("name = \"Lab & Co\"", "name = \"Lab & Co\"\nwrap_up = \"30s\"", 1);
    let text =
        format!("profile = \"{profile}\"\nrequire_reason_codes = false\n{keys}\n{people}{MORE}{sections}");
    Config::parse(&text, "c.toml").expect("a valid file")
}

/// The dialer calls the customer only in Enterprise.
#[test]
fn outbound_preview() {
    play("ucce", include_str!("dialogues/outbound_preview.ucce.txt"));
}

/// Plays a dialogue and compares it with what really happens.
#[track_caller]
fn play(profile: &str, text: &str) {
    let mut stage = Stage { desk: lab(profile), time: 0 };
    let mut really = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            really.push(line.to_owned());
            really.extend(stage.play(command));
        } else if line.starts_with('#') || line.is_empty() {
            really.push(line.to_owned());
        }
    }
    let expected: Vec<&str> = text.lines().collect();
    assert_eq!(expected, really, "\n{}\n", really.join("\n"));
}

pub(super) struct Stage {
    pub(super) desk: Desk,
    /// In milliseconds.
    pub(super) time: u64,
}

impl Stage {
    pub(super) fn play(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split(' ').collect();
        let now = at(self.time);
        let events = match words[..] {
            ["wait", seconds] => {
                self.time += seconds.parse::<u64>().expect("seconds") * 1000;
                self.desk.tick(at(self.time))
            }
            ["outside", "calls", to] => {
                let call = Inbound { from: "5550123".into(), to: to.into(), data: CallData::default() };
                match self.desk.place_call(now, &call, "") {
                    Ok((_, events)) => events,
                    Err(why) => return vec![why.message().to_owned()],
                }
            }
            ["outside", "leaves", id] => match self.desk.abandon(now, &number(id), "") {
                Ok(events) => events,
                Err(why) => return vec![why.message().to_owned()],
            },
            ["contact", "leaves", id] => match self.desk.remove_contact(now, id) {
                Ok(events) => events,
                Err(why) => return vec![why.message().to_owned()],
            },
            ["contact", campaign, number, ref rest @ ..] => {
                let named = |name: &str| rest.iter().find_map(|word| word.strip_prefix(name));
                let result = named("result=").map(|result| {
                    let known = CallResult::ALL.into_iter().find(|known| known.name() == result);
                    known.expect("a result")
                });
                let customer = Customer { phone_number: number.into(), result, ..Customer::default() };
                let agent = named("agent=").map(str::to_owned);
                let contact = NewContact { campaign: campaign.into(), customer, agent };
                match self.desk.add_contact(now, contact) {
                    Ok((_, events)) => events,
                    Err(why) => return vec![why.message().to_owned()],
                }
            }
            [who, "goes"] => {
                let user = self.user(who);
                self.desk.left(now, user);
                return vec![];
            }
            [who, "may", id] => return vec![self.offered(self.user(who), &number(id))],
            [who, action, ref rest @ ..] => match self.ask(now, who, action, rest) {
                Ok(events) => events,
                Err(error) => return vec![format!("{:?}", crate::desk::tests::told(&error))],
            },
            _ => panic!("no such command: {command}"),
        };
        events.iter().map(short).collect()
    }

    fn ask(&mut self, now: Now, who: &str, action: &str, rest: &[&str]) -> Result<Vec<Event>, ApiError> {
        let user = self.user(who);
        let own = self.desk.directory().get(user).extension.clone().unwrap_or_default();
        let body = match (action, rest) {
            ("LOGIN" | "READY" | "NOT_READY" | "LOGOUT", of) => {
                let of = of.first().map_or(user, |of| self.user(of));
                let extension = (action == "LOGIN").then_some(own);
                let asked = SetState {
                    state: Some(action.into()),
                    extension,
                    reason_code_id: None,
                    ..SetState::default()
                };
                return self.desk.set_state(now, user, of, &asked, "r");
            }
            ("MAKE_CALL" | "SILENT_MONITOR", [to]) => {
                format!("<fromAddress>{own}</fromAddress><toAddress>{to}</toAddress>")
            }
            ("BARGE_IN", [to, id]) => format!(
                "<fromAddress>{own}</fromAddress><toAddress>{to}</toAddress>\
                 <associatedDialogUri>/finesse/api/Dialog/{}</associatedDialogUri>",
                number(id)
            ),
            ("PARTICIPANT_DROP" | "START_RECORDING", [_, target]) => {
                format!("<targetMediaAddress>{target}</targetMediaAddress>")
            }
            ("UPDATE_CALL_DATA", [_]) => format!(
                "<targetMediaAddress>{own}</targetMediaAddress><mediaProperties><wrapUpReason>Sold</wrapUpReason></mediaProperties>"
            ),
            ("SEND_DTMF", [_, digits]) => format!(
                "<targetMediaAddress>{own}</targetMediaAddress><actionParams><ActionParam><name>dtmfString</name>\
                 <value>{digits}</value></ActionParam></actionParams>"
            ),
            ("RECLASSIFY" | "UPDATE_SCHEDULED_CALLBACK", [_, parameters @ ..]) => {
                let parameters = parameters.iter().map(|parameter| {
                    let (name, value) = parameter.split_once('=').expect("name=value");
                    format!("<ActionParam><name>{name}</name><value>{value}</value></ActionParam>")
                });
                let parameters: String = parameters.collect();
                format!(
                    "<targetMediaAddress>{own}</targetMediaAddress><actionParams>{parameters}</actionParams>"
                )
            }
            (_, [_, to]) => {
                format!("<targetMediaAddress>{own}</targetMediaAddress><toAddress>{to}</toAddress>")
            }
            _ => format!("<targetMediaAddress>{own}</targetMediaAddress>"),
        };
        let body = format!("<Dialog><requestedAction>{action}</requestedAction>{body}</Dialog>");
        let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a good body");
        match (action, rest) {
            ("MAKE_CALL" | "SILENT_MONITOR" | "BARGE_IN", _) => {
                self.desk.create_dialog(now, user, user, &asked, "r")
            }
            (_, [id, ..]) => self.desk.update_dialog(now, user, &number(id), &asked, "r"),
            _ => panic!("{action} needs a call"),
        }
    }

    pub(super) fn user(&self, id: &str) -> UserId {
        self.desk.directory().find(id).expect("somebody")
    }

    /// What a participant may do, as the document of the call says it.
    fn offered(&self, user: UserId, id: &str) -> String {
        let document = match self.desk.dialog_document(user, id) {
            Ok(document) => document,
            Err(why) => return why.message().to_owned(),
        };
        let read = xml::read(&document, &Bounds::of(&Limits::default())).expect("XML");
        let own = self.desk.agent(user).extension.clone().expect("somebody at a telephone");
        let address =
            |node: &roxmltree::Node| node.has_tag_name("mediaAddress") && xml::text_content(*node) == own;
        let participant =
            read.descendants().find(address).and_then(|node| node.parent()).expect("a participant");
        let actions = participant.descendants().filter(|node| node.has_tag_name("action"));
        let actions: Vec<_> = actions.map(xml::text_content).collect();
        if actions.is_empty() { "nothing".to_owned() } else { actions.join(" ") }
    }
}

/// The id of a call, from its place among all that there were.
fn number(id: &str) -> String {
    let number: u32 = id.trim_start_matches('#').parse().expect("the number of a call");
    (number + 16_777_216).to_string()
}

/// An event in one line.
pub(super) fn short(event: &Event) -> String {
    if event.node.ends_with("/Media") {
        return crate::desk::tests::media::short(event);
    }
    let read = xml::read(&event.payload, &Bounds::of(&Limits::default())).expect("XML");
    let all = |name: &'static str| read.descendants().filter(move |node| node.has_tag_name(name));
    let text = |name: &'static str| all(name).map(xml::text_content).next().unwrap_or_default();
    let node = event.node.strip_prefix("/finesse/api/").expect("a node of Finesse");
    let (kind, message) = (text("errorType"), text("errorMessage"));
    if !kind.is_empty() {
        return format!("{node} error: {kind}, {message}, {}", text("errorData"));
    }
    let mut parts = vec![node.to_owned()];
    if all("statistics").next().is_some() {
        let counts = all("statistics").flat_map(|statistics| statistics.children());
        let counts = counts.map(|count| format!("{}={}", count.tag_name().name(), xml::text_content(count)));
        parts.extend(counts.filter(|count| !count.ends_with("=0") && !count.ends_with('=')));
    } else if all("participants").next().is_some() {
        let number = text("id").parse::<u32>().expect("an id") - 16_777_216;
        let state = all("state").next_back().map(xml::text_content).unwrap_or_default();
        parts.extend([text("event"), format!("#{number}"), text("callType"), state]);
        parts.extend(all("Participant").map(|participant| {
            let child = |name| {
                let found = participant.children().find(|child| child.has_tag_name(name));
                found.map(xml::text_content).unwrap_or_default()
            };
            format!(
                "{}={}{}",
                child("mediaAddress"),
                child("state"),
                match child("stateCause") {
                    cause if cause.is_empty() => cause,
                    cause => format!("/{cause}"),
                }
            )
        }));
        parts.extend(all("associatedDialogUri").map(xml::text_content).filter(|uri| !uri.is_empty()).map(
            |uri| {
                let id = uri.rsplit('/').next().and_then(|id| id.parse::<u32>().ok()).expect("a dialog");
                format!("about #{}", id - 16_777_216)
            },
        ));
        parts.extend(
            all("secondaryId")
                .map(xml::text_content)
                .filter(|id| !id.is_empty())
                .map(|id| format!("with #{}", id.parse::<u32>().expect("a dialog") - 16_777_216)),
        );
        parts.extend(Some(text("wrapUpReason")).filter(|reason| !reason.is_empty()));
        for variable in all("CallVariable") {
            let children: Vec<_> = variable.children().map(xml::text_content).collect();
            let [name, value] = &children[..] else { panic!("a name and a value: {children:?}") };
            if matches!(name.as_str(), "BAStatus" | "BAResponse") && !value.is_empty() {
                parts.push(value.replace(' ', "_"));
            }
        }
        for name in ["outboundClassification", "callbackTime", "callbackNumber"] {
            let value = Some(text(name)).filter(|value| !value.is_empty());
            parts.extend(value.map(|value| format!("{name}={value}")));
        }
    } else {
        if node.starts_with("Team") {
            parts.push(text("loginId"));
        }
        parts.push(text("state"));
        parts.extend(Some("busy".to_owned()).filter(|_| text("mediaState") == "BUSY"));
        parts.extend(all("code").map(xml::text_content));
        parts.extend(
            Some(text("pendingState")).filter(|state| !state.is_empty()).map(|state| format!("then {state}")),
        );
    }
    parts.join(" ")
}
