//! Writes the log of changes, by a thread beside the loop: while one batch is written, the next one grows, and one sync is enough for
//! all of it.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use smol::Timer;
use smol::future::FutureExt as _;

use crate::clock::Now;
use crate::config::{Config, Durability};
use crate::event_loop::driver::Driver;
use crate::event_loop::log_folder::{Folder, Found};
use crate::event_loop::threads;
use crate::hub::Hub;
use crate::net::clock::now;
use crate::net::tls::kept;

/// A write that takes longer is as good as one that has failed.
const LATE: Duration = Duration::from_secs(10);

/// How long after a failure it is tried again, and how often the log is synced that may lose as much.
const PAUSE: Duration = Duration::from_secs(1);

/// Nothing is changed, as it could not be kept.
#[derive(Debug)]
pub struct NotKept;

/// A folder, and what it has.
pub type Begun = (Folder, Option<Found>);

/// Takes the folder that a configuration names, and reads what it has; `None`: nothing is to be kept.
///
/// # Errors
///
/// Returns a sentence.
pub fn open(config: &Config) -> Result<Option<Begun>, String> {
    if config.durability == Durability::Off {
        return Ok(None);
    }
    let path = kept::folder_of(config.state_dir.clone()).ok_or_else(|| {
        "durability needs a folder, and neither state_dir nor the environment names one; set state_dir"
            .to_owned()
    })?;
    let named = |end: String| format!("{} {end}", path.display());
    let mut folder = Folder::open(&path).map_err(named)?;
    let found = folder.read().map_err(named)?;
    Ok(Some((folder, found)))
}

/// Takes up what a folder has, and begins the log of what comes.
pub fn begin(driver: &Rc<Driver>, (folder, found): Begun, config: &Config) {
    if let Some(found) = found {
        let recovered = driver.with_hub(|hub, now| recover(hub, now, config, &found));
        if let Err(end) = recovered {
            log::error!("{} cannot be used, and the server begins anew: {end}", found.name);
            if let Err(error) = folder.put_aside() {
                log::error!("{} cannot be put aside, and is lost: {error}", found.name);
            }
        }
    }
    let each = config.durability == Durability::Each;
    driver.with_hub(|hub, now| hub.begin_log(now, each));
    driver.spawn(keep(driver.clone(), folder, (!each).then_some(PAUSE)));
}

/// Takes up a state and its log, and says what was found. Returns why it cannot be used.
fn recover(hub: &mut Hub, now: Now, config: &Config, found: &Found) -> Result<(), String> {
    let recovered = hub.recover_from(now, config.clone(), &found.state, &found.log);
    let (state, log) = recovered.map_err(|refused| refused.to_string())?;
    let age = now.wall.duration_since(state.taken).unwrap_or_default();
    log::info!(
        "{}, {} s old, and {} changes since: {} users signed in, {} messages, {} items, {} subscriptions; {} calls and tasks end",
        found.name,
        age.as_secs(),
        log.applied,
        state.signed_in,
        state.messages,
        state.items,
        state.subscriptions,
        state.calls + state.tasks,
    );
    if log.cut > 0 {
        log::warn!("the last {} bytes of the log are no whole change, and are cut off", log.cut);
    }
    if let Some(section) = state.difference {
        log::warn!("{section} has changed since: {} users of the state are gone", state.gone);
    }
    if log.gone > 0 {
        log::warn!("{} changes of the log do not apply to what is there, and are left out", log.gone);
    }
    Ok(())
}

/// Writes what is given out, again and again. Never ends.
async fn keep(driver: Rc<Driver>, mut folder: Folder, pause: Option<Duration>) {
    let mut has_failed = false;
    loop {
        poll_fn(|cx| {
            *driver.log_writer.borrow_mut() = Some(cx.waker().clone());
            if driver.with_hub(|hub, _| hub.has_batch()) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let Some(batch) = driver.with_hub(|hub, now| hub.take_batch(now)) else { continue };
        let begun = now().monotonic;
        let upto = batch.upto;
        let mut written = pin!(threads::run(move || {
            let written = folder.write(&batch);
            (folder, written)
        }));
        let late = async {
            Timer::after(LATE).await;
            None
        };
        let in_time = async { Some(written.as_mut().await) }.or(late).await;
        let is_late = in_time.is_none();
        if is_late {
            fail(&driver, &mut has_failed, "a write takes more than 10 s");
        }
        let (back, done) = match in_time {
            Some(written) => written,
            None => written.await,
        };
        folder = back;
        match done {
            Ok(()) => {
                let time = now().monotonic.duration_since(begun);
                driver.with_hub(|hub, _| hub.log_synced(upto, time, !is_late));
                if has_failed && !is_late {
                    has_failed = false;
                    log::info!("changes can be kept again");
                }
            }
            Err(error) => {
                fail(&driver, &mut has_failed, &error.to_string());
                Timer::after(PAUSE).await;
            }
        }
        if let Some(pause) = pause {
            Timer::after(pause).await;
        }
    }
}

/// Nothing can be kept for now: it is said once.
fn fail(driver: &Rc<Driver>, has_failed: &mut bool, why: &str) {
    if !*has_failed {
        log::error!("changes cannot be kept, and are refused until they can be: {why}");
    }
    *has_failed = true;
    driver.with_hub(|hub, now| hub.log_failed(now));
}

impl Driver {
    /// Waits until all is kept that was changed until now, if answers wait for that.
    ///
    /// # Errors
    ///
    /// The changes cannot be kept.
    pub async fn kept(self: &Rc<Self>) -> Result<(), NotKept> {
        let Some(number) = self.with_hub(|hub, _| hub.unkept()) else { return Ok(()) };
        let is_over = || self.with_hub(|hub, _| hub.is_kept(number) != Some(false));
        self.waits.until(is_over).await;
        if self.with_hub(|hub, _| hub.is_kept(number)).is_some() { Ok(()) } else { Err(NotKept) }
    }

    /// Has the whole state written, and waits for that; not for long.
    pub async fn end_log(self: &Rc<Self>) {
        if self.with_hub(|hub, _| !hub.end_log()) {
            return;
        }
        let is_over = || self.with_hub(|hub, _| !hub.has_unwritten());
        let late = async {
            Timer::after(LATE).await;
            log::warn!("the last changes may not be kept");
        };
        self.waits.until(is_over).or(late).await;
    }
}
