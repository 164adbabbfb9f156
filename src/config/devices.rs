//! Devices of telephones, and how `devices` of `[[user]]` is read (the guide, "Devices").

use toml::Spanned;
use toml::de::DeValue;

use crate::config::problem::{Placed, Report, shown};
use crate::config::rules;
use crate::config::section;
use crate::config::section::{Reported, Section, all, kind_of, number};

/// The most devices of a telephone.
const MOST: usize = 10;
/// The longest id of a device and the longest name of its type, in characters.
const LONGEST_ID: usize = 64;
const LONGEST_NAME: usize = 128;

/// A device that has the number of a telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// By which sign-ins name it; no two of a user have the same.
    pub id: String,
    /// The type as JTAPI has it (`CiscoTerminal.getType`).
    pub kind: u32,
    /// The type for people (`CiscoTerminal.getTypeName`).
    pub kind_name: String,
}

/// Reads `devices`, which a user without a telephone cannot have.
pub(super) fn read(
    report: &mut Report,
    section: &Section,
    has_extension: bool,
) -> Result<Vec<Device>, Reported> {
    let Some(Placed { place, value }) = section.value(report, "devices") else {
        return Ok(Vec::new());
    };
    let Some(list) = value.as_array() else {
        let kind = kind_of(value);
        report.add(
            place,
            format!(
                "devices must be an array like [[\"SEP0019305D8EC1\", 30018, \"Cisco 7961\"]], not {kind}"
            ),
        );
        return Err(Reported);
    };
    if !has_extension && !list.is_empty() {
        report.add(place, "devices are those of a telephone; add an extension or leave this out");
    }
    if let Some(device) = list.get(MOST) {
        let place = report.place(device.span());
        report.add(place, format!("devices can have {MOST} devices; leave some out"));
    }
    let read = list.iter().map(|one| {
        let place = report.place(one.span());
        device(report, Placed { place, value: one.get_ref() }).map(|device| (place, device))
    });
    let devices = all(read)?;
    for (nth, (place, device)) in devices.iter().enumerate() {
        if devices[..nth].iter().any(|(_, other)| other.id == device.id) {
            report.add(*place, format!("devices has {} twice; leave one out", shown(&device.id)));
        }
    }
    Ok(devices.into_iter().map(|(_, device)| device).collect())
}

fn device(report: &mut Report, one: Placed<&DeValue>) -> Result<Device, Reported> {
    let array = one.value.as_array().map(|array| array.iter().collect::<Vec<&Spanned<DeValue>>>());
    let parts = match array.as_deref() {
        Some([id, kind, name]) => kind.get_ref().as_integer().map(|kind| (*id, number(kind), *name)),
        _ => None,
    };
    let Some((id, Ok(kind), name)) = parts.map(|(id, kind, name)| (id, u32::try_from(kind), name)) else {
        let sentence = "each of devices must be an id, the number of a type and its name, like \
                        [\"SEP0019305D8EC1\", 30018, \"Cisco 7961\"]";
        report.add(one.place, sentence);
        return Err(Reported);
    };
    let (id, name) = (named(report, "id", id, LONGEST_ID), named(report, "name", name, LONGEST_NAME));
    Ok(Device { id: id?, kind, kind_name: name? })
}

fn named(
    report: &mut Report,
    key: &'static str,
    text: &Spanned<DeValue>,
    longest: usize,
) -> Result<String, Reported> {
    let text = section::string(report, key, text)?;
    let checked = rules::name(text.value).and_then(|()| rules::text(text.value, longest));
    checked.map(|()| text.value.to_owned()).map_err(|end| {
        report.add(text.place, format!("{key} {} {end}", shown(text.value)));
        Reported
    })
}
