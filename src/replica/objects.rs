//! The bytes of what a configuration has.

use std::time::Duration;

use crate::clock::Now;
use crate::config::campaigns::{CallResult, Campaign, Customer, DialingMode};
use crate::config::guests;
use crate::config::password::Password;
use crate::config::settings::Settings;
use crate::config::workflows::{Condition, TriggerSet, Variable, Workflow, WorkflowAction};
use crate::config::{
    Category, Contact, Device, Entry, Layout, Medium, NodeAccess, NodeConfig, Objects, Outside, PhoneBook,
    Profile, Queue, QueueStatistics, ReasonCode, Release, Role, Subscriptions, Team, User,
};
use crate::replica::codec::{Codec, Coded, coded, coded_places};

coded_places! {
    Profile: Uccx Ucce;
    Release: R11_6 R12_5 R12_6 R15;
    NodeAccess: Open Role;
    Subscriptions: PerJid PerOwner;
    QueueStatistics: Finesse All;
    Role: Agent Supervisor Administrator;
    Category: NotReady Logout WrapUp;
    DialingMode: Preview DirectPreview Progressive Predictive;
    CallResult: Voice AnsweringMachine Fax Busy NoAnswer Invalid;
}

coded! {
    Team { id, name, wrap_up } = |_| Team { id: String::new(), name: String::new(), wrap_up: None };
    Device { id, kind, kind_name } = |_| Device { id: String::new(), kind: 0, kind_name: String::new() };
    ReasonCode { id, category, code, label, teams } = |_| ReasonCode {
        id: 0, category: Category::NotReady, code: 0, label: String::new(), teams: None,
    };
    PhoneBook { id, name, teams, contacts } =
        |_| PhoneBook { id: 0, name: String::new(), teams: None, contacts: Vec::new() };
    Contact { id, first_name, last_name, phone_number, description };
    Layout { id, name, description, teams, header, columns };
    Entry { variable, label };
    Objects { workflow_actions, workflows, desktop_layout, team_layouts, ecc_variables, settings };
    WorkflowAction { id, name, kind, handled_by, params, variables };
    Variable { name, node, kind, test_value };
    Condition { variable, comparator, value };
    Workflow { id, name, description, media, trigger, apply, conditions, actions, teams };
    TriggerSet { kind, name, allow_overlapping, triggers };
    Queue { id, name, team, number } =
        |_| Queue { id: String::new(), name: String::new(), team: String::new(), number: String::new() };
    Outside { busy, no_answer };
    Medium {
        id, name, description, interruptible, max_dialogs, start_timeout, teams, script_selectors, channel, class
    } = |_| Medium {
        id: 0,
        name: String::new(),
        description: String::new(),
        interruptible: false,
        max_dialogs: 0,
        start_timeout: Duration::ZERO,
        teams: None,
        script_selectors: Vec::new(),
        channel: String::new(),
        class: String::new(),
    };
    Campaign { name, team, mode, dialer_port, personal_callbacks, retry, contacts } = |_| Campaign {
        name: String::new(),
        team: String::new(),
        mode: DialingMode::Preview,
        dialer_port: String::new(),
        personal_callbacks: false,
        retry: Duration::ZERO,
        contacts: Vec::new(),
    };
    Customer { phone_number, first_name, last_name, account_number, result, variables };
    NodeConfig { name, publish, items } =
        |_| NodeConfig { name: String::new(), publish: Vec::new(), items: 0 };
}

impl Coded for [Vec<Entry>; 2] {
    fn blank(_: Now) -> Self {
        Self::default()
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        self.iter_mut().for_each(|column| column.code(codec));
    }
}

impl Coded for Settings {
    fn blank(_: Now) -> Self {
        Self::default()
    }

    /// As many as the table has rows.
    fn code(&mut self, codec: &mut Codec<'_>) {
        let count = self.0.len();
        self.0.code(codec);
        if self.0.len() != count {
            codec.refuse();
            *self = Self::default();
        }
    }
}

impl Coded for User {
    fn blank(_: Now) -> Self {
        guests::user(String::new(), Password::nobodys())
    }

    /// All but the password, which is compared where somebody logs in.
    fn code(&mut self, codec: &mut Codec<'_>) {
        let Self {
            id,
            login_name,
            password: _,
            first_name,
            last_name,
            roles,
            team,
            supervises,
            extension,
            devices,
            sso,
        } = self;
        [id, first_name, last_name].into_iter().for_each(|text| text.code(codec));
        [login_name, team, extension].into_iter().for_each(|text| text.code(codec));
        roles.code(codec);
        supervises.code(codec);
        devices.code(codec);
        sso.code(codec);
    }
}
