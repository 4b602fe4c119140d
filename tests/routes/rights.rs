//! Who may not write routes is told so, and who else does is seen.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use fib::host;
use fib::settings::Settings;
use fib::writer::{OpenError, Writer};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use tests::bench::netns::enter_private_network;

use crate::world::World;

#[test]
fn without_the_capability_the_message_says_what_to_do() {
    let _world = World::new();
    let mut sets = capabilities(None).unwrap();
    sets.effective.remove(CapabilitySet::NET_ADMIN);
    sets.permitted.remove(CapabilitySet::NET_ADMIN);
    set_capabilities(None, sets).unwrap();
    let error = Writer::open(Settings::default()).unwrap_err();
    assert!(matches!(error, OpenError::NotPermitted), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("CAP_NET_ADMIN") && text.contains("--no-fib"), "{text}");
}

#[test]
fn settings_that_cannot_be_used_are_refused_before_anything_is_opened() {
    let settings = Settings { protocol: 2, ..Settings::default() };
    assert!(matches!(Writer::open(settings), Err(OpenError::Settings(_))));
}

#[test]
fn zebra_is_seen_in_its_own_network_and_from_no_other() {
    enter_private_network().unwrap();
    let folder = std::env::temp_dir().join(format!("ftbgp-zebra-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("zebra");
    fs::copy("/bin/sleep", &program).unwrap();
    assert_eq!(host::zebra().unwrap(), None);
    let mut zebra = Command::new(&program).arg("60").spawn().unwrap();
    // A process has its new name a moment after its parent goes on.
    let mut seen = None;
    for _ in 0..100 {
        seen = host::zebra().unwrap();
        if seen.is_some() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    enter_private_network().unwrap();
    let from_elsewhere = host::zebra().unwrap();
    zebra.kill().unwrap();
    zebra.wait().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!((seen, from_elsewhere), (Some(zebra.id()), None));
}
