//! The attribute that crashes a build with the feature `fault`, and nothing but such a build.

use bgp_engine::value::PerFamily;
use bgp_engine::wire::Dialect;
use bgp_engine::wire::update;

/// An UPDATE's body whose attribute 255 has this value.
fn body(value: &[u8]) -> Vec<u8> {
    let mut attributes = vec![0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, 0x40, 3, 4, 10, 0, 0, 1];
    attributes.extend([0xc0, 255, u8::try_from(value.len()).unwrap()]);
    attributes.extend(value);
    let mut body = vec![0, 0, 0, u8::try_from(attributes.len()).unwrap()];
    body.extend(attributes);
    body.extend([24, 20, 0, 1]);
    body
}

/// How many attributes that nobody knows were read.
fn read(value: &[u8]) -> usize {
    let dialect = Dialect { four_octet_as: true, families: PerFamily([true, true]), ..Dialect::default() };
    let body = body(value);
    let message = update::parse(&body, &dialect).unwrap();
    assert!(message.errors.is_empty());
    message.attributes.map_or(0, |attributes| attributes.rare().unknown.len())
}

#[test]
fn other_values_are_passed_on_like_those_of_any_attribute_that_nobody_knows() {
    for value in [&b""[..], b"FTBG", b"\x00FTBG", b"\x04FTBG", b"\x01FTBH", b"\x01FTBG\x00", b"\x02"] {
        assert_eq!(read(value), 1, "{value:?}");
    }
}

#[cfg(not(feature = "fault"))]
#[test]
fn without_the_feature_nothing_crashes() {
    for value in [b"\x01FTBG", b"\x02FTBG", b"\x03FTBG"] {
        assert_eq!(read(value), 1);
    }
}

#[cfg(feature = "fault")]
mod crashes {
    use std::process::{Command, ExitStatus, Stdio};
    use std::time::{Duration, Instant};

    const CHILD: &str = "FTBGP_FAULT";

    /// Does nothing unless this process is a child of the other test.
    #[test]
    fn a_child_reads_the_attribute() {
        if let Ok(kind) = std::env::var(CHILD) {
            super::read(&[&[kind.parse().unwrap()][..], b"FTBG"].concat());
        }
    }

    /// How a process ends that reads the attribute; `None` if it does not.
    fn end(kind: u8) -> Option<ExitStatus> {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::a_child_reads_the_attribute"])
            .env(CHILD, kind.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        None
    }

    #[test]
    fn each_kind_ends_the_process_in_its_own_way() {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(end(1).and_then(|status| status.code()), Some(101), "a panic");
        let signal = end(2).and_then(|status| status.signal());
        // The standard library's own guard turns the signal of an overflown stack into an abort.
        assert!(matches!(signal, Some(6 | 11)), "{signal:?}");
        assert_eq!(end(3), None, "an endless loop");
    }
}
