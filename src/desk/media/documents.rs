//! The documents of media and tasks: names as the guide has them ("Media", "Dialog Object for Nonvoice Tasks").

use crate::config::{Medium, Profile, Release};
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::documents::write_variables;
use crate::desk::documents::{IN_USER, OF_AGENT, write_reason};
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::media::room::{Task, category, is_assigned};
use crate::desk::media::states::Disposition;
use crate::desk::nodes;
use crate::desk::reasons::{Reason, Shown};
use crate::desk::write::{document, element, inside, list, timestamp};
use crate::id::UserId;

impl Desk {
    /// The media other than voice, in the order of the file.
    pub fn media_of_file(&self) -> &[Medium] {
        &self.media.list
    }

    /// `GET /User/{id}/Media`: the user's media from 12.6 on, before it all media, of which those that the user does not handle have
    /// their names only (Cisco's release notes of 12.6(2), "Finesse REST APIs").
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::user_document`] does.
    pub fn media_document(&self, actor: UserId, user: UserId) -> Result<String, ApiError> {
        self.may_see(actor, user)?;
        let has_all = self.release < Release::R12_6;
        let shown = self.media.list.iter().filter(|medium| has_all || self.handles(user, medium));
        Ok(document(|out| {
            list(out, "MediaList", |out| {
                shown.for_each(|medium| self.write_medium(out, "Media", user, medium));
            });
        }))
    }

    /// `GET /MediaDomain`: every medium other than voice, for every user (the guide, "Cisco Finesse REST APIs"; Cisco's release notes
    /// of 12.6(2)).
    pub fn media_domains_document(&self) -> String {
        document(|out| {
            list(out, "MediaDomains", |out| {
                self.media.list.iter().for_each(|medium| self.write_domain(out, medium));
            });
        })
    }

    /// `GET /MediaDomain/{id}`.
    ///
    /// # Errors
    ///
    /// Returns Not Found for another medium.
    pub fn media_domain_document(&self, medium: &str) -> Result<String, ApiError> {
        let medium = self.media.named(medium).ok_or_else(|| ApiRefusal::NotFound.about(medium))?;
        Ok(document(|out| self.write_domain(out, medium)))
    }

    fn write_domain(&self, out: &mut String, medium: &Medium) {
        inside(out, "MediaDomain", |out| {
            element(out, "uri", &format!("/finesse/api/MediaDomain/{}", medium.id));
            element(out, "description", &medium.description);
            element(out, "id", &medium.id.to_string());
            element(out, "interruptible", if medium.interruptible { "true" } else { "false" });
            element(out, "name", &medium.name);
            self.write_channel(out, medium);
        });
    }

    /// The names that 12.6(2) has added.
    fn write_channel(&self, out: &mut String, medium: &Medium) {
        if self.release >= Release::R12_6 {
            element(out, "channel", &medium.channel);
            element(out, "mediaClass", &medium.class);
        }
    }

    /// Tells whether a user works in a medium. An agent who has just been taken out of one is told so once.
    fn handles(&self, user: UserId, medium: &Medium) -> bool {
        is_assigned(self.directory.get(user), medium) || self.media.agents.contains_key(&(user, medium.id))
    }

    /// `GET /User/{id}/Media/{mrdId}`.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::user_document`] does, Not Found for another medium, and Not Implemented for Express.
    pub fn medium_document(&self, actor: UserId, user: UserId, medium: &str) -> Result<String, ApiError> {
        self.may_see(actor, user)?;
        self.has_media()?;
        let medium = self.media.named(medium).ok_or_else(|| ApiRefusal::NotFound.about(medium))?;
        Ok(document(|out| self.write_medium(out, "Media", user, medium)))
    }

    /// `GET /User/{id}/Dialogs/Media`, and the tasks of one medium.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::medium_document`] does.
    pub fn tasks_document(
        &self,
        actor: UserId,
        user: UserId,
        medium: Option<&str>,
    ) -> Result<String, ApiError> {
        self.may_see(actor, user)?;
        self.has_media()?;
        let named = |name: &str| self.media.named(name).ok_or_else(|| ApiRefusal::NotFound.about(name));
        let medium = medium.map(named).transpose()?.map(|medium| medium.id);
        Ok(document(|out| list(out, "Dialogs", |out| self.write_tasks(out, user, medium))))
    }

    /// Writes the tasks of a user, of one medium or of all.
    pub(in crate::desk) fn write_tasks(&self, out: &mut String, user: UserId, medium: Option<u32>) {
        let of_medium = self.media.of(user).filter(|(id, _)| medium.is_none_or(|medium| medium == *id));
        let ids = of_medium.flat_map(|(_, one)| one.tasks.iter());
        let tasks = ids.filter_map(|id| self.media.tasks.get(id));
        tasks.for_each(|task| self.write_task(out, "Dialog", task, None));
    }

    /// `GET /Dialog/{id}` of a task: for its agent, the agent's supervisors, and administrators.
    ///
    /// # Errors
    ///
    /// Returns Not Found, or Invalid Authorization User Specified to everybody else.
    pub(in crate::desk) fn task_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        let task = self.find_task(id)?;
        match task.agent {
            Some(agent) => self.may_see(actor, agent)?,
            None => self.administrators_only(actor)?,
        }
        Ok(document(|out| self.write_task(out, "Dialog", task, None)))
    }

    fn has_media(&self) -> Result<(), ApiError> {
        match self.profile {
            Profile::Uccx => Err(ApiRefusal::NotImplemented.about("Media")),
            Profile::Ucce => Ok(()),
        }
    }

    pub(super) fn write_medium(&self, out: &mut String, root: &str, user: UserId, medium: &Medium) {
        let one = self.media.agents.get(&(user, medium.id));
        let owner = self.directory.get(user);
        let is_handled = self.handles(user, medium);
        let flag = |value: bool| if value { "true" } else { "false" };
        inside(out, root, |out| {
            element(out, "uri", &nodes::medium(&owner.id, medium.id));
            element(out, "description", &medium.description);
            if is_handled {
                let transfers = one.is_some_and(|one| one.transfers);
                element(out, "dialogLogoutAction", if transfers { "TRANSFER" } else { "CLOSE" });
            }
            element(out, "id", &medium.id.to_string());
            element(out, "interruptible", flag(medium.interruptible));
            if is_handled {
                let limit = one.map_or(medium.max_dialogs, |one| one.max_dialogs);
                element(out, "maxDialogLimit", &limit.to_string());
            }
            element(out, "name", &medium.name);
            if is_handled {
                let reason = one.filter(|one| category(one.state).is_some()).and_then(|one| one.reason);
                let reason = reason.map(|reason| match reason {
                    // The place was found in this list, or anew when another one came.
                    Reason::Configured(place) => Shown::from(&self.reason_codes[place]),
                    Reason::System(code) => Shown::from(code),
                });
                if let Some(reason) = &reason {
                    write_reason(out, OF_AGENT, reason, IN_USER);
                }
                let id = reason.and_then(|reason| reason.id);
                element(out, "reasonCodeId", &id.map_or_else(|| "-1".to_owned(), |id| id.to_string()));
                element(out, "routable", flag(one.is_some_and(|one| one.signed_in && one.routable)));
                element(out, "state", one.map(|one| one.state).unwrap_or_default().name());
                element(out, "stateChangeTime", &one.map(|one| timestamp(one.since)).unwrap_or_default());
                let accepts = one.is_none_or(|one| one.accepts_interrupts);
                element(out, "interruptAction", if accepts { "ACCEPT" } else { "IGNORE" });
            }
            if self.release >= Release::R12_6 {
                element(out, "finesseAssociated", flag(is_handled));
            }
            self.write_channel(out, medium);
        });
    }

    pub(super) fn write_task(&self, out: &mut String, root: &str, task: &Task, closed: Option<Disposition>) {
        let former = Some(&task.former).filter(|former| !former.is_empty());
        let is_interrupted = task.agent.is_some_and(|agent| self.is_interrupted(agent, task.medium));
        let state = match closed {
            Some(_) => "CLOSED",
            None if is_interrupted && task.state.can_be_interrupted() => "INTERRUPTED",
            None => task.state.name(),
        };
        let offers = if closed.is_some() || is_interrupted { &[] } else { task.state.offers() };
        inside(out, root, |out| {
            element(
                out,
                "associatedDialogUri",
                &former.map(|former| nodes::task(former)).unwrap_or_default(),
            );
            element(out, "fromAddress", "");
            element(out, "id", &task.dialog_id());
            inside(out, "mediaProperties", |out| {
                element(out, "dialedNumber", "");
                element(out, "dispositionCode", closed.map_or("", Disposition::name));
                element(out, "mediaId", &task.medium.to_string());
                element(out, "queueName", "");
                element(out, "queueNumber", "");
                if !task.wrap_up_reason.is_empty() {
                    element(out, "wrapUpReason", &task.wrap_up_reason);
                }
                write_variables(out, &task.variables);
            });
            element(out, "mediaType", self.media.medium(task.medium).map_or("", |medium| &medium.name));
            inside(out, "participants", |out| {
                let Some(agent) = task.agent else { return };
                inside(out, "Participant", |out| {
                    inside(out, "actions", |out| {
                        offers.iter().for_each(|action| element(out, "action", action.name()));
                    });
                    element(out, "mediaAddress", &self.directory.get(agent).id);
                    element(out, "startTime", &timestamp(task.started));
                    element(out, "state", state);
                    element(out, "stateChangeTime", &timestamp(task.since));
                });
            });
            element(out, "state", state);
            element(out, "toAddress", "");
            element(out, "uri", &nodes::task(&task.dialog_id()));
        });
    }
}
