//! The settings of Finesse that name other systems: one table, from which follow `[settings]`, and the documents and requests of
//! the API.

use crate::config::keys;
use crate::config::people;
use crate::config::problem::Report;
use crate::config::rules;
use crate::config::section::{Reported, Section};
use crate::text::number;

/// The longest value, in bytes.
pub const LONGEST: usize = 255;

/// The rule of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A host: letters, digits, `.`, `-` and, for addresses, `:`.
    Host,
    Port,
    Number,
    Flag,
    /// An address that begins with `https://`.
    Address,
    Text,
    /// Taken and thrown away; documents have nothing there.
    Secret,
}

impl Form {
    /// Says what is wrong with a value. Nothing is wrong with an empty one.
    pub fn check(self, text: &str) -> Result<(), String> {
        let port = |text: &str| number(text).is_some_and(|port: u16| port > 0);
        let good = match self {
            _ if text.is_empty() => true,
            Self::Host => text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte)),
            Self::Port => port(text),
            Self::Number => text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Flag => text == "true" || text == "false",
            Self::Address => text.starts_with("https://") && text.len() > "https://".len(),
            Self::Text | Self::Secret => true,
        };
        let form = match self {
            Self::Host => "a host",
            Self::Port => "a port from 1 to 65535",
            Self::Number => "a number",
            Self::Flag => "\"true\" or \"false\"",
            Self::Address => "an address that begins with https://",
            Self::Text | Self::Secret => "a text",
        };
        if good { rules::text(text, LONGEST) } else { Err(format!("must be {form}")) }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The object of the API.
    pub object: &'static str,
    /// The elements in it, from the outermost to that of the value.
    pub path: &'static [&'static str],
    /// The key in `[settings]`; empty for what the file does not have.
    pub key: &'static str,
    pub form: Form,
    /// The value where the file has none.
    pub default: &'static str,
    /// Whether a request that sets the object needs it.
    pub needed: bool,
}

const fn optional(
    object: &'static str,
    path: &'static [&'static str],
    key: &'static str,
    form: Form,
) -> Setting {
    Setting { object, path, key, form, default: "", needed: false }
}

const fn needed(
    object: &'static str,
    path: &'static [&'static str],
    key: &'static str,
    form: Form,
    default: &'static str,
) -> Setting {
    Setting { object, path, key, form, default, needed: true }
}

/// The guide's pages "SystemConfig", "ClusterConfig", "EnterpriseDatabaseConfig", "ChatConfig" and "Cloud Connect", in the order of
/// their elements.
#[rustfmt::skip]
pub const TABLE: &[Setting] = &[
    needed("SystemConfig", &["cti", "host"], "cti_host", Form::Host, "localhost"),
    needed("SystemConfig", &["cti", "port"], "cti_port", Form::Port, "42027"),
    optional("SystemConfig", &["cti", "backupHost"], "cti_backup_host", Form::Host),
    optional("SystemConfig", &["cti", "backupPort"], "cti_backup_port", Form::Port),
    needed("SystemConfig", &["cti", "peripheralId"], "peripheral_id", Form::Number, "5000"),
    Setting { object: "SystemConfig", path: &["cti", "secure"], key: "cti_secure", form: Form::Flag, default: "false", needed: false },
    needed("ClusterConfig", &["secondaryNode", "host"], "secondary_node", Form::Host, ""),
    needed("EnterpriseDatabaseConfig", &["host"], "database_host", Form::Host, "localhost"),
    optional("EnterpriseDatabaseConfig", &["backupHost"], "database_backup_host", Form::Host),
    needed("EnterpriseDatabaseConfig", &["port"], "database_port", Form::Port, "1433"),
    needed("EnterpriseDatabaseConfig", &["databaseName"], "database_name", Form::Text, "lab_awdb"),
    optional("EnterpriseDatabaseConfig", &["domain"], "database_domain", Form::Text),
    needed("EnterpriseDatabaseConfig", &["username"], "database_username", Form::Text, "finesse"),
    optional("EnterpriseDatabaseConfig", &["password"], "", Form::Secret),
    needed("ChatConfig", &["primaryNode"], "chat_primary", Form::Address, ""),
    optional("ChatConfig", &["secondaryNode"], "chat_secondary", Form::Address),
    needed("CloudConnectConfig", &["publisherAddress"], "cloud_connect_publisher", Form::Host, ""),
    optional("CloudConnectConfig", &["subscriberAddress"], "cloud_connect_subscriber", Form::Host),
    needed("CloudConnectConfig", &["userName"], "cloud_connect_username", Form::Text, ""),
    optional("CloudConnectConfig", &["password"], "", Form::Secret),
];

/// The values of the table's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(pub Vec<String>);

impl Default for Settings {
    fn default() -> Self {
        Self(TABLE.iter().map(|setting| setting.default.to_owned()).collect())
    }
}

impl Settings {
    pub(super) fn read(report: &mut Report, root: &Section) -> Result<Self, Reported> {
        let Some(section) = root.table(report, "settings", "[settings]", keys::SETTINGS)? else {
            return Ok(Self::default());
        };
        let values: Vec<_> = TABLE
            .iter()
            .map(|setting| {
                let text = section.string(report, setting.key);
                let text = people::optional(report, setting.key, text, &|text| setting.form.check(text));
                text.map(|text| text.unwrap_or_else(|| setting.default.to_owned()))
            })
            .collect();
        values.into_iter().collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_section_are_those_of_the_table() {
        let keys: Vec<_> = TABLE.iter().map(|setting| setting.key).filter(|key| !key.is_empty()).collect();
        assert_eq!(keys, keys::SETTINGS);
    }

    #[test]
    fn values_have_the_form_of_their_row() {
        for (form, good, bad) in [
            (Form::Host, "cti-1.lab.example", "cti 1"),
            (Form::Port, "65535", "0"),
            (Form::Port, "1", "65536"),
            (Form::Port, "080", "+80"),
            (Form::Number, "5000", "-1"),
            (Form::Flag, "true", "yes"),
            (Form::Address, "https://chat.lab.example:7443", "http://chat"),
            (Form::Text, "anything", "a\u{0}b"),
        ] {
            assert_eq!(form.check(good), Ok(()), "{form:?}");
            assert_eq!(form.check(""), Ok(()), "{form:?}");
            assert!(form.check(bad).is_err(), "{form:?} {bad:?}");
            assert!(form.check(&"1".repeat(LONGEST + 1)).is_err(), "{form:?}");
        }
    }
}
