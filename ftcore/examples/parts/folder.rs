//! Carries out what the machines order, below one folder that no path leads out of.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{self, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

use super::disk::{Answer, Work};

/// The folder.
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens it.
    pub fn open(path: &Path) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Folder(fs::open(path, flags, Mode::empty())?))
    }

    /// Does the work, and hands on how it came out. `read` holds what the answer borrows.
    pub fn carry_out<'a>(&self, work: &Work, read: &'a mut Vec<u8>) -> Answer<'a> {
        let outcome = match work {
            Work::Look { path } => self.look(path),
            Work::Read { path, version, offset, length } => {
                read.resize(*length as usize, 0);
                match self.read(path, *version, *offset, read) {
                    Ok(length) => return Answer::Octets(&read[..length]),
                    Err(error) => Err(error),
                }
            }
            Work::Write { path, offset, octets } => self.write(path, *offset, octets),
            Work::Finish { from, to, length } => self.finish(from, to, *length),
            Work::Discard { path } => self.discard(path),
        };
        outcome.unwrap_or_else(|error| match Errno::from_io_error(&error) {
            // What leads out of the folder is not there, nor is what no program may read.
            Some(
                Errno::NOENT | Errno::NOTDIR | Errno::XDEV | Errno::LOOP | Errno::NAMETOOLONG | Errno::ACCESS,
            ) => Answer::Missing,
            Some(Errno::EXIST) => Answer::Taken,
            _ => Answer::Failed,
        })
    }

    fn file(&self, path: &str, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let mode = if flags.contains(OFlags::CREATE) { Mode::from_raw_mode(0o644) } else { Mode::empty() };
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        Ok(File::from(fs::openat2(&self.0, path, flags, mode, inside)?))
    }

    fn look(&self, path: &str) -> io::Result<Answer<'static>> {
        let path = if path.is_empty() { "." } else { path };
        let found = self.file(path, OFlags::RDONLY)?.metadata()?;
        Ok(match found.file_type() {
            kind if kind.is_dir() => Answer::Folder,
            kind if kind.is_file() => file_answer(&found),
            _ => Answer::Missing,
        })
    }

    fn read(&self, path: &str, version: u64, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let file = self.file(path, OFlags::RDONLY)?;
        if !matches!(file_answer(&file.metadata()?), Answer::File { version: now, .. } if now == version) {
            return Err(Errno::NOENT.into());
        }
        let mut filled = 0;
        while filled < into.len() {
            match file.read_at(&mut into[filled..], offset + filled as u64)? {
                0 => break,
                more => filled += more,
            }
        }
        Ok(filled)
    }

    /// Never shortens the file: a process that was killed may be in the middle of the same call.
    fn write(&self, path: &str, offset: u64, octets: &[u8]) -> io::Result<Answer<'static>> {
        self.file(path, OFlags::WRONLY | OFlags::CREATE)?.write_all_at(octets, offset)?;
        Ok(Answer::Done)
    }

    /// Where `from` is gone, it has been renamed before: nothing else takes it away.
    fn finish(&self, from: &str, to: &str, length: u64) -> io::Result<Answer<'static>> {
        let folder = to.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let folder = self.file(folder, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let name = to.rsplit_once('/').map_or(to, |(_, name)| name);
        match self.file(from, OFlags::RDONLY) {
            Ok(written) => {
                if written.metadata()?.len() != length {
                    return Ok(Answer::Failed);
                }
                written.sync_all()?;
                match fs::renameat_with(&self.0, from, &folder, name, RenameFlags::NOREPLACE) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        folder.sync_all()?;
        Ok(Answer::Done)
    }

    fn discard(&self, path: &str) -> io::Result<Answer<'static>> {
        match fs::unlinkat(&self.0, path, fs::AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(Answer::Done),
            Err(error) => Err(error.into()),
        }
    }
}

fn file_answer(found: &std::fs::Metadata) -> Answer<'static> {
    use std::os::unix::fs::MetadataExt;
    let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
    let parts = times.map(i64::cast_unsigned).into_iter().chain([found.len(), found.ino()]);
    let version =
        parts.fold(0_u64, |sum, part| (sum.rotate_left(23) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    Answer::File { length: found.len(), changed_s: u64::try_from(found.mtime()).unwrap_or(0), version }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use bytes::Bytes;

    use super::super::proof::Ground;
    use super::*;

    fn folder() -> (Ground, Folder) {
        let ground = Ground::new("folder");
        fs::create_dir(ground.0.join("in")).unwrap();
        fs::write(ground.0.join("in/file"), "0123456789").unwrap();
        let folder = Folder::open(&ground.0).unwrap();
        (ground, folder)
    }

    fn look(folder: &Folder, path: &str) -> Answer<'static> {
        folder.carry_out(&Work::Look { path: path.to_owned() }, &mut Vec::new()).without_octets()
    }

    impl Answer<'_> {
        fn without_octets(self) -> Answer<'static> {
            match self {
                Answer::Octets(_) => Answer::Octets(b""),
                Answer::File { length, changed_s, version } => Answer::File { length, changed_s, version },
                Answer::Folder => Answer::Folder,
                Answer::Done => Answer::Done,
                Answer::Missing => Answer::Missing,
                Answer::Taken => Answer::Taken,
                Answer::Failed => Answer::Failed,
            }
        }
    }

    #[test]
    fn no_path_leads_out() {
        let (ground, folder) = folder();
        symlink("/etc", ground.0.join("etc")).unwrap();
        symlink("..", ground.0.join("up")).unwrap();
        symlink("in/file", ground.0.join("inside")).unwrap();
        symlink("loop", ground.0.join("loop")).unwrap();
        for path in ["etc/passwd", "etc", "up", "../x", "/etc/passwd", "loop", "in/file/x", &"x".repeat(300)]
        {
            assert_eq!(look(&folder, path), Answer::Missing, "{path}");
        }
        assert_eq!(look(&folder, ""), Answer::Folder);
        assert_eq!(look(&folder, "inside"), look(&folder, "in/file"));
    }

    #[test]
    fn a_file_is_written_and_named_once() {
        let (ground, folder) = folder();
        let done = |work: &Work| folder.carry_out(work, &mut Vec::new()).without_octets();
        let write = |offset, octets| Work::Write {
            path: "part".to_owned(),
            offset,
            octets: Bytes::from_static(octets),
        };
        let finish = |to: &str, length| Work::Finish { from: "part".to_owned(), to: to.to_owned(), length };
        assert_eq!([done(&write(0, b"ab")), done(&write(2, b"cd"))], [Answer::Done, Answer::Done]);
        assert_eq!(done(&write(0, b"ab")), Answer::Done, "the first once more");
        assert_eq!(done(&finish("whole", 5)), Answer::Failed, "octets are missing");
        assert_eq!(done(&finish("in/file", 4)), Answer::Taken);
        assert_eq!(done(&finish("none/file", 4)), Answer::Missing);
        assert_eq!(done(&finish("in/whole", 4)), Answer::Done);
        fs::rename(ground.0.join("in/whole"), ground.0.join("read")).unwrap();
        assert_eq!(done(&finish("in/whole", 4)), Answer::Done, "it has been there");
        assert!(!ground.0.join("in/whole").exists() && fs::read(ground.0.join("read")).unwrap() == b"abcd");
    }
}
