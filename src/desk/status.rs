//! The status of the service, which SystemInfo tells.

/// The status of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    #[default]
    InService,
    OutOfService,
    PartialService,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::InService, Self::OutOfService, Self::PartialService];

    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::InService => "IN_SERVICE",
            Self::OutOfService => "OUT_OF_SERVICE",
            Self::PartialService => "PARTIAL_SERVICE",
        }
    }
}
