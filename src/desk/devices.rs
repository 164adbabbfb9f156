//! The devices of a telephone, of which an agent uses one (the guide, "Devices" and "User: sign in to Finesse").

use crate::config::{Device, Profile, Release};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::write::{document, element, inside, list};
use crate::id::UserId;

impl Desk {
    /// `GET /Devices/{extension}`, for everybody.
    ///
    /// # Errors
    ///
    /// Returns Bad Request on Express, and Not Found for a telephone without devices.
    pub fn devices_document(&self, extension: &str) -> Result<String, ApiError> {
        if self.profile == Profile::Uccx {
            return Err(ApiRefusal::Malformed.about("Devices are those of Unified CCE"));
        }
        let devices = self.devices_of(extension);
        if devices.is_empty() {
            return Err(ApiRefusal::NotFound.about(extension));
        }
        Ok(document(|out| {
            list(out, "Devices", |out| {
                for device in devices {
                    inside(out, "Device", |out| {
                        element(out, "deviceId", &device.id);
                        element(out, "deviceType", &device.kind.to_string());
                        element(out, "deviceTypeName", &device.kind_name);
                    });
                }
            });
        }))
    }

    /// `GET /User/{id}/Devices`: of the telephone where the user is signed in, else of its own.
    ///
    /// # Errors
    ///
    /// Returns Invalid Authorization User Specified, and what [`Desk::devices_document`] does.
    pub fn devices_of_user(&self, actor: UserId, user: UserId) -> Result<String, ApiError> {
        self.may_see(actor, user)?;
        self.devices_document(self.telephone(user).unwrap_or_default())
    }

    /// Tells whether users show the device that they use, and whether they can choose one.
    pub(super) fn has_devices(&self) -> bool {
        self.profile == Profile::Ucce && self.release >= Release::R12_6
    }

    /// Tells whether a user has a choice of devices.
    pub(super) fn chooses_device(&self, user: UserId) -> bool {
        self.telephone(user).is_some_and(|extension| self.devices_at(user, extension).len() > 1)
    }

    /// The device that a user uses; a reload may have taken it away.
    pub(super) fn active_device(&self, user: UserId) -> Option<&str> {
        let agent = self.agent(user);
        let (extension, device) = (agent.extension.as_deref()?, agent.device.as_deref()?);
        self.devices_at(user, extension).iter().any(|one| one.id == device).then_some(device)
    }

    /// Refuses a device that the telephone does not have.
    pub(super) fn check_device(&self, extension: &str, device: &str) -> Result<(), ApiError> {
        let is_known = !self.has_devices() || self.devices_of(extension).iter().any(|one| one.id == device);
        if is_known { Ok(()) } else { Err(ApiRefusal::ParameterInvalid.about("activeDeviceId")) }
    }

    /// Takes the device that a sign-in asks for, else the first one.
    pub(super) fn choose_device(&mut self, user: UserId, extension: &str, device: Option<&str>) {
        if self.has_devices() {
            let device = device.or_else(|| self.devices_of(extension).first().map(|first| first.id.as_str()));
            self.agent_mut(user).device = device.map(str::to_owned);
        }
    }

    fn telephone(&self, user: UserId) -> Option<&str> {
        let own = self.directory.get(user).extension.as_deref();
        self.agent(user).extension.as_deref().or(own)
    }

    /// The devices of a telephone at which a user is, without a search if it is its own.
    fn devices_at(&self, user: UserId, extension: &str) -> &[Device] {
        let own = self.directory.get(user);
        if own.extension.as_deref() == Some(extension) { &own.devices } else { self.devices_of(extension) }
    }

    fn devices_of(&self, extension: &str) -> &[Device] {
        let mut users = self.directory.keys().map(|user| self.directory.get(user));
        users.find(|user| user.extension.as_deref() == Some(extension)).map_or(&[], |user| &user.devices)
    }
}
