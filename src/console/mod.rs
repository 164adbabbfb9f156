//! The built-in page: its files, packed into the program.
//!
//! `page` holds the files as people write them (plain HTML, CSS and JavaScript; nothing is built but the head of the pages): a
//! folder for each view, `protocol` without any drawing, and `shared` for what two of them use. `desktop` and `tunnel`, the
//! container of gadgets and the event tunnel, have addresses of their own. Cargo runs `pack.rs` to compress them, and `http::page` serves them.

use std::io;

use miniz_oxide::inflate::decompress_to_vec;

/// A file of the page.
#[derive(Debug)]
pub struct Asset {
    /// The path below the page, as in `wire/wire.js`.
    pub name: &'static str,
    /// The value of Content-Type.
    pub kind: &'static str,
    /// A strong entity tag (RFC 9110 §8.8.3).
    pub tag: &'static str,
    /// The content, compressed by gzip.
    pub packed: &'static [u8],
}

/// The files, in the order of their names.
pub static PAGE: &[Asset] = &include!(concat!(env!("OUT_DIR"), "/page.rs"));

impl Asset {
    /// Finds a file by its path below the page.
    pub fn find(name: &str) -> Option<&'static Self> {
        PAGE.iter().find(|asset| asset.name == name)
    }

    /// Unpacks the content, for the rare client that takes no gzip.
    ///
    /// # Errors
    ///
    /// None with what is packed into the program.
    pub fn unpack(&self) -> io::Result<Vec<u8>> {
        unpack(self.packed)
    }
}

/// What the build script has compressed by gzip.
///
/// # Errors
///
/// None with what is packed into the program.
pub fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    // A header without a name, and the checksum and length at the end (RFC 1952 §2.3).
    let data = packed.get(10..packed.len().saturating_sub(8)).unwrap_or_default();
    decompress_to_vec(data).map_err(|error| io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bound of the packed files in bytes, without the manual and with it.
    const MOST: [usize; 2] = [200 * 1024, 320 * 1024];

    #[test]
    fn the_page_is_whole_and_small() {
        for name in
            ["index.html", "board.html", "icon.svg", "style.css", "app.js", "wire/wire.js", "shared/xml.js"]
        {
            let asset = Asset::find(name).expect("a file of the page");
            let text = asset.unpack().expect("what was packed can be unpacked");
            assert!(!text.is_empty() && std::str::from_utf8(&text).is_ok(), "{name} is text");
        }
        let is_of_manual = |asset: &&Asset| asset.name.starts_with("manual/");
        let size = |files: Vec<&Asset>| files.iter().map(|asset| asset.packed.len()).sum::<usize>();
        let sizes =
            [size(PAGE.iter().filter(|asset| !is_of_manual(asset)).collect()), size(PAGE.iter().collect())];
        assert!(sizes[0] <= MOST[0] && sizes[1] <= MOST[1], "the page has {sizes:?} bytes");
    }

    /// The page knows by its links which views there are.
    #[test]
    fn the_view_of_faults_is_there_as_faults_are() {
        let text = Asset::find("index.html").expect("a page").unpack().expect("packed");
        let is_linked = String::from_utf8(text).expect("text").contains("href=\"./faults/");
        let has_faults = cfg!(feature = "lab");
        assert_eq!((is_linked, Asset::find("faults/faults.js").is_some()), (has_faults, has_faults));
    }

    /// The policy of the page forbids it, and a test is quicker to say so than a browser.
    #[test]
    fn nothing_in_the_page_needs_what_its_policy_forbids() {
        // The window of a gadget has a policy of its own, as the gadget is its user's code.
        let gadget = ["desktop/gadget.html", "desktop/gadgets.js"];
        for asset in PAGE.iter().filter(|asset| !gadget.contains(&asset.name)) {
            let text = String::from_utf8(asset.unpack().expect("packed")).expect("text");
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", " style=\""]
            {
                assert!(!text.contains(forbidden), "{} in {}", forbidden, asset.name);
            }
            if asset.name.ends_with(".html") {
                let own = ["./", "../"].map(|folder| format!("<script type=\"module\" src=\"{folder}"));
                let scripts = text.matches("<script").count();
                assert!(scripts > 0, "{}", asset.name);
                assert_eq!(
                    own.iter().map(|own| text.matches(own).count()).sum::<usize>(),
                    scripts,
                    "{}",
                    asset.name
                );
                assert!(!text.contains("<style") && !text.contains("<!--"), "{}", asset.name);
            }
        }
    }

    /// The text of a page of the manual, by its path below `/console/`.
    #[cfg(feature = "manual")]
    fn page(name: &str) -> Option<String> {
        let content = Asset::find(name)?.unpack().expect("packed");
        Some(String::from_utf8(content).expect("text"))
    }

    #[cfg(feature = "manual")]
    #[test]
    fn every_link_of_the_manual_leads_to_a_page_and_a_heading_that_are_there() {
        let pages: Vec<_> =
            PAGE.iter().map(|asset| asset.name).filter(|name| name.starts_with("manual/")).collect();
        let mut links = 0;
        for name in pages.iter().filter(|name| name.ends_with(".html")) {
            let text = page(name).expect("it is there");
            let values =
                text.split(" href=\"").chain(text.split(" src=\"")).filter_map(|rest| rest.split_once('"'));
            for (link, _) in values.filter(|(link, _)| !link.contains([':', '<'])) {
                let (file, heading) = link.split_once('#').unwrap_or((link, ""));
                let target = match file {
                    "" => (*name).to_owned(),
                    "../" => "index.html".to_owned(),
                    "./" => "manual/index.html".to_owned(),
                    file => file.strip_prefix("../").map_or_else(
                        || format!("manual/{}", file.trim_start_matches("./")),
                        ToOwned::to_owned,
                    ),
                };
                let Some(target) = page(&target) else { panic!("{name}: {link} leads nowhere") };
                let is_there = heading.is_empty() || target.contains(&format!(" id=\"{heading}\""));
                assert!(is_there, "{name}: {link} has no such heading");
                links += 1;
            }
        }
        assert!(links > 100, "{links} links");
    }

    #[cfg(feature = "manual")]
    #[test]
    fn a_page_of_the_manual_has_its_headings_and_tables_and_is_in_the_index() {
        let text = page("manual/teaching.html").expect("a page");
        for part in [
            "<title>Teaching with the page · callboard</title>",
            "<h1 id=\"teaching-with-the-page\">Teaching with the page</h1>",
            "<h2 id=\"the-wallboard\">The wallboard</h2>",
            "<table><thead><tr><th>failure</th>",
            "<td>Wrong password</td>",
            "<a href=\"operating.html#a-kiosk\">",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("<img"), "the pictures are the page itself");
        let code = page("manual/clients.html").expect("a page");
        assert!(code.contains("&lt;script type=") && code.contains("<pre><code class=\"language-html\">"));
        let index = page("manual/index.html").expect("the index");
        for asset in PAGE {
            let Some(name) = asset.name.strip_prefix("manual/").filter(|name| name.ends_with(".html")) else {
                continue;
            };
            let text = page(asset.name).expect("it is there");
            assert!(!text.contains("&lt;!--"), "{name}: comments are not shown");
            assert!(name == "index.html" || index.contains(&format!("<dt><a href=\"{name}\">")), "{name}");
        }
    }
}
