//! Applies the flags of `serve` to a configuration, and tells where it may be served with them.

use std::collections::HashSet;
use std::net::SocketAddr;

use crate::cli::arguments::Serve;
use crate::cli::environment::Environment;
use crate::config::{Config, Origin, Problem, Www};

impl Serve {
    /// The flags of `callboard` alone.
    pub fn alone() -> Self {
        Serve {
            config: None,
            listen: Vec::new(),
            listen_plain: Vec::new(),
            www: None,
            state_dir: None,
            log: None,
            faults: false,
            record: None,
            seed: None,
            scenario: None,
            demo_anywhere: false,
        }
    }

    /// Takes from the environment what no flag says.
    #[must_use]
    pub fn or(self, environment: Environment) -> Self {
        let either = |flags: Vec<_>, others| if flags.is_empty() { others } else { flags };
        Self {
            config: self.config.or(environment.config),
            listen: either(self.listen, environment.listen),
            listen_plain: either(self.listen_plain, environment.listen_plain),
            log: self.log.or(environment.log),
            ..self
        }
    }

    /// Changes a configuration as the flags say.
    pub fn apply(&self, config: &mut Config) {
        // Flags that name addresses for the demo name all that it listens on: XMPP over TCP is left out then.
        if config.origin == Origin::Demo && !(self.listen.is_empty() && self.listen_plain.is_empty()) {
            config.listen_xmpp.clear();
            config.listen_xmpp_plain.clear();
        }
        if !self.listen.is_empty() {
            config.listen.clone_from(&self.listen);
        }
        if !self.listen_plain.is_empty() {
            config.listen_plain.clone_from(&self.listen_plain);
        }
        if let Some(folder) = &self.www {
            config.www = Some(Www { folder: folder.clone(), place: None });
        }
        config.faults |= self.faults;
        config.record = self.record.unwrap_or(config.record);
        config.seed = self.seed;
        if let Some(folder) = &self.state_dir {
            config.state_dir = Some(folder.clone());
        }
    }

    /// Looks at where a configuration would be served: no address twice, and to nobody else if its passwords are known. It may
    /// take as long as some logins. `in_use`: where others are served already, whatever the configuration says.
    ///
    /// # Errors
    ///
    /// Returns a line for each problem.
    pub fn judge(&self, config: &Config, in_use: &[SocketAddr]) -> Result<(), Vec<String>> {
        let addresses = || config.addresses();
        let mut seen = HashSet::new();
        // Port 0 is a different free port every time.
        if let Some(twice) = addresses().find(|address| address.port() != 0 && !seen.insert(*address)) {
            return Err(vec![format!("callboard: {twice} would be listened on twice; name it once")]);
        }
        if self.demo_anywhere {
            return Ok(());
        }
        let open = addresses().find(|address| !address.ip().to_canonical().is_loopback());
        if let Some(address) = open.filter(|_| config.origin == Origin::Demo) {
            return Err(vec![format!(
                "callboard: the demo has passwords everybody knows, so it is not served on {address}; \
                 make a configuration of your own (`callboard demo-config > callboard.toml`, passwords by \
                 `callboard passwd`, then `callboard serve --config callboard.toml`) or add --demo-anywhere"
            )]);
        }
        let problems = config.guessable_at(addresses().chain(in_use.iter().copied()));
        if problems.is_empty() { Ok(()) } else { Err(problems.iter().map(Problem::to_string).collect()) }
    }
}

#[cfg(test)]
mod tests {
    use log::LevelFilter;

    use super::*;
    use crate::cli::{Command, read};
    use crate::config::DEMO;

    /// The flags of a `serve` line.
    fn flags(line: &str) -> Serve {
        let words = ["callboard"].into_iter().chain(line.split_whitespace());
        let read = read(words.map(Into::into)).unwrap_or_else(|exit| panic!("{line}: {}", exit.output));
        let Some(Command::Serve(serve)) = read.command else { panic!("{line} is no serve") };
        serve
    }

    /// Applies the flags of a `serve` line; returns the addresses with and without TLS.
    fn served(line: &str, mut config: Config) -> Result<(Vec<String>, Vec<String>), String> {
        let serve = flags(line);
        serve.apply(&mut config);
        serve.judge(&config, &[]).map_err(|problems| problems.join("\n"))?;
        let text = |addresses: &[SocketAddr]| addresses.iter().map(ToString::to_string).collect();
        Ok((text(&config.listen), text(&config.listen_plain)))
    }

    fn file() -> Config {
        let own = "listen = [\"0.0.0.0:1\"]\nlisten_plain = [\"0.0.0.0:2\"]\n\
                   [[user]]\nid = \"ada\"\nroles = [\"Administrator\"]\npassword = \"x\"";
        Config::parse(own, "c.toml").expect("a valid file")
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn flags_win_over_the_file_each_for_its_own_list() {
        for (line, listen, listen_plain) in [
            ("serve", &["0.0.0.0:1"][..], &["0.0.0.0:2"][..]),
            ("serve --listen 127.0.0.1:3 --listen [::1]:3", &["127.0.0.1:3", "[::1]:3"], &["0.0.0.0:2"]),
            ("serve --listen-plain 127.0.0.1:3", &["0.0.0.0:1"], &["127.0.0.1:3"]),
            ("serve --listen 1.1.1.1:0 --listen-plain 1.1.1.1:0", &["1.1.1.1:0"], &["1.1.1.1:0"]),
        ] {
            let (tls, plain) = served(line, file()).expect(line);
            assert_eq!(
                (tls.as_slice(), plain.as_slice()),
                (&strings(listen)[..], &strings(listen_plain)[..])
            );
        }
    }

    #[test]
    fn a_folder_of_a_flag_wins_over_that_of_the_file() {
        for (line, folder) in [("serve", "own"), ("serve --www other", "other")] {
            let mut config = file();
            config.www = Some(Www { folder: "own".into(), place: None });
            flags(line).apply(&mut config);
            assert_eq!(config.www, Some(Www { folder: folder.into(), place: None }), "{line}");
        }
    }

    #[test]
    fn an_address_is_listened_on_once() {
        for line in [
            "serve --listen 127.0.0.1:3 --listen 127.0.0.1:3",
            "serve --listen 127.0.0.1:3 --listen-plain 127.0.0.1:3",
            "serve --listen-plain 0.0.0.0:1",
        ] {
            let error = served(line, file()).expect_err(line);
            assert!(error.ends_with("would be listened on twice; name it once"), "{error}");
        }
    }

    #[test]
    fn the_demo_stays_on_this_machine() {
        for address in ["127.0.0.1:0", "127.1.2.3:8445", "[::1]:8445", "[::ffff:127.0.0.1]:8445"] {
            assert!(served(&format!("serve --listen {address}"), Config::demo()).is_ok(), "{address}");
        }
        for flag in ["--listen 0.0.0.0:0", "--listen-plain [::]:0", "--listen-plain 192.0.2.1:0"] {
            let error = served(&format!("serve {flag}"), Config::demo()).expect_err(flag);
            for step in ["demo-config > callboard.toml", "passwd", "serve --config", "--demo-anywhere"] {
                assert!(error.contains(step), "{step}: {error}");
            }
            assert!(served(&format!("serve {flag} --demo-anywhere"), Config::demo()).is_ok(), "{flag}");
            assert!(served(&format!("serve {flag}"), file()).is_ok(), "{flag}");
        }
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let environment = || {
            let variable = |name: &str| match name {
                "CALLBOARD_CONFIG" => Some("e.toml".into()),
                "CALLBOARD_LISTEN" => Some("127.0.0.1:5, [::1]:5,".into()),
                "CALLBOARD_LISTEN_PLAIN" => Some("".into()),
                "CALLBOARD_LOG" => Some("warn".into()),
                _ => None,
            };
            Environment::read(variable).expect("good variables")
        };
        for (line, config, listen, log) in [
            ("serve", "e.toml", &["127.0.0.1:5", "[::1]:5"][..], LevelFilter::Warn),
            ("serve --config c.toml --listen 127.0.0.1:3", "c.toml", &["127.0.0.1:3"], LevelFilter::Warn),
            ("serve --log debug", "e.toml", &["127.0.0.1:5", "[::1]:5"], LevelFilter::Debug),
        ] {
            let serve = flags(line).or(environment());
            let mut served = file();
            serve.apply(&mut served);
            let addresses: Vec<_> = served.listen.iter().map(ToString::to_string).collect();
            assert_eq!((serve.config, serve.log), (Some(config.into()), Some(log)), "{line}");
            assert_eq!((addresses, served.listen_plain.len()), (strings(listen), 1), "{line}");
        }
        assert_eq!(Environment::read(|_| None), Ok(Environment::default()));
    }

    #[test]
    fn passwords_that_everybody_can_guess_stay_on_this_machine_also_after_a_reload() {
        let known =
            Config::parse(&DEMO.replace("127.0.0.1:8445", "0.0.0.0:1"), "c.toml").expect("a valid file");
        let error = served("serve", known.clone()).expect_err("everybody knows them");
        assert!(error.starts_with("c.toml:") && error.contains("--demo-anywhere"), "{error}");
        assert!(served("serve --listen 127.0.0.1:1", known.clone()).is_ok());
        assert!(served("serve --demo-anywhere", known.clone()).is_ok());
        // What the file says now does not move the listeners that are open.
        let serve = Serve { listen: vec![([127, 0, 0, 1], 1).into()], ..Serve::alone() };
        let mut again = known;
        serve.apply(&mut again);
        assert!(serve.judge(&again, &[]).is_ok());
        assert!(serve.judge(&again, &[([0, 0, 0, 0], 1).into()]).is_err());
    }
}
