//! The history's folder: a file for each configuration that was in force, which is one that `ftbgpd` can be started with.
//!
//! `NUMBER.conf` begins with a comment that says when, by whom, how and why, in JSON, and goes on with the text.
//! A file is there whole or not at all. They are for root's eyes: there are passwords in them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::config::Running;
use crate::machine::{Applied, Keeping, REMEMBERED};

/// What stands before the JSON.
const MARK: &str = "! applied ";

/// Writes one and takes away those that are too old.
///
/// # Errors
/// The file system's.
pub(super) fn keep(folder: &Path, keeping: &Keeping) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{:08}.conf", keeping.applied.number));
    let early = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&early)?;
    let applied = serde_json::to_string(&keeping.applied)?;
    file.write_all(format!("{MARK}{applied}\n").as_bytes())?;
    for slice in Running::new(keeping.config.clone()) {
        file.write_all(slice.as_bytes())?;
    }
    file.sync_all()?;
    fs::rename(&early, &path)?;
    File::open(folder)?.sync_all()?;
    let all = numbered(folder)?;
    for (_, path) in all.iter().take(all.len().saturating_sub(REMEMBERED)) {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// All that are there, the oldest first. What cannot be read is passed over, and why is said.
///
/// # Errors
/// Where the folder cannot be read; there may be none.
pub(super) fn read_all(folder: &Path) -> io::Result<Vec<(Applied, String)>> {
    let all = match numbered(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        all => all?,
    };
    let mut found = Vec::new();
    for (_, path) in all.iter().skip(all.len().saturating_sub(REMEMBERED)) {
        match read(path) {
            Ok(one) => found.push(one),
            Err(error) => tracing::warn!("{} is passed over: {error}", path.display()),
        }
    }
    Ok(found)
}

fn read(path: &Path) -> io::Result<(Applied, String)> {
    let whole = fs::read_to_string(path)?;
    let (first, text) = whole.split_once('\n').unwrap_or_default();
    let applied = first.strip_prefix(MARK).ok_or(io::ErrorKind::InvalidData)?;
    Ok((serde_json::from_str(applied)?, text.to_owned()))
}

/// The files by their numbers.
fn numbered(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        match (number, path.extension().and_then(|extension| extension.to_str())) {
            (Some(number), Some("conf")) => all.push((number, path)),
            // Somebody died while it was written.
            (Some(_), Some("new")) => fs::remove_file(path)?,
            _ => {}
        }
    }
    all.sort_unstable();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::{Strictness, parse_str};

    #[test]
    fn the_newest_are_read_as_they_were_written() {
        let folder = std::env::temp_dir().join(format!("ftbgpd-applied-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        assert!(read_all(&folder).unwrap().is_empty());
        for number in 1..=55 {
            let text = format!("hostname h{number}\n");
            let config = Arc::new(parse_str("test", &text, Strictness::Strict).unwrap().0);
            let comment = Some("line\none".to_owned());
            keep(&folder, &Keeping { applied: Applied { number, comment, ..Applied::default() }, config })
                .unwrap();
        }
        fs::write(folder.join("00000055.conf"), "nonsense").unwrap();
        fs::write(folder.join("00000056.new"), "half").unwrap();
        let found = read_all(&folder).unwrap();
        let numbers: Vec<u64> = found.iter().map(|(applied, _)| applied.number).collect();
        assert_eq!(numbers, (6..=54).collect::<Vec<_>>());
        assert_eq!(found[0].0.comment.as_deref(), Some("line\none"));
        assert!(found[0].1.contains("\nhostname h6\n"), "{}", found[0].1);
        assert!(!folder.join("00000056.new").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
