//! What a node sees, and that nothing of a lab is left, in whatever way it ends. Needs root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests::lab::{Lab, LabError, Topology};

const TWO_HOSTS: &str = "name: NAME\ntopology:\n  defaults: {kind: linux, image: 'debian:bookworm'}\n  nodes:\n    \
    a:\n      env: {COLOUR: 'light blue'}\n      sysctls: {net.ipv4.ip_forward: 1}\n      \
    binds: [NAME.txt:/etc/ftbgp-lab/bound.txt:ro]\n      exec: [ip addr add 10.0.0.1/24 dev eth1]\n    \
    b:\n      exec: ['ip addr add 10.0.0.2/24 dev eth1']\n      entrypoint: sh -c\n      \
    cmd: \"'echo $0 started; sleep 1000' words\"\n  links:\n    - endpoints: ['a:eth1', 'b:eth1']\n      mtu: 1400\n";

/// A directory with the topology of two hosts, called `name`.
fn two_hosts(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("ftbgp-two-hosts-{name}-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    fs::write(directory.join(format!("{name}.txt")), "bound\n").expect("a file");
    let file = directory.join(format!("{name}.clab.yml"));
    fs::write(&file, TWO_HOSTS.replace("NAME", name)).expect("a file");
    file
}

fn remove(file: &Path) {
    let _ = file.parent().map(fs::remove_dir_all);
}

/// Whether any process of this machine has `word` on its command line.
fn runs(word: &str) -> bool {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let mut lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(word))
}

fn lab_directories(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(std::env::temp_dir()).expect("the temporary directory").flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.to_string_lossy().contains(&format!("ftbgp-lab-{name}-")));
    paths
}

#[test]
fn a_node_has_its_links_binds_environment_and_parameters() {
    let file = two_hosts("parts");
    let lab = Lab::start(&file).unwrap_or_else(|error| panic!("{error}"));
    let a = lab.node("a");
    let run = |words: &[&str]| a.run(words).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run(&["cat", "/etc/ftbgp-lab/bound.txt"]), "bound\n");
    assert_eq!(run(&["sh", "-c", "echo $COLOUR"]), "light blue\n");
    assert_eq!(run(&["cat", "/proc/sys/net/ipv4/ip_forward"]), "1\n");
    assert_eq!(run(&["hostname"]), "a\n");
    assert_eq!(run(&["cat", "/sys/class/net/eth1/mtu"]), "1400\n");
    assert_eq!(run(&["sh", "-c", "ls /sys/class/net | grep -c eth"]), "1\n");
    a.run(&["sh", "-c", "echo x > /etc/ftbgp-lab/bound.txt"]).expect_err("the bind is read-only");
    // The machine's own files are what they were.
    run(&["sh", "-c", "echo private > /etc/ftbgp-lab/own.txt"]);
    assert!(!Path::new("/etc/ftbgp-lab").exists());
    let said =
        lab.wait_until("b's entry point to speak", Duration::from_secs(10), || match lab.node("b").log() {
            log if log.contains("words started") => Ok(()),
            log => Err(log),
        });
    said.unwrap_or_else(|error| panic!("{error}"));
    remove(&file);
}

#[test]
fn two_labs_of_the_same_file_do_not_see_each_other() {
    let file = two_hosts("twice");
    let one = Lab::start(&file).unwrap_or_else(|error| panic!("{error}"));
    let two = Lab::start(&file).unwrap_or_else(|error| panic!("{error}"));
    one.node("a").run(&["ip", "link", "set", "eth1", "address", "02:00:00:00:00:01"]).expect("a link");
    let other = two.node("a").run(&["cat", "/sys/class/net/eth1/address"]).expect("a link");
    assert_ne!(other, "02:00:00:00:00:01\n");
    drop(one);
    two.node("a").run(&["true"]).expect("the second lab lives on");
    remove(&file);
}

#[test]
fn nothing_is_left_after_a_drop_and_after_a_panic() {
    let file = two_hosts("dropped");
    let mark = format!("{}", 100_000 + std::process::id());
    let spawned = std::thread::spawn({
        let (file, mark) = (file.clone(), mark.clone());
        move || {
            let lab = Lab::start(&file).unwrap_or_else(|error| panic!("{error}"));
            let _sleeper = lab.node("a").spawn(&["sleep", &mark]).expect("sleep");
            assert!(!lab_directories("dropped").is_empty());
            panic!("the test that had the lab fails");
        }
    });
    spawned.join().expect_err("it panics");
    assert!(!runs(&mark), "a process of the lab is left");
    assert_eq!(lab_directories("dropped"), Vec::<PathBuf>::new());
    remove(&file);
}

#[test]
fn nothing_is_left_after_ctrl_c_and_after_sigkill() {
    for signal in ["INT", "KILL"] {
        let name = format!("ended-{}", signal.to_lowercase());
        let file = two_hosts(&name);
        let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"))
            .arg(&file)
            .arg("--keep")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the lab program");
        let started = Instant::now();
        while !lab_directories(&name)
            .iter()
            .any(|d| fs::read_to_string(d.join("b.log")).is_ok_and(|l| !l.is_empty()))
        {
            assert!(started.elapsed() < Duration::from_secs(20), "the lab did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        let pid = lab.id().to_string();
        Command::new("kill").args([&format!("-{signal}"), &pid]).status().expect("kill");
        lab.wait().expect("its end");
        let started = Instant::now();
        while runs(&format!("ftbgp-lab-{name}-")) || !lab_directories(&name).is_empty() {
            assert!(started.elapsed() < Duration::from_secs(20), "{signal}: something of the lab is left");
            std::thread::sleep(Duration::from_millis(50));
        }
        remove(&file);
    }
}

#[test]
fn a_failed_exec_and_an_unknown_image_say_which_node() {
    let file = two_hosts("failing");
    let text = fs::read_to_string(&file).expect("the file");
    let bad = text.replace("ip addr add 10.0.0.1/24 dev eth1", "ip addr add 10.0.0.1/24 dev eth7");
    let topology = Topology::parse(&file, &bad).unwrap_or_else(|error| panic!("{error}"));
    match Lab::start_topology(&topology) {
        Err(LabError::Command { node, stderr, .. }) => {
            assert_eq!(node, "a");
            assert!(stderr.contains("eth7"), "{stderr}");
        }
        other => panic!("{other:?}"),
    }
    let unknown = text.replace("debian:bookworm", "example/router:1");
    let topology = Topology::parse(&file, &unknown).unwrap_or_else(|error| panic!("{error}"));
    let error = Lab::start_topology(&topology).expect_err("no such image");
    assert!(error.to_string().contains("example/router:1"), "{error}");
    remove(&file);
}
