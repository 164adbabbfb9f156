//! Settings of the system and layouts of the desktop: their documents, and how they change (the guide, "SystemConfig",
//! "ClusterConfig", "EnterpriseDatabaseConfig", "ChatConfig", "Cloud Connect", "ECCVariableConfig", "ConfigInfo", "Get Script
//! Selectors" and "LayoutConfig").

use crate::config::settings::{Form, Setting, TABLE};
use crate::config::{LAYOUT_ROOT, LONGEST_LAYOUT, Role, VOICE};
use crate::desk::configuration::objects::Object;
use crate::desk::configuration::request::Change;
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::write::{close, document, element, inside, list};
use crate::id::UserId;
use crate::xml;
use crate::xml::Bounds;

/// The layout of the desktop where the configuration has none.
const DEFAULT_LAYOUT: &str = include_str!("default_layout.xml");

impl Desk {
    /// `GET /SystemConfig` and its like. Passwords are left empty.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to everybody but administrators, unless it is a part that desktops ask for.
    pub fn settings_document(&self, actor: UserId, object: Object) -> Result<String, ApiError> {
        if object != Object::ChatConfig {
            self.administrators_only(actor)?;
        }
        let name = object.name();
        Ok(document(|out| {
            inside(out, name, |out| {
                element(out, "uri", &format!("/finesse/api/{name}"));
                let mut open: Option<&str> = None;
                for (setting, value) in
                    rows(object).map(|(place, row)| (row, &self.configuration.settings().0[place]))
                {
                    let [group @ .., leaf] = setting.path else { continue };
                    let group = group.first().copied();
                    if open != group {
                        if let Some(open) = open {
                            close(out, open);
                        }
                        if let Some(group) = group {
                            out.extend(["<", group, ">"]);
                        }
                        open = group;
                    }
                    element(out, leaf, value);
                }
                if let Some(open) = open {
                    close(out, open);
                }
            });
        }))
    }

    /// Takes the settings that a body has. Those that it lacks stay, but what is needed has to be in it.
    pub(super) fn change_settings(&mut self, change: &Change) -> Result<(), ApiError> {
        let mut settings = self.configuration.settings().clone();
        for (place, setting) in rows(change.object) {
            let [path @ .., leaf] = setting.path else { continue };
            let parent = path.iter().try_fold(&change.body, |parent, name| parent.child(name));
            let text = parent.and_then(|parent| parent.text(leaf));
            match text {
                None | Some("") if setting.needed => return Err(ApiRefusal::ParameterMissing.about(*leaf)),
                Some(text) if setting.form.check(text).is_err() => {
                    return Err(ApiRefusal::ParameterInvalid.about(*leaf));
                }
                Some(text) if setting.form != Form::Secret => text.clone_into(&mut settings.0[place]),
                _ => {}
            }
        }
        self.configuration.objects.settings = settings;
        Ok(())
    }

    /// `GET /ECCVariableConfig`.
    pub fn ecc_variables_document(&self) -> String {
        document(|out| {
            list(out, "ECCVariableConfig", |out| {
                for (name, length) in &self.configuration.objects.ecc_variables {
                    inside(out, "ECCVariable", |out| {
                        element(out, "name", name);
                        element(out, "length", &length.to_string());
                    });
                }
            });
        })
    }

    /// `GET /ScriptSelectors`: the numbers of queues, and the script selectors of media; `channel` is `voice`, `digitalchannel`, or `all`
    /// as if it were empty.
    ///
    /// # Errors
    ///
    /// Returns Not Found for another channel.
    pub fn script_selectors_document(&self, channel: &str) -> Result<String, ApiError> {
        let (has_voice, has_media) = match channel {
            "" | "all" => (true, true),
            "voice" => (true, false),
            "digitalchannel" => (false, true),
            _ => return Err(ApiRefusal::NotFound.about(channel)),
        };
        let queues = self.queues.iter().filter(|_| has_voice).map(|queue| &queue.config);
        let of_queues = queues.map(|queue| (VOICE, &queue.name, &queue.number, &queue.name));
        let of_media = self.media.list.iter().filter(|_| has_media).flat_map(|medium| {
            let selectors = medium.script_selectors.iter();
            selectors.map(|selector| (medium.id, selector, selector, &medium.description))
        });
        Ok(document(|out| {
            list(out, "ScriptSelectors", |out| {
                for (medium, name, number, description) in of_queues.chain(of_media) {
                    inside(out, "ScriptSelector", |out| {
                        element(out, "MrdID", &medium.to_string());
                        element(out, "Name", name);
                        element(out, "DialedNumber", number);
                        element(out, "Description", description);
                    });
                }
            });
        }))
    }

    /// `GET /ConfigInfo`: how much there is of each.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to everybody but administrators.
    pub fn config_info_document(&self, actor: UserId) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        let users = || self.directory.keys().map(|user| self.directory.get(user));
        let supervisors = users().filter(|user| user.roles.contains(&Role::Supervisor)).count();
        Ok(document(|out| {
            inside(out, "ConfigInfo", |out| {
                element(out, "totalSkillGroups", &self.queues.len().to_string());
                element(out, "totalSupervisors", &supervisors.to_string());
                element(out, "totalTeams", &self.teams.len().to_string());
                element(out, "totalUsers", &users().count().to_string());
                element(out, "uri", "/finesse/api/ConfigInfo");
                element(out, "versionInfo", self.release.name());
            });
        }))
    }

    /// `GET /LayoutConfig/default`.
    pub fn desktop_layout_document(&self) -> String {
        document(|out| {
            inside(out, "LayoutConfig", |out| {
                element(out, "uri", "/finesse/api/LayoutConfig/default");
                element(out, "layoutxml", self.desktop_layout(None));
            });
        })
    }

    /// `GET /Team/{id}/LayoutConfig`.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::visible_team`] does.
    pub fn team_layout_document(&self, actor: UserId, team: &str) -> Result<String, ApiError> {
        self.visible_team(actor, team)?;
        let is_own = self.configuration.objects.team_layouts.iter().any(|(own, _)| own == team);
        Ok(document(|out| {
            inside(out, "TeamLayoutConfig", |out| {
                element(out, "useDefault", &(!is_own).to_string());
                element(out, "layoutxml", self.desktop_layout(Some(team)));
            });
        }))
    }

    /// The layout of the desktop of a team, or the default.
    fn desktop_layout(&self, team: Option<&str>) -> &str {
        let objects = &self.configuration.objects;
        let own = objects.team_layouts.iter().find(|(own, _)| Some(own.as_str()) == team).map(|(_, xml)| xml);
        own.or(objects.desktop_layout.as_ref()).map_or(DEFAULT_LAYOUT.trim_end(), String::as_str)
    }

    pub(super) fn change_desktop_layout(&mut self, change: &Change) -> Result<(), ApiError> {
        let team = change.ids.first().map(String::as_str);
        if let Some(team) = team {
            self.check_assignable(team)?;
        }
        let use_default = change.body.text("useDefault").unwrap_or("false");
        if !["true", "false"].contains(&use_default) {
            return Err(ApiRefusal::ParameterInvalid.about("useDefault"));
        }
        let is_own = team.is_none() || use_default == "false";
        let text = change.body.text("layoutxml").filter(|text| !text.is_empty());
        let layout = match text.filter(|_| is_own) {
            Some(text) => Some(self.checked_layout(text)?),
            None if is_own => return Err(ApiRefusal::ParameterMissing.about("layoutxml")),
            None => None,
        };
        let objects = &mut self.configuration.objects;
        match team {
            None => objects.desktop_layout = layout,
            Some(team) => {
                objects.team_layouts.retain(|(own, _)| own != team);
                objects.team_layouts.extend(layout.map(|xml| (team.to_owned(), xml)));
            }
        }
        Ok(())
    }

    fn checked_layout(&self, text: &str) -> Result<String, ApiError> {
        let bounds = Bounds { bytes: LONGEST_LAYOUT, ..Bounds::of(&self.limits) };
        let is_layout = xml::read_document(text, &bounds)
            .is_ok_and(|document| document.root_element().tag_name().name() == LAYOUT_ROOT);
        if is_layout { Ok(text.to_owned()) } else { Err(ApiRefusal::ParameterInvalid.about("layoutxml")) }
    }
}

/// The rows of the table that an object has, with their places.
fn rows(object: Object) -> impl Iterator<Item = (usize, &'static Setting)> {
    TABLE.iter().enumerate().filter(move |(_, setting)| setting.object == object.name())
}
