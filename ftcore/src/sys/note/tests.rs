//! Each death is died by a forked child, which installs a note in memory that it shares with the test.

use std::os::fd::AsFd;
use std::time::Duration;

use super::super::fork::fork;
use super::super::mapping::Access;
use super::super::memory::REGION;
use super::super::process::Exit;
use super::*;

const LONG: Duration = Duration::from_secs(20);

/// What is left by a process that does `last` with a note installed.
fn last_words(last: impl FnOnce()) -> (Option<Exit>, Option<CrashNote>) {
    let file = rustix::fs::memfd_create("note", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    rustix::fs::ftruncate(&file, REGION as u64).unwrap();
    // Here, and not in the child: it takes a lock that another test's panic may hold.
    hook();
    let child = fork(&[file.as_fd()], || {
        FORKED.store(false, Ordering::Release);
        install(Mapping::of_file(&file, REGION, Access::ReadWrite).unwrap()).unwrap();
        last();
        0
    });
    let exit = child.unwrap().wait(LONG);
    (exit, read(&Mapping::of_file(&file, REGION, Access::Read).unwrap()))
}

const KILLED: Option<Exit> = Some(Exit::Signal(libc::SIGKILL));

#[test]
fn a_wild_access_is_noted_with_its_address() {
    let (exit, note) = last_words(|| {
        // SAFETY: none; it is meant to be caught.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(0x10).write_volatile(1) };
    });
    assert_eq!(exit, KILLED);
    let note = note.unwrap();
    assert_eq!(note.cause, Cause::Signal { signal: libc::SIGSEGV, address: 0x10, sender: None });
    assert!(!note.is_from_outside());
}

#[test]
fn an_overflow_of_the_stack_is_noted() {
    #[expect(unconditional_recursion, reason = "it is meant to overflow")]
    fn deeper(n: u64) -> u64 {
        std::hint::black_box([n; 512]);
        deeper(std::hint::black_box(n + 1)) + 1
    }
    let (exit, note) = last_words(|| {
        std::hint::black_box(deeper(0));
    });
    assert_eq!(exit, KILLED);
    let cause = note.unwrap().cause;
    assert!(matches!(cause, Cause::Signal { signal: libc::SIGSEGV, .. }), "{cause:?}");
}

#[test]
fn an_abort_is_noted() {
    let (exit, note) = last_words(|| std::process::abort());
    assert_eq!(exit, KILLED);
    assert!(matches!(note.unwrap().cause, Cause::Signal { signal: libc::SIGABRT, sender: None, .. }));
}

#[test]
fn a_fatal_signal_of_another_process_is_noted_with_its_sender() {
    for signal in [libc::SIGSEGV, libc::SIGABRT, libc::SIGBUS] {
        let (exit, note) = last_words(|| {
            let victim = std::process::id();
            let shell = format!("kill -{signal} {victim}");
            let _ = std::process::Command::new("/bin/sh").args(["-c", &shell]).status();
            std::thread::sleep(LONG);
        });
        let note = note.unwrap();
        assert_eq!(exit, KILLED);
        assert!(note.is_from_outside(), "{note}");
        assert!(note.to_string().ends_with(')') && note.to_string().contains("sent by process"), "{note}");
    }
}

#[test]
fn a_panic_is_noted_with_its_message_and_does_not_unwind() {
    let (exit, note) = last_words(|| panic!("what {} this", "is"));
    assert_eq!(exit, KILLED);
    let Cause::Panic(message) = note.unwrap().cause else { unreachable!() };
    assert!(message.ends_with("what is this") && message.contains("note/tests.rs"), "{message}");
}

#[test]
fn a_long_message_is_cut() {
    let (_, note) = last_words(|| panic!("{}", "x".repeat(1 << 20)));
    let Cause::Panic(message) = note.unwrap().cause else { unreachable!() };
    assert_eq!(message.len(), MESSAGE_OCTETS);
}

#[test]
fn an_exit_is_noted_unless_it_is_in_order() {
    let (exit, note) = last_words(|| std::process::exit(3));
    assert_eq!(exit, Some(Exit::Status(3)));
    assert_eq!(note.unwrap().cause, Cause::Exit);
    let (exit, note) = last_words(|| {
        retract();
        std::process::exit(4)
    });
    assert_eq!((exit, note), (Some(Exit::Status(4)), None));
}

#[test]
fn refused_memory_is_noted_and_so_is_what_it_comes_to() {
    let refuse = || {
        let layout = Layout::from_size_align(1 << 60, 8).unwrap();
        // SAFETY: the layout is not empty, and nothing is done with the memory.
        std::hint::black_box(unsafe { NotingAllocator.alloc(layout) }).is_null()
    };
    let (_, note) = last_words(|| assert!(refuse()));
    let note = note.unwrap();
    assert_eq!((note.cause, note.refused_octets), (Cause::Unsaid, Some(1 << 60)));
    let (exit, note) = last_words(|| {
        assert!(refuse());
        std::process::abort()
    });
    assert_eq!((exit, note.unwrap().refused_octets), (KILLED, Some(1 << 60)));
}

#[test]
fn an_outside_kill_leaves_no_note_and_a_retracted_one_dies_as_ever() {
    let (exit, note) = last_words(|| die());
    assert_eq!((exit, note), (KILLED, None));
    let (exit, note) = last_words(|| {
        retract();
        std::process::abort()
    });
    assert_eq!((exit, note), (Some(Exit::Signal(libc::SIGABRT)), None));
}
