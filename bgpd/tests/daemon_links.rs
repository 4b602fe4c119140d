//! Links and router advertisements, in a network namespace of the test's own.

use std::process::Command;
use std::time::Duration;

use bgp_engine::effect::Wanted;
use bgpd::daemon::advertiser::Advertiser;
use bgpd::daemon::clock;
use bgpd::machine::OwnInput;
use fib::watch::{Change, Link, Watch};
use ftcore::sys::poll::{Poll, Token};

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

/// One end of the link: it advertises there, and hears.
struct End {
    advertiser: Advertiser,
    poll: Poll,
    heard: Vec<OwnInput>,
}

impl End {
    fn new(interface: &str, links: &[Link]) -> End {
        let (mut advertiser, poll) = (Advertiser::default(), Poll::new().unwrap());
        for link in links {
            advertiser.link(link, clock::now());
        }
        advertiser.set(&poll, Token(0), interface.to_owned(), Wanted::Yes, clock::now()).unwrap();
        End { advertiser, poll, heard: Vec::new() }
    }

    fn turn(&mut self) {
        self.advertiser.speak(clock::now());
        if self.poll.collect(Some(Duration::from_millis(20))).unwrap() > 0 {
            self.advertiser.hear(clock::now(), &mut self.heard);
        }
    }
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let links = runtime.block_on(async {
        let mut watch = Watch::open().await.unwrap();
        let mut links: Vec<Link> = Vec::new();
        while links.len() < 3 {
            let is_ready = |link: &Link| link.name != "lo" && link.name != "unused" && link.up;
            let link = link_that(&mut watch, |link| is_ready(link) && !link.addresses.is_empty()).await;
            links.retain(|other| other.index != link.index);
            links.push(link);
        }
        links
    });
    let mut ends = [End::new("left", &links), End::new("right", &links)];
    let began = std::time::Instant::now();
    while ends.iter().any(|end| end.heard.is_empty()) {
        assert!(began.elapsed() < Duration::from_secs(20), "they do not find each other");
        ends.iter_mut().for_each(End::turn);
    }
    for (end, name) in ends.iter().zip(["left", "right"]) {
        let index = links.iter().find(|link| link.name == name).unwrap().index;
        let [OwnInput::RouterSeen { interface, address }, ..] = end.heard.as_slice() else {
            panic!("{:?}", end.heard);
        };
        assert_eq!(*interface, index);
        assert!(address.is_unicast_link_local(), "{address}");
    }
}
