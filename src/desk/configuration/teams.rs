//! Lists that are assigned to a team (the guide's configuration APIs, "Team").

use crate::config::Category;
use crate::desk::configuration::objects::Object;
use crate::desk::configuration::request::Change;
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::Step;

/// The most workflows of a team (Cisco's administration guide, "Workflows and workflow actions").
const MOST_WORKFLOWS: usize = 20;

/// The objects of a list with the teams that have them.
type Owned<'a> = Vec<(u32, &'a mut Option<Vec<String>>)>;

impl Desk {
    /// Refuses a team to which nothing can be assigned, because there is none of that id.
    ///
    /// # Errors
    ///
    /// Returns the guide's error for that.
    pub fn check_assignable(&self, team: &str) -> Result<(), ApiError> {
        self.team(team).map(|_| ()).ok_or_else(|| ApiRefusal::TeamNotAssignable.about(team))
    }

    /// The team gets what the body names, and loses the rest. What is for everybody stays, named or not.
    pub(super) fn assign(&mut self, step: &mut Step<'_>, change: &Change) -> Result<(), ApiError> {
        let team = change.id(0);
        self.check_assignable(team)?;
        let object = change.object;
        let mut codes = self.reason_codes.clone();
        let is_of = |category: Category| match object {
            Object::WrapUpReason => category == Category::WrapUp,
            _ => category.name() == change.category,
        };
        let all: Owned<'_> = match object {
            Object::ReasonCode if !["NOT_READY", "LOGOUT"].contains(&change.category.as_str()) => {
                return Err(ApiRefusal::CategoryUnknown.about("category"));
            }
            Object::ReasonCode | Object::WrapUpReason => {
                let of_kind = codes.iter_mut().filter(|code| is_of(code.category));
                of_kind.map(|code| (code.id, &mut code.teams)).collect()
            }
            Object::PhoneBook => self.phone_books.iter_mut().map(|book| (book.id, &mut book.teams)).collect(),
            _ => {
                let workflows = self.configuration.objects.workflows.iter_mut();
                workflows.map(|workflow| (workflow.id, &mut workflow.teams)).collect()
            }
        };
        let mut asked = Vec::new();
        for item in change.body.children.iter().filter(|item| item.name == object.name()) {
            let uri = item.text("uri").unwrap_or_default();
            let known =
                uri.rsplit('/').next().and_then(|id| all.iter().find(|(known, _)| known.to_string() == id));
            let id = known.map(|(id, _)| *id).ok_or_else(|| ApiRefusal::ParameterInvalid.about(uri))?;
            if !asked.contains(&id) {
                asked.push(id);
            }
        }
        if object == Object::Workflow && asked.len() > MOST_WORKFLOWS {
            return Err(ApiRefusal::MaximumExceeded.about(object.name()));
        }
        for (id, teams) in all {
            let Some(teams) = teams else { continue };
            teams.retain(|one| one != team);
            if asked.contains(&id) {
                teams.push(team.to_owned());
            }
        }
        match object {
            Object::ReasonCode | Object::WrapUpReason => self.replace_reason_codes(step, codes),
            // A desktop runs them in this order (Cisco's administration guide, "Workflows and workflow actions").
            Object::Workflow => {
                self.configuration.workflow_order.insert(team.to_owned(), asked);
            }
            _ => {}
        }
        Ok(())
    }
}
