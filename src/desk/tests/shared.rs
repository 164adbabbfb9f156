//! A desk that is read from the bytes of another one is as that one: it has the same bytes, and goes on in the same way.

use crate::desk::Command;
use crate::desk::tests::*;
use crate::replica::codec::Codec;

/// The bytes of a desk.
pub fn written(desk: &Desk, now: Now) -> Vec<u8> {
    let mut codec = Codec::writer(now, desk.directory().keys().collect());
    desk.clone().code(&mut codec);
    codec.into_bytes()
}

/// A desk from bytes: first one as at the start, which has the keys of the users of `like`, and their configuration.
pub fn read(bytes: &[u8], now: Now, like: &Desk, config: Config) -> Result<Desk, String> {
    let mut desk = like.clone();
    desk.apply(now, Command::Reset(config.into())).map_err(|refused| format!("{refused:?}"))?;
    let mut codec = Codec::reader(bytes, now, desk.directory().keys().collect());
    desk.code(&mut codec);
    if codec.is_whole() { Ok(desk) } else { Err("the bytes of a desk are refused".to_owned()) }
}

/// A desk from the bytes of another, which goes on beside it.
#[derive(Default)]
pub struct Twin(Option<Desk>);

impl Twin {
    /// Applies a command that the other desk has applied. Says what is not the same.
    pub fn follow(
        &mut self,
        now: Now,
        command: Command,
        applied: &Result<crate::desk::Applied, ApiError>,
    ) -> Result<(), String> {
        let Some(twin) = &mut self.0 else { return Ok(()) };
        let own = twin.apply(now, command.clone());
        if own == *applied {
            Ok(())
        } else {
            Err(format!("the twin does otherwise: {command:?}\n{own:#?}\n{applied:#?}"))
        }
    }

    /// Compares both, and takes another twin of the desk.
    pub fn renew(&mut self, now: Now, desk: &Desk, config: Config) -> Result<(), String> {
        let bytes = written(desk, now);
        if self.0.as_ref().is_some_and(|twin| written(twin, now) != bytes) {
            return Err(format!("the twin is otherwise: {:#?}\n{desk:#?}", self.0));
        }
        let twin = read(&bytes, now, desk, config)?;
        if written(&twin, now) != bytes {
            return Err("what is read has other bytes".to_owned());
        }
        self.0 = Some(twin);
        Ok(())
    }
}
