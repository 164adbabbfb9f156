//! Reason codes and wrap-up reasons that are created, changed and deleted (the guide, "ReasonCode" and "WrapUpReason").

use crate::config::{Category, ReasonCode};
use crate::desk::configuration::change::{check_name, set, set_for_all, store};
use crate::desk::configuration::objects::Object;
use crate::desk::configuration::request::{Action, Change};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::Step;
use crate::text::number;

impl Desk {
    /// An agent whose reason is deleted has none from then on.
    pub(super) fn change_reason(
        &mut self,
        step: &mut Step<'_>,
        change: &Change,
    ) -> Result<Option<u32>, ApiError> {
        let object = change.object;
        let is_one =
            |code: &ReasonCode| (code.category == Category::WrapUp) == (object == Object::WrapUpReason);
        let mut codes = self.reason_codes.clone();
        let asked = change.id(0);
        let place = codes.iter().position(|code| is_one(code) && code.id.to_string() == asked);
        let place = place.filter(|_| change.action != Action::Create);
        if place.is_none() && change.action != Action::Create {
            return Err(ApiRefusal::NotFound.about(asked));
        }
        if let (Some(place), Action::Delete) = (place, change.action) {
            codes.remove(place);
            self.replace_reason_codes(step, codes);
            return Ok(None);
        }
        let body = &change.body;
        let old = place.and_then(|place| codes.get(place));
        let mut code = old.cloned().unwrap_or(ReasonCode {
            id: 0,
            category: Category::WrapUp,
            code: free_code(&codes),
            label: String::new(),
            teams: None,
        });
        if old.is_none() {
            let named = |category: &Category| body.text("category") == Some(category.name());
            code.category = Category::ALL.into_iter().find(named).unwrap_or(Category::WrapUp);
        }
        set(body, "label", &mut code.label);
        if let Some(code_number) = body.text("code").and_then(number) {
            code.code = code_number;
        }
        if let Some(for_all) = body.text("forAll") {
            set_for_all(for_all == "true", &mut code.teams);
        }
        check_name(object, &codes, place, |other| {
            other.category == code.category && (other.code == code.code || other.label == code.label)
        })?;
        let for_all = code.teams.is_none();
        let others = (0..).zip(&codes).filter(|(other, _)| Some(*other) != place);
        let count =
            others.filter(|(_, other)| other.category == code.category && other.teams.is_none() == for_all);
        object.check_room(for_all, count.count())?;
        if place.is_none() {
            let taken: Vec<u32> = codes.iter().map(|code| code.id).collect();
            // Both kinds stand in one list.
            code.id = self.configuration.next_id(Object::ReasonCode, &taken);
        }
        let id = code.id;
        store(&mut codes, place, code);
        self.replace_reason_codes(step, codes);
        Ok(place.is_none().then_some(id))
    }
}

/// The number of a wrap-up reason, which no request has.
fn free_code(codes: &[ReasonCode]) -> u16 {
    let is_free =
        |code: &u16| codes.iter().all(|other| other.category != Category::WrapUp || other.code != *code);
    (1..u16::MAX).find(is_free).unwrap_or(u16::MAX)
}
