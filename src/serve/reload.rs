//! SIGHUP: the configuration is read again, with its certificate. A certificate that the server made is looked at now and then.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use smol::Timer;

use crate::config::{Config, Files, Fixed, Problem, SelfSigned};
use crate::event_loop::threads;
use crate::http::faults;
use crate::http::site::Site;
use crate::hub;
use crate::hub::FileFault;
use crate::net::accept::TlsInUse;
use crate::net::clock::now;
use crate::net::tls;
use crate::net::tls::{Identity, kept};

/// How often a certificate that the server made is looked at: a server may run for longer than it is valid, and the clock of a
/// board may be set only after the start.
const LOOK: Duration = Duration::from_secs(3600);

/// Reads the configuration again, with warnings, off the event loop; or returns a line for every problem.
pub type Again = Arc<dyn Fn() -> Result<(Config, Vec<Problem>), Vec<String>> + Send + Sync>;

/// Reads a configuration again.
pub struct Reloader {
    /// `None`: the configuration is inside the program.
    again: Option<Again>,
    fixed: Fixed,
    /// The certificate to be made where the configuration names none: listeners and names stay until the end.
    wanted: Option<SelfSigned>,
    tls: TlsInUse,
}

/// What it takes to look after a certificate that the server made.
pub struct OwnCertificate {
    wanted: Option<SelfSigned>,
    tls: TlsInUse,
}

/// Another configuration, and what is made of it.
pub struct Read {
    config: Config,
    faults: Vec<FileFault>,
    warnings: Vec<Problem>,
    /// A new one, if there is to be one.
    identity: Option<Identity>,
    /// That in use when this was read.
    earlier: Option<Identity>,
}

impl Reloader {
    /// A server that runs with `config`, which is read again by `again` if there is a file of it.
    pub fn new(config: &Config, again: Option<Again>, identity: Option<&Identity>) -> Self {
        Self {
            again,
            fixed: Fixed::of(config),
            wanted: config.files().self_signed,
            tls: Rc::new(std::cell::RefCell::new(identity.map(Identity::configurations))),
        }
    }

    /// The configuration of TLS for new handshakes, now and after another certificate was read.
    pub fn tls(&self) -> TlsInUse {
        self.tls.clone()
    }

    /// What it takes to look after a certificate that the server made.
    pub fn own_certificate(&self) -> OwnCertificate {
        OwnCertificate { wanted: self.wanted.clone(), tls: self.tls() }
    }

    /// Reads everything again, which may take its time; nothing changes before [`Reloader::apply`]. Returns `None` if there is no
    /// file.
    pub async fn read(&self, site: &Rc<Site>) -> Result<Option<Read>, Vec<String>> {
        let Some(again) = self.again.clone() else { return Ok(None) };
        let (wanted, earlier) = (self.wanted.clone(), site.identity.borrow().clone());
        threads::run(move || read(&again, wanted, earlier.as_ref())).await.map(Some)
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

    fn take(&mut self, site: &Rc<Site>, Read { config, faults, warnings, identity, earlier }: Read) {
        for problem in &warnings {
            log::warn!("reload: {}", problem.warning());
        }
        for key in self.fixed.differences(&Fixed::of(&config)) {
            log::warn!("reload: {key} has changed, which counts only from the next start on");
        }
        // While the files were read, the server may have made itself another one.
        if let Some(identity) =
            identity.filter(|identity| !identity.self_signed || is_in_use(site, earlier.as_ref()))
        {
            use_certificate(site, &self.tls, identity);
        }
        site.driver.checks.remember(config.remembered(&site.limits));
        let reloaded = site.driver.with_hub(|hub, now| hub.reload(now, config));
        log::info!("reload: {reloaded}");
        take_faults(site, faults);
    }
}

/// Sets the faults of a configuration, if they were on at the start.
pub fn take_faults(site: &Rc<Site>, of_file: Vec<FileFault>) {
    if !cfg!(feature = "lab") || !site.faults {
        return;
    }
    for refusal in site.driver.with_hub(|hub, now| hub.take_file_faults(now, of_file)) {
        log::error!("{refusal}");
    }
    faults::heal_what_locks_out(site);
}

/// Shows a certificate to new handshakes.
fn use_certificate(site: &Rc<Site>, tls: &TlsInUse, mut identity: Identity) {
    let earlier = site.identity.borrow().clone();
    let same = earlier.as_ref().is_some_and(|earlier| earlier.chain == identity.chain);
    if let Some(earlier) = &earlier {
        identity.resume(earlier);
    }
    if !same || !identity.self_signed {
        log::info!("reload: certificate in use, SHA-256 {}", identity.fingerprint);
    }
    *tls.borrow_mut() = Some(identity.configurations());
    site.take_identity(identity);
}

/// Tells whether a certificate is still the one in use.
fn is_in_use(site: &Site, identity: Option<&Identity>) -> bool {
    let in_use = site.identity.borrow();
    in_use.as_ref().map(|identity| &identity.chain) == identity.map(|identity| &identity.chain)
}

/// Reads the files.
fn read(again: &Again, wanted: Option<SelfSigned>, earlier: Option<&Identity>) -> Result<Read, Vec<String>> {
    let (config, warnings) = again()?;
    let files = Files { self_signed: wanted, ..config.files() };
    let identity = tls::identity(&files, earlier)
        .map_err(|problems| problems.iter().map(Problem::to_string).collect::<Vec<_>>())?;
    // Looked at before, with all other problems.
    let faults = hub::faults_of_file(&config).unwrap_or_default();
    Ok(Read { config, faults, warnings, identity, earlier: earlier.cloned() })
}

/// Looks now and then whether a certificate that the server made still fits, and puts another one into its place if it does not.
/// Never ends.
pub async fn keep_certificate(site: Rc<Site>, own: OwnCertificate) {
    loop {
        Timer::after(LOOK).await;
        renew(&site, &own).await;
    }
}

/// Puts another certificate into the place of one that the server made and that does not fit any more. One that a reload has put there
/// meanwhile stays.
async fn renew(site: &Rc<Site>, OwnCertificate { wanted, tls }: &OwnCertificate) {
    let (Some(wanted), Some(earlier)) = (wanted.clone(), site.identity.borrow().clone()) else { return };
    if !earlier.self_signed || kept::misfit(&wanted, &earlier, now().wall).is_none() {
        return;
    }
    let looked_at = earlier.clone();
    match threads::run(move || kept::identity(&wanted, Some(&earlier))).await {
        Ok(identity) if is_in_use(site, Some(&looked_at)) => use_certificate(site, tls, identity),
        Ok(_) => {}
        Err(error) => log::warn!("no other certificate could be made: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rustix::fs::{FlockOperation, flock};
    use smol::LocalExecutor;
    use smol::future::poll_once;

    use super::*;

    /// A certificate for these names that is kept nowhere.
    fn made(names: &[&str]) -> (SelfSigned, Identity) {
        let names = names.iter().map(ToString::to_string).collect();
        let wanted = SelfSigned { names, state_dir: Some(PathBuf::from("/dev/null/state")) };
        let identity = kept::identity(&wanted, None).expect("it is made");
        (wanted, identity)
    }

    /// A server that uses a certificate.
    fn site(identity: &Identity) -> (Rc<Site>, Reloader) {
        let executor = Rc::new(LocalExecutor::new());
        let site = Site::new(Config::demo(), None, executor.clone(), executor);
        site.take_identity(identity.clone());
        (site, Reloader::new(&Config::demo(), None, Some(identity)))
    }

    fn is_shown(site: &Site, reloader: &Reloader, identity: &Identity) -> bool {
        let shown =
            reloader.tls.borrow().as_ref().is_some_and(|tls| Arc::ptr_eq(&tls.http, &identity.server));
        shown && is_in_use(site, Some(identity))
    }

    #[test]
    fn a_certificate_that_is_made_does_not_take_the_place_of_one_that_a_reload_has_brought() {
        let (_, first) = made(&["localhost"]);
        let folder = std::env::temp_dir().join(format!("callboard-overtaken-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("it is ours");
        for is_overtaken in [true, false] {
            let (site, reloader) = site(&first);
            let names = vec!["board.example.org".to_owned()];
            let wanted = SelfSigned { names, state_dir: Some(folder.clone()) };
            let own = OwnCertificate { wanted: Some(wanted), tls: reloader.tls() };
            let (_, mut brought) = made(&["brought.example.org"]);
            brought.self_signed = false;
            // For as long as another process holds the folder, nothing is made.
            let held = std::fs::File::open(&folder).expect("it is ours");
            flock(&held, FlockOperation::NonBlockingLockExclusive).expect("nobody holds it");
            smol::block_on(async {
                let mut renewing = Box::pin(renew(&site, &own));
                assert!(poll_once(&mut renewing).await.is_none());
                if is_overtaken {
                    use_certificate(&site, &reloader.tls, brought.clone());
                }
                drop(held);
                renewing.await;
            });
            let in_use = site.identity.borrow().clone().expect("there is one");
            assert_eq!(in_use.chain == brought.chain, is_overtaken);
            assert!(is_shown(&site, &reloader, &in_use) && in_use.chain != first.chain);
        }
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }

    /// The file names a second listener, which there is only from the next start on.
    #[test]
    #[cfg(feature = "lab")]
    fn a_fault_that_was_healed_so_that_somebody_can_come_in_is_healed_again_behind_a_reset() {
        let (_, identity) = made(&["localhost"]);
        let (site, _) = site(&identity);
        let listener =
            crate::net::listen::Listening { address: ([127, 0, 0, 1], 8445).into(), tls: true, xmpp: false };
        *site.listeners.borrow_mut() = vec![listener];
        let demo = crate::config::DEMO;
        let listen = demo.lines().find(|line| line.starts_with("listen = ")).expect("the demo listens");
        let text = demo.replace(listen, "listen = [\"127.0.0.1:8445\", \"127.0.0.1:8447\"]")
            + "\n[[fault]]\nname = \"f\"\nkind = \"refuse\"\nlistener = \"127.0.0.1:8445\"\n";
        let config = Config::parse(&text, "c.toml").unwrap_or_else(|problems| panic!("{problems:?}"));
        let of_file = hub::faults_of_file(&config).unwrap_or_else(|problems| panic!("{problems:?}"));
        let is_set = || site.driver.with_hub(|hub, _| !hub.faults().list().is_empty());
        take_faults(&site, of_file);
        assert!(!is_set());
        let all = hub::Reset { keeps_sessions: true, keeps_guests: false, keeps_faults: false };
        assert!(site.driver.with_hub(|hub, now| hub.reset(now, all)));
        assert!(is_set(), "it is tried again");
        faults::heal_what_locks_out(&site);
        assert!(!is_set());
    }

    #[test]
    fn a_reload_does_not_bring_back_a_certificate_that_was_renewed_while_it_read() {
        let (_, first) = made(&["localhost"]);
        let (_, renewed) = made(&["localhost"]);
        let (_, mut own) = made(&["own.example.org"]);
        own.self_signed = false;
        for (read, expected) in [(&first, &renewed), (&own, &own)] {
            let (site, mut reloader) = site(&first);
            use_certificate(&site, &reloader.tls, renewed.clone());
            let read = Read {
                faults: Vec::new(),
                config: Config::demo(),
                warnings: Vec::new(),
                identity: Some(read.clone()),
                earlier: Some(first.clone()),
            };
            reloader.apply(&site, Ok(Some(read)));
            assert!(is_shown(&site, &reloader, expected));
        }
    }
}
