//! SIGHUP: the configuration is read again, with its certificate.

use std::rc::Rc;
use std::sync::Arc;

use crate::config::{Config, Fixed, Problem};
use crate::event_loop::threads;
use crate::http::site::Site;
use crate::net::accept::TlsInUse;
use crate::net::tls;
use crate::net::tls::Identity;

/// Reads the configuration again, with warnings, off the event loop; or returns a line for every problem.
pub type Again = Arc<dyn Fn() -> Result<(Config, Vec<Problem>), Vec<String>> + Send + Sync>;

/// Reads a configuration again.
pub struct Reloader {
    /// `None`: the configuration is inside the program.
    again: Option<Again>,
    fixed: Fixed,
    /// Whether the certificate in use is from files.
    from_files: bool,
    tls: TlsInUse,
}

/// Another configuration, and what is made of it.
pub struct Read {
    config: Config,
    warnings: Vec<Problem>,
    /// A new one, if there is to be one.
    identity: Option<Identity>,
}

impl Reloader {
    /// A server that runs with `config`, which is read again by `again` if there is a file of it.
    pub fn new(config: &Config, again: Option<Again>, identity: Option<&Identity>) -> Self {
        Self {
            again,
            fixed: Fixed::of(config),
            from_files: config.tls.is_some(),
            tls: Rc::new(std::cell::RefCell::new(identity.map(|identity| identity.server.clone()))),
        }
    }

    /// The configuration of TLS for new handshakes, now and after another certificate was read.
    pub fn tls(&self) -> TlsInUse {
        self.tls.clone()
    }

    /// Reads everything again, which may take its time; nothing changes before [`Reloader::apply`]. Returns `None` if there is no
    /// file.
    pub async fn read(&self) -> Result<Option<Read>, Vec<String>> {
        let Some(again) = self.again.clone() else { return Ok(None) };
        let from_files = self.from_files;
        threads::run(move || read(&again, from_files)).await.map(Some)
    }

    /// Uses what was read. Sessions stay, but for those of users who are gone. A bad file changes nothing.
    pub fn apply(&mut self, site: &Rc<Site>, read: Result<Option<Read>, Vec<String>>) {
        match read {
            Ok(Some(read)) => self.take(site, read),
            Ok(None) => {
                log::info!("reload: the demo is inside the program, so there is no file to read again")
            }
            Err(problems) => {
                for problem in problems {
                    log::error!("reload: nothing has changed: {problem}");
                }
            }
        }
    }

    fn take(&mut self, site: &Rc<Site>, Read { config, warnings, identity }: Read) {
        for problem in &warnings {
            log::warn!("reload: {}", problem.warning());
        }
        for key in self.fixed.differences(&Fixed::of(&config)) {
            log::warn!("reload: {key} has changed, which counts only from the next start on");
        }
        if let Some(mut identity) = identity {
            if let Some(earlier) = &*site.identity.borrow() {
                identity.resume(earlier);
            }
            log::info!("reload: certificate in use, SHA-256 {}", identity.fingerprint);
            *self.tls.borrow_mut() = Some(identity.server.clone());
            site.take_identity(identity);
        }
        self.from_files = config.tls.is_some();
        site.driver.checks.remember(config.remembered(&site.limits));
        let reloaded = site.driver.with_hub(|hub, now| hub.reload(now, config));
        log::info!("reload: {reloaded}");
    }
}

/// Reads the files. A certificate that was made at the start stays, if there are still no files for it.
fn read(again: &Again, from_files: bool) -> Result<Read, Vec<String>> {
    let (config, warnings) = again()?;
    let identity = if from_files || config.tls.is_some() {
        tls::identity(&config)
            .map_err(|problems| problems.iter().map(Problem::to_string).collect::<Vec<_>>())?
    } else {
        None
    };
    Ok(Read { config, warnings, identity })
}
