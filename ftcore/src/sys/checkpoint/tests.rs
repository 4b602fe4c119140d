use std::time::{Duration, Instant};

use super::*;

const PLACE: Place = Place { position: 4096, number: 17, epoch: 2 };
const LONG: Duration = Duration::from_secs(20);

fn finished(saving: &mut Saving) -> io::Result<OwnedFd> {
    assert!(saving.pidfd().wait(LONG));
    saving.finished().unwrap()?.try_clone_to_owned()
}

#[test]
fn what_a_child_saved_is_what_is_read() {
    let state = vec![0x5a; 3 << 20];
    let mut saving = save(in_memory().unwrap(), PLACE, |to| to.write_all(&state)).unwrap();
    let file = finished(&mut saving).unwrap();
    let checkpoint = Checkpoint::read(&file).unwrap();
    assert_eq!(checkpoint.place(), PLACE);
    assert!(checkpoint.octets() == state);
    assert!(rustix::io::pwrite(&file, b"x", 0).is_err(), "it is sealed");
}

#[test]
fn the_child_saves_what_was_there_when_it_was_made() {
    let mut state = vec![1; 100];
    let mut saving = save(in_memory().unwrap(), PLACE, |to| {
        std::thread::sleep(Duration::from_millis(30));
        to.write_all(&state)
    })
    .unwrap();
    state.fill(2);
    assert!(saving.finished().is_none());
    let file = finished(&mut saving).unwrap();
    assert_eq!(Checkpoint::read(&file).unwrap().octets(), [1; 100]);
}

#[test]
fn a_failed_or_killed_child_leaves_nothing_that_is_taken_for_whole() {
    let mut saving = save(in_memory().unwrap(), PLACE, |to| {
        to.write_all(&[1; 1 << 20])?;
        Err(io::Error::from_raw_os_error(libc::ENOSPC))
    })
    .unwrap();
    assert_eq!(finished(&mut saving).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(matches!(Checkpoint::read(&saving.file), Err(CheckpointError::Foreign)));
    let file = in_memory().unwrap();
    let mut saving = save(file.try_clone().unwrap(), PLACE, |_| std::process::abort()).unwrap();
    assert!(finished(&mut saving).is_err());
    assert!(Checkpoint::read(file).is_err());
}

#[test]
fn damage_anywhere_is_seen() {
    let path = std::env::temp_dir().join(format!("ftcore-checkpoint-{}", std::process::id()));
    let file = on_disk(&path).unwrap();
    save_here(file.as_fd(), PLACE, |to| to.write_all(b"state")).unwrap();
    assert_eq!(Checkpoint::read(&file).unwrap().octets(), b"state");
    for place in 0..(HEADER + 5) as u64 {
        let mut octet = [0];
        rustix::io::pread(&file, &mut octet, place).unwrap();
        rustix::io::pwrite(&file, &[octet[0] ^ 1], place).unwrap();
        assert!(Checkpoint::read(&file).is_err(), "octet {place}");
        rustix::io::pwrite(&file, &octet, place).unwrap();
    }
    for length in 0..(HEADER + 5) as u64 {
        let cut = on_disk(&path.with_extension("cut")).unwrap();
        let mut whole = vec![0; HEADER + 5];
        rustix::io::pread(&file, &mut whole, 0).unwrap();
        rustix::io::pwrite(&cut, &whole[..length as usize], 0).unwrap();
        assert!(Checkpoint::read(&cut).is_err(), "cut at {length}");
    }
    std::fs::remove_file(path.with_extension("cut")).unwrap();
    std::fs::remove_file(&path).unwrap();
}

/// Says to this program's tests, run as a process of its own, that they are a part of another one.
const PART: &str = "FTCORE_PART";

/// Run again as a process of its own by the test below.
#[test]
fn fork_once() {
    if std::env::var_os(PART).is_none() {
        return;
    }
    if std::env::var_os("HUGE").is_some() {
        super::super::heap::prefer_huge_pages().unwrap();
    }
    for megabytes in [0, 100, 300] {
        let heap: Vec<Box<[u8]>> = (0..megabytes * 5000).map(|_| vec![1; 200].into_boxed_slice()).collect();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let before = Instant::now();
            let mut saving = save(in_memory().unwrap(), PLACE, |to| to.write_all(&[1])).unwrap();
            pauses.push(before.elapsed().as_micros());
            finished(&mut saving).unwrap();
        }
        pauses.sort_unstable();
        let memory = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
        let huge = memory.lines().find(|line| line.starts_with("AnonHugePages:")).unwrap();
        println!("{megabytes} MB: fork pauses for µs: p50 {}, max {}; {huge}", pauses[4], pauses[8]);
        drop(heap);
    }
}

/// Prints figures: `FTCORE_MEASURE=1 cargo test -p ftcore --lib -- --nocapture --test-threads=1 measured`
#[test]
fn fork_measured() {
    if std::env::var_os("FTCORE_MEASURE").is_none() {
        return;
    }
    for huge in [None, Some(("HUGE", "1"))] {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        let test = "sys::checkpoint::tests::fork_once";
        command.args(["--exact", "--nocapture", "--test-threads=1", test]).env(PART, "1").envs(huge);
        // A test runs in a thread that has its heap before it can say a word about it.
        command.env("GLIBC_TUNABLES", "glibc.malloc.arena_max=1");
        let output = command.output().unwrap();
        assert!(output.status.success());
        for line in String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.contains("MB:")) {
            println!("{}: {line}", if huge.is_some() { "huge pages" } else { "as it comes" });
        }
    }
}
