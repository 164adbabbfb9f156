//! Every key of a configuration file, by its section, and every section but `[limits]`, whose keys are rows of its table.

/// Keys before the first section.
pub(super) const FILE: &[&str] = &[
    "domain",
    "profile",
    "release",
    "listen",
    "listen_plain",
    "listen_xmpp",
    "listen_xmpp_plain",
    "xmpp_plain_login",
    "sasl",
    "stream_management",
    "tls",
    "state_dir",
    "durability",
    "www",
    "cors_origins",
    "hosts",
    "hsts",
    "trusted_proxies",
    "frame_tap",
    "faults",
    "record",
    "node_access",
    "subscriptions",
    "queue_statistics",
    "team",
    "user",
    "require_reason_codes",
    "reason_code",
    "phone_book",
    "layout",
    "workflow_action",
    "workflow",
    "desktop_layout",
    "ecc_variable",
    "settings",
    "queue",
    "outside",
    "media",
    "campaign",
    "node",
    "fault",
    "cluster",
    "limits",
];

/// Keys of `[tls]`.
pub(super) const TLS: &[&str] = &["certificate", "key"];

/// Keys of `[[team]]`.
pub(super) const TEAM: &[&str] = &["id", "name", "wrap_up"];

/// Keys of `[[user]]`.
pub(super) const USER: &[&str] = &[
    "id",
    "login_name",
    "password",
    "password_hash",
    "password_scram",
    "first_name",
    "last_name",
    "roles",
    "team",
    "supervises",
    "extension",
    "devices",
    "sso",
];

/// Keys of `[[reason_code]]`.
pub(super) const REASON_CODE: &[&str] = &["id", "category", "code", "label", "teams"];

/// Keys of `[[phone_book]]`.
pub(super) const PHONE_BOOK: &[&str] = &["id", "name", "teams", "contact"];

/// Keys of `[[phone_book.contact]]`.
pub(super) const CONTACT: &[&str] = &["id", "first_name", "last_name", "phone_number", "description"];

/// Keys of `[[layout]]`.
pub(super) const LAYOUT: &[&str] = &["id", "name", "description", "teams", "header", "left", "right"];

/// Keys of `[[workflow_action]]`.
pub(super) const WORKFLOW_ACTION: &[&str] = &[
    "id",
    "name",
    "type",
    "handled_by",
    "path",
    "window_name",
    "method",
    "location",
    "content_type",
    "body",
    "variables",
];

/// Keys of `[[workflow]]`.
pub(super) const WORKFLOW: &[&str] =
    &["id", "name", "description", "teams", "trigger", "apply", "conditions", "actions"];

/// Keys of `[[desktop_layout]]`.
pub(super) const DESKTOP_LAYOUT: &[&str] = &["teams", "xml"];

/// Keys of `[[ecc_variable]]`.
pub(super) const ECC_VARIABLE: &[&str] = &["name", "length"];

/// Keys of `[settings]`, in the order of their table.
pub(super) const SETTINGS: &[&str] = &[
    "cti_host",
    "cti_port",
    "cti_backup_host",
    "cti_backup_port",
    "peripheral_id",
    "cti_secure",
    "secondary_node",
    "database_host",
    "database_backup_host",
    "database_port",
    "database_name",
    "database_domain",
    "database_username",
    "chat_primary",
    "chat_secondary",
    "cloud_connect_publisher",
    "cloud_connect_subscriber",
    "cloud_connect_username",
];

/// Keys of `[[queue]]`.
pub(super) const QUEUE: &[&str] = &["id", "name", "team", "number"];

/// Keys of `[outside]`.
pub(super) const OUTSIDE: &[&str] = &["busy", "no_answer"];

/// Keys of `[[media]]`.
pub(super) const MEDIA: &[&str] = &[
    "id",
    "name",
    "description",
    "teams",
    "interruptible",
    "max_dialogs",
    "start_timeout",
    "script_selectors",
    "channel",
    "class",
];

/// Keys of `[[campaign]]`.
pub(super) const CAMPAIGN: &[&str] =
    &["name", "team", "mode", "dialer_port", "personal_callbacks", "retry", "contact"];

/// Keys of `[[campaign.contact]]`.
pub(super) const CUSTOMER: &[&str] =
    &["phone_number", "first_name", "last_name", "account_number", "result", "variables"];

/// Keys of `[[node]]`.
pub(super) const NODE: &[&str] = &["name", "publish", "items"];

/// Keys of `[[fault]]` that every kind has, or the targets of some kinds; `fault::TABLE` has the parameters of each kind.
pub(super) const FAULT: &[&str] = &[
    "name",
    "kind",
    "user",
    "team",
    "address",
    "transport",
    "node",
    "path",
    "listener",
    "after_step",
    "after",
    "for",
    "count",
    "chance",
    "seed",
];

/// Keys of `[cluster]`.
pub(super) const CLUSTER: &[&str] = &["url", "name", "key", "password_file", "ca", "side"];

/// Keys of `[[cluster.side]]`.
pub(super) const SIDE: &[&str] = &["name", "host", "role"];

/// Every section of a configuration file but `[limits]`, and its keys; the first one is the file itself.
pub const SECTIONS: [(&str, &[&str]); 22] = [
    ("", FILE),
    ("[tls]", TLS),
    ("[[team]]", TEAM),
    ("[[user]]", USER),
    ("[[reason_code]]", REASON_CODE),
    ("[[phone_book]]", PHONE_BOOK),
    ("[[phone_book.contact]]", CONTACT),
    ("[[layout]]", LAYOUT),
    ("[[workflow_action]]", WORKFLOW_ACTION),
    ("[[workflow]]", WORKFLOW),
    ("[[desktop_layout]]", DESKTOP_LAYOUT),
    ("[[ecc_variable]]", ECC_VARIABLE),
    ("[settings]", SETTINGS),
    ("[[queue]]", QUEUE),
    ("[outside]", OUTSIDE),
    ("[[media]]", MEDIA),
    ("[[campaign]]", CAMPAIGN),
    ("[[campaign.contact]]", CUSTOMER),
    ("[[node]]", NODE),
    ("[[fault]]", FAULT),
    ("[cluster]", CLUSTER),
    ("[[cluster.side]]", SIDE),
];

/// Whether a file has this key before its first section.
pub(super) fn is_above_sections(key: &str) -> bool {
    let is_section =
        key == "limits" || SECTIONS.iter().any(|(section, _)| section.trim_matches(['[', ']']) == key);
    FILE.contains(&key) && !is_section
}
