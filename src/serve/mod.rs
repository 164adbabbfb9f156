//! Puts the server together: what can be wrong before it starts, the run until a signal ends it, another configuration while
//! it runs.
#![allow(clippy::disallowed_methods, reason = "starting and stopping take time")]

pub(crate) mod reload;
pub(crate) mod service_manager;

use std::io::{self, ErrorKind};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use async_signal::{Signal, Signals};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use smol::future::FutureExt as _;
use smol::stream::StreamExt as _;
use smol::{LocalExecutor, Timer};

use crate::config::limits::Limits;
use crate::config::{Config, Durability, Files, Found, Origin, Problem};
use crate::event_loop::busy_time;
use crate::event_loop::client_log;
#[cfg(feature = "replica")]
use crate::event_loop::log_writer;
use crate::event_loop::scheduler;
use crate::event_loop::threads;
use crate::http::files::folder::{READERS, Www};
use crate::http::site::Site;
use crate::hub;
use crate::hub::{Counters, NotStarted};
use crate::net::accept;
use crate::net::clock::now;
use crate::net::listen::{self, Listener};
use crate::net::tls;
use crate::net::tls::Identity;
use crate::net::tls::certificate::Certificate;
use crate::net::tls::kept;
use crate::scenario::{File, Outcome, Scenario};
pub use reload::Again;
use reload::Reloader;
use service_manager::Manager;

/// Descriptors beside those of the connections: listeners, standard streams, the event queue.
const SPARE_DESCRIPTORS: u64 = 32;

/// How long the tasks have for their last writes after all sessions are gone.
const LAST_WRITES: Duration = Duration::from_millis(50);

/// Everything that is made of a configuration before anything is served.
pub struct Prepared {
    /// The certificate of the listeners with TLS.
    pub identity: Option<Identity>,
    www: Option<Www>,
    listeners: Vec<Listener>,
    signals: Signals,
    #[cfg(feature = "replica")]
    log: Option<log_writer::Begun>,
}

/// Why nothing can be served.
pub struct NotPrepared {
    /// A line for every problem, with its place in the file if it stands there.
    pub problems: Vec<String>,
    /// Nothing is wrong but that addresses cannot be had now: another start may go well.
    pub may_pass: bool,
}

/// Starts the threads that a server for `config` needs beside that of the event loop.
///
/// # Errors
///
/// The system does not give even one of each.
pub fn begin_threads(config: &Config) -> io::Result<()> {
    let readers = if config.www.is_some() { READERS } else { 0 };
    let log = usize::from(config.durability != Durability::Off);
    // Two more: another configuration is read by one thread, large documents are made by the other, each one at a time.
    threads::begin(config.limits.password_checks + readers + log + 2)
}

/// Looks at everything that a configuration names.
///
/// # Errors
///
/// Returns every problem.
pub fn prepare(config: &Config) -> Result<Prepared, NotPrepared> {
    // First, so that one that comes early does not end the program.
    let signals = Signals::new([Signal::Int, Signal::Term, Signal::Hup]).map_err(|error| NotPrepared {
        problems: vec![format!("callboard: signals cannot be received: {error}")],
        may_pass: false,
    })?;
    #[cfg(feature = "replica")]
    let log = log_writer::open(config).map_err(|sentence| NotPrepared {
        problems: vec![format!("callboard: {sentence}")],
        may_pass: false,
    })?;
    let files = config.files();
    match (tls::identity(&files, None), Www::open(&files), listen(config)) {
        (Ok(identity), Ok(www), Ok(listeners)) => Ok(Prepared {
            identity,
            www,
            listeners,
            signals,
            #[cfg(feature = "replica")]
            log,
        }),
        (identity, www, listeners) => {
            let mut problems = lines(identity);
            problems.extend(www.err());
            let mut may_pass = problems.is_empty();
            for (kind, problem) in listeners.err().into_iter().flatten() {
                may_pass &= matches!(kind, ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable);
                problems.push(problem);
            }
            Err(NotPrepared { problems, may_pass })
        }
    }
}

/// Looks at the files that a configuration names.
pub fn check(files: &Files) -> Found {
    let mut found = Found::default();
    if let Some(tls) = &files.tls {
        match tls::from_files(files, tls) {
            Ok((_, chain)) => {
                let now = now().wall;
                found.certificate = chain.first().map(|certificate| certificate.describe(now));
                let name = tls.certificate.display();
                let nameless = chain.first().and_then(Certificate::nameless);
                found.warnings.extend(
                    nameless.map(|end| files.problem(tls.certificate_place, format!("{name} {end}"))),
                );
                for (nth, certificate) in (1..).zip(&chain) {
                    let Some(end) = certificate.warning(now) else { continue };
                    let which = if nth == 1 { String::new() } else { format!("certificate {nth} in ") };
                    let sentence = format!("{which}{name} {end}");
                    found.warnings.push(files.problem(tls.certificate_place, sentence));
                }
            }
            Err(problems) => found.problems.extend(problems.iter().map(Problem::to_string)),
        }
    }
    if let (None, Some(wanted)) = (&files.tls, &files.self_signed) {
        found.certificate_kept_in = kept::own_folder(wanted);
        if let Some(Ok(Some(kept))) = found.certificate_kept_in.as_deref().map(kept::read) {
            let (now, certificate) = (now().wall, &kept.certificate);
            let renewed = certificate
                .misfit(now, &wanted.names)
                .map(|end| format!("; it {end}: the next start makes another one"));
            found.certificate = Some(certificate.describe(now) + &renewed.unwrap_or_default());
        }
    }
    found.problems.extend(Www::open(files).err());
    found
}

/// The certificate that a server shows with this configuration, and a line that says where it is.
///
/// # Errors
///
/// Returns a line for every problem.
pub fn certificate(files: &Files) -> Result<(Identity, String), Vec<String>> {
    let one = |sentence: String| Err(vec![format!("callboard: {sentence}")]);
    if let Some(tls) = &files.tls {
        let (identity, _) = tls::from_files(files, tls)
            .map_err(|problems| problems.iter().map(Problem::to_string).collect::<Vec<_>>())?;
        return Ok((identity, tls.certificate.display().to_string()));
    }
    let Some(wanted) = &files.self_signed else {
        return one("no listener speaks TLS, so there is no certificate".to_owned());
    };
    let Some(folder) = kept::own_folder(wanted) else {
        return one("no folder keeps a certificate; name one with state_dir or --state-dir".to_owned());
    };
    let place = kept::path(&folder).display().to_string();
    match kept::read(&folder) {
        Ok(Some(kept)) => {
            let misfit = kept.certificate.misfit(now().wall, &wanted.names);
            let renewed = misfit.map(|end| format!("; it {end}: the next start makes another one"));
            Ok((kept.identity, place + &renewed.unwrap_or_default()))
        }
        Ok(None) => one(format!(
            "{place} is not there: start the server first, or ask it (GET /callboard/certificate.pem)"
        )),
        Err(end) => one(format!("{place} {end}")),
    }
}

fn lines<T>(result: Result<T, Vec<Problem>>) -> Vec<String> {
    result.err().iter().flatten().map(Problem::to_string).collect()
}

/// Opens the listeners of a configuration, or returns a line for every address that cannot be had.
fn listen(config: &Config) -> Result<Vec<Listener>, Vec<(ErrorKind, String)>> {
    let kinds = [
        (&config.listen, true, false),
        (&config.listen_plain, false, false),
        (&config.listen_xmpp, true, true),
        (&config.listen_xmpp_plain, false, true),
    ];
    let addresses = kinds.iter().flat_map(|(all, tls, xmpp)| all.iter().map(|at| (*at, *tls, *xmpp)));
    let mut listeners = Vec::new();
    let mut problems = Vec::new();
    for (address, tls, xmpp) in addresses {
        match Listener::open(address, tls, xmpp) {
            Ok(listener) => listeners.push(listener),
            // The demo is there all the same beside another server of XMPP.
            Err(error) if xmpp && config.origin == Origin::Demo => {
                log::warn!("no XMPP over TCP there: {}", listen::refused(address, &error));
            }
            Err(error) => {
                let sentence = listen::refused(address, &error);
                let place = config.listen_places.iter().find(|(other, _)| *other == address);
                let line = config.files().line(place.map(|(_, place)| *place), &sentence);
                problems.push((error.kind(), line));
            }
        }
    }
    if problems.is_empty() { Ok(listeners) } else { Err(problems) }
}

/// A scenario that is played from the start.
pub struct Play {
    pub file: Rc<File>,
    /// How many times faster than real the clock of the contact centre goes.
    pub speed: u32,
    /// The server ends when the scenario is over.
    pub ends: bool,
}

/// Serves until a signal ends it, or a scenario that is to end it is over, and returns what has come of the scenario; SIGHUP has the configuration read `again`, if it is not inside the program. `ready` is called
/// when connections are accepted.
pub fn run(
    mut config: Config,
    prepared: Prepared,
    again: Option<Again>,
    play: Option<Play>,
    ready: impl FnOnce(&[String]),
) -> Option<Outcome> {
    let Prepared {
        identity,
        www,
        listeners,
        signals,
        #[cfg(feature = "replica")]
        log,
    } = prepared;
    raise_descriptors(&config.limits, www.is_some());
    leave_no_core();
    if config.stream_management {
        log::warn!(
            "stream_management is on: sessions can be resumed (XEP-0198), which Finesse does not offer"
        );
    }
    let (executor, arrivals) = (Rc::new(LocalExecutor::new()), Rc::new(LocalExecutor::new()));
    let reloader = Reloader::new(&config, again, identity.as_ref());
    // Looked at before, with all other problems.
    let faults = hub::faults_of_file(&config).unwrap_or_default();
    // Port 0 has become another one, which clients are told.
    let addresses = |tls, xmpp| {
        let is_meant = move |listener: &&Listener| listener.tls == tls && listener.xmpp == xmpp;
        listeners.iter().filter(is_meant).map(|listener| listener.address).collect()
    };
    config.listen = addresses(true, false);
    config.listen_xmpp = addresses(true, true);
    config.listen_xmpp_plain = addresses(false, true);
    #[cfg(feature = "replica")]
    let log = log.map(|begun| (begun, config.clone()));
    let site = Site::new(config, www, executor.clone(), arrivals.clone());
    #[cfg(feature = "replica")]
    if let Some((begun, config)) = log {
        log_writer::begin(&site.driver, begun, &config);
    }
    if let Some(identity) = identity {
        site.take_identity(identity);
    }
    reload::take_faults(&site, faults);
    let driver = site.driver.clone();
    let ends = play.as_ref().is_some_and(|play| play.ends);
    if let Some(play) = play {
        begin(&site, play);
    }
    let mut outcome = None;
    let served = async {
        outcome = serve(site, reloader, listeners, signals, ends, ready).await;
    };
    let all = served
        .or(scheduler::run_all(executor, arrivals))
        // Last, as it is woken by none of them.
        .or(driver.clone().write());
    smol::block_on(busy_time::watch(&driver.busy_time, all));
    outcome
}

/// Begins a scenario, which was looked at with all other problems.
fn begin(site: &Site, Play { file, speed, .. }: Play) {
    let begun = site.driver.with_hub(|hub, now| {
        hub.start_scenario(now, file)?;
        if speed > 1 {
            hub.pace_scenario(now, Some(speed));
        }
        Ok::<_, NotStarted>(())
    });
    for sentence in begun.err().iter().flat_map(NotStarted::sentences) {
        log::error!("{sentence}");
    }
}

/// Waits until the scenario is over, or there is none any more.
async fn scenario_over(site: &Site) {
    let is_over = || site.driver.with_hub(|hub, _| hub.scenario().is_none_or(Scenario::is_over));
    site.driver.waits.until(is_over).await;
}

/// Takes all the descriptors that the system gives, and says so if they are too few.
fn raise_descriptors(limits: &Limits, with_files: bool) {
    let files = if with_files { limits.files as u64 } else { 0 };
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let now = if raised.is_ok() { maximum } else { current };
    if let Some(now) = now.filter(|now| *now < limits.connections as u64 + files + SPARE_DESCRIPTORS) {
        log::warn!(
            "limits.connections is {}{}, but the system gives only {now} descriptors; raise that limit (ulimit -n)",
            limits.connections,
            if with_files { format!(" and limits.files {files}") } else { String::new() }
        );
    }
}

/// A core file would have the passwords of the configuration and the private key in it. With a bound of one byte there is none,
/// also where the system hands it to a program (core(5)).
fn leave_no_core() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    let current = Some(maximum.unwrap_or(1).min(1));
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current, maximum }) {
        log::warn!("core files cannot be turned off: {error}");
    }
}

async fn serve(
    site: Rc<Site>,
    mut reloader: Reloader,
    listeners: Vec<Listener>,
    mut signals: Signals,
    ends: bool,
    ready: impl FnOnce(&[String]),
) -> Option<Outcome> {
    let manager = Rc::new(Manager::from_environment());
    site.driver.spawn(site.driver.clone().keep_time());
    *site.listeners.borrow_mut() = listeners.iter().map(Listener::at).collect();
    let urls: Vec<String> = listeners.iter().map(|listener| listener.at().to_string()).collect();
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| {
            site.driver.spawn_task(accept::accept(
                site.clone(),
                site.admission.clone(),
                listener,
                reloader.tls(),
            ))
        })
        .collect();
    site.driver.spawn(reload::keep_certificate(site.clone(), reloader.own_certificate()));
    ready(&urls);
    manager.ready(&status(&site));
    if let Some(interval) = manager.watchdog() {
        site.driver.spawn(tell_alive(site.clone(), manager.clone(), interval));
    }
    let over = async {
        if !ends {
            smol::future::pending::<()>().await;
        }
        scenario_over(&site).await;
        Signal::Term
    };
    let mut over = pin!(over);
    while next(&mut signals).or(over.as_mut()).await == Signal::Hup {
        if !reload(&site, &mut reloader, &manager, &mut signals).await {
            break;
        }
    }
    log::info!("going down");
    manager.stopping();
    let outcome = site.driver.with_hub(|hub, _| {
        let over = hub.scenario().filter(|scenario| scenario.is_over());
        over.map(|scenario| scenario.outcome(None))
    });
    drop(accepting);
    site.driver.with_hub(|hub, now| hub.shutdown(now));
    let quiet = async {
        site.driver.quiet().await;
        Timer::after(LAST_WRITES).await;
    };
    let late = async {
        Timer::after(site.limits.close * 4 / 5).await;
        log::warn!("some clients did not finish the close in time");
    };
    let again = async { while next(&mut signals).await == Signal::Hup {} };
    quiet.or(late).or(again).await;
    #[cfg(feature = "replica")]
    site.driver.end_log().await;
    client_log::rest(&site.driver);
    log::info!("{}", site.driver.with_hub(|hub, _| hub.counters()));
    outcome
}

/// The next signal; where there can be none any more, the one that ends the server.
async fn next(signals: &mut Signals) -> Signal {
    loop {
        match signals.next().await {
            Some(Ok(signal)) => return signal,
            Some(Err(error)) => log::warn!("a signal was lost: {error}"),
            None => return Signal::Term,
        }
    }
}

/// Reads the configuration again; once more if that was asked for meanwhile, however often. Returns false if the server has
/// to go down, which waits for no file.
async fn reload(site: &Rc<Site>, reloader: &mut Reloader, manager: &Manager, signals: &mut Signals) -> bool {
    let mut again = true;
    while std::mem::take(&mut again) {
        manager.reloading();
        let read = async { Some(reloader.read(site).await) };
        let going_down = async {
            while next(signals).await == Signal::Hup {
                again = true;
            }
            None
        };
        let Some(read) = read.or(going_down).await else { return false };
        reloader.apply(site, read);
        manager.ready(&status(site));
    }
    true
}

/// Tells the service manager again and again that the event loop goes round. Never ends.
async fn tell_alive(site: Rc<Site>, manager: Rc<Manager>, interval: Duration) {
    loop {
        Timer::after(interval).await;
        manager.alive(&status(&site));
    }
}

/// How the server stands, for people.
fn status(site: &Rc<Site>) -> String {
    let Counters { sessions, events, deliveries, .. } = site.driver.with_hub(|hub, _| hub.counters());
    format!("{sessions} sessions; {events} events in {deliveries} deliveries since the start")
}
