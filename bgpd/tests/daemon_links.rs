//! Links and router advertisements, in a network namespace of the test's own.

mod scripted;

use std::process::Command;
use std::time::Duration;

use bgp_engine::effect::{Effect, SocketOptions, Wanted};
use bgp_engine::input::Input;
use bgp_engine::value::ConnId;
use fib::watch::{Change, Link, Watch};
use scripted::{Seen, start};

/// Runs the rest of the test in a new namespace: the test program again, with this one test. Tells whether
/// this is the process in it.
fn in_own_namespace(test: &str) -> bool {
    const MARK: &str = "FTBGP_TEST_NAMESPACE";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let mut again = Command::new("unshare");
    again.arg("--net").arg(program).args(["--exact", test, "--nocapture"]).env(MARK, "1");
    let status = again.status().unwrap();
    assert!(status.success(), "{test} failed in its namespace (it needs root)");
    false
}

fn ip(line: &str) {
    let output = Command::new("ip").args(line.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
}

async fn link_that(watch: &mut Watch, fits: impl Fn(&Link) -> bool) -> Link {
    let wait = async {
        loop {
            match watch.next().await.unwrap() {
                Change::Link(link) if fits(&link) => return link,
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the change did not come")
}

#[test]
fn every_change_of_a_link_is_seen() {
    if !in_own_namespace("every_change_of_a_link_is_seen") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut watch = Watch::open().await.unwrap();
        ip("link add left type veth peer name right");
        ip("address add 192.0.2.1/24 dev left");
        ip("link set left up");
        let down = link_that(&mut watch, |link| link.name == "left" && !link.addresses.is_empty()).await;
        assert!(!down.up, "its other end is down, so it has no carrier");
        assert_eq!(down.addresses[0].to_string(), "192.0.2.1/24");
        ip("link set right up");
        let up = link_that(&mut watch, |link| link.name == "left" && link.up).await;
        assert_eq!((up.index, up.hardware.len()), (down.index, 6));
        ip("address delete 192.0.2.1/24 dev left");
        link_that(&mut watch, |link| {
            link.name == "left" && !link.addresses.iter().any(|a| a.addr().is_ipv4())
        })
        .await;
        ip("link delete left");
        loop {
            if watch.next().await.unwrap() == Change::Gone(down.index) {
                break;
            }
        }
    });
}

#[test]
fn what_a_burst_has_overrun_is_read_again() {
    if !in_own_namespace("what_a_burst_has_overrun_is_read_again") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut watch = Watch::open().await.unwrap();
        ip("link add left type veth peer name right");
        let lines: String = (0..4_000)
            .map(|n| format!("address add 10.{}.{}.{}/32 dev left\n", n >> 16, (n >> 8) & 255, n & 255))
            .collect();
        let path = std::env::temp_dir().join(format!("ftbgpd-batch-{}", std::process::id()));
        std::fs::write(&path, lines).unwrap();
        // Far more than the socket's buffer holds, while nobody reads.
        ip(&format!("-batch {}", path.display()));
        std::fs::remove_file(&path).unwrap();
        link_that(&mut watch, |link| link.name == "left" && link.addresses.len() == 4_000).await;
    });
}

/// A router that has an unnumbered neighbor on `interface`, and connects to the routers that it hears of.
fn unnumbered(interface: &'static str) -> scripted::Running {
    start("::", move |input, effects| match input {
        Input::Configure(_) => {
            let (interface, wanted) = (interface.to_owned(), Wanted::Yes);
            effects.list.push(Effect::RouterAdvertisements { interface, wanted });
        }
        Input::RouterSeen { interface: index, address } => effects.list.push(Effect::Connect {
            conn: ConnId(1),
            remote: (*address, 9).into(),
            interface: *index,
            local: None,
            options: SocketOptions { interface: Some(interface.to_owned()), ..SocketOptions::default() },
        }),
        _ => {}
    })
}

#[test]
fn routers_on_one_link_find_each_other() {
    if !in_own_namespace("routers_on_one_link_find_each_other") {
        return;
    }
    ip("link add left type veth peer name right");
    ip("link add aside type veth peer name unused");
    for link in ["left", "right", "aside", "unused", "lo"] {
        ip(&format!("link set {link} up"));
    }
    let (left, right) = (unnumbered("left"), unnumbered("right"));
    for router in [left, right] {
        let seen = router.wait(|seen| match seen {
            Seen::Other(text) if text.starts_with("RouterSeen") => Some(text),
            _ => None,
        });
        assert!(seen.contains("fe80::"), "{seen}");
        // Nobody listens on the discard port, but somebody is there to say so.
        let errno = router.wait(|seen| match seen {
            Seen::ConnectFailed(_, errno) => Some(errno),
            _ => None,
        });
        assert_eq!(errno, libc::ECONNREFUSED);
    }
}
