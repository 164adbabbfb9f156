//! The files below a path of the folder, as the paths of their URLs.

use std::fs;
use std::path::{Path, PathBuf};

/// The most entries of folders that are looked at for one list, and with that the most files in it.
const ENTRIES: usize = 4096;

/// The deepest folder that is looked into.
const DEPTH: usize = 16;

/// Lists the files below `first`, a folder in `folder`, in the order of their names. Waits for the disk. Left out are hidden files, links, names that
/// are not UTF-8, and what there is beyond the bounds.
pub fn list(folder: &Path, first: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut looked_at = 0;
    let mut folders = vec![(PathBuf::from(first), 0)];
    while let Some((below, depth)) = folders.pop() {
        let entries = fs::read_dir(folder.join(&below)).into_iter().flatten().flatten();
        for entry in entries {
            looked_at += 1;
            if looked_at > ENTRIES {
                break;
            }
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            let path = below.join(&name);
            if name.starts_with('.') {
            } else if kind.is_dir() && depth < DEPTH {
                folders.push((path, depth + 1));
            } else if kind.is_file() {
                files.extend(path.to_str().map(|path| format!("/{path}")));
            }
        }
    }
    files.sort_unstable();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_with_their_folders_and_without_what_is_hidden_or_a_link() {
        let folder = std::env::temp_dir().join(format!("callboard-listing-{}", std::process::id()));
        let below = folder.join("3rdpartygadget/files/a b");
        fs::create_dir_all(&below).expect("a folder");
        fs::create_dir_all(folder.join("3rdpartygadget/.git")).expect("a folder");
        for name in
            ["3rdpartygadget/x.js", "3rdpartygadget/.hidden", "3rdpartygadget/.git/config", "other.js"]
        {
            fs::write(folder.join(name), "").expect("a file");
        }
        fs::write(below.join("y.css"), "").expect("a file");
        std::os::unix::fs::symlink("/etc/passwd", below.join("link")).expect("a link");
        std::os::unix::fs::symlink("..", below.join("loop")).expect("a link");
        let found = list(&folder, "3rdpartygadget");
        let none = list(&folder, "desktop");
        for nth in 0..ENTRIES + 10 {
            fs::write(below.join(nth.to_string()), "").expect("a file");
        }
        let many = list(&folder, "3rdpartygadget").len();
        fs::remove_dir_all(&folder).expect("it was there");
        assert_eq!(found, ["/3rdpartygadget/files/a b/y.css", "/3rdpartygadget/x.js"]);
        assert!(none.is_empty(), "{none:?}");
        assert!(many <= ENTRIES, "{many}");
    }
}
