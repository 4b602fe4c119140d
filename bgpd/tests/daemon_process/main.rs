//! `ftbgpd` as processes: their files, their titles, exit statuses, what signals do, and what a death does not.

mod candidate;
mod modes;
mod running;
mod takeover;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use running::{CONFIG, Daemon, Place, establish, output, read_message, text};

#[test]
fn a_configuration_is_checked_without_running_anything() {
    let place = Place::new("check");
    place.config(CONFIG);
    let good = output(&place, &["--check-config"]);
    assert_eq!((good.status.code(), good.stdout.len(), good.stderr.len()), (Some(0), 0, 0));
    let file = place.config("router bgp 65001\n neighbor nonsense\nnonsense\n");
    let bad = output(&place, &["--check-config"]);
    assert_eq!((bad.status.code(), bad.stdout.len()), (Some(2), 0));
    let errors = String::from_utf8(bad.stderr).unwrap();
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines.len(), 2, "{errors}");
    assert!(lines[0].starts_with(&format!("{}:2:", file.display())), "{errors}");
    assert!(lines[1].starts_with(&format!("{}:3:1: ", file.display())), "{errors}");
    assert!(!place.0.join("run").exists());
}

#[test]
fn what_is_refused_at_the_start_is_status_2_and_what_fails_is_status_1() {
    let place = Place::new("status");
    place.config("nonsense\n");
    assert_eq!(output(&place, &[]).status.code(), Some(2));
    assert_eq!(output(&place, &["--standby", "lukewarm"]).status.code(), Some(2));
    place.config(CONFIG);
    let taken = output(&place, &["--listen", "192.0.2.77:1"]);
    assert_eq!(taken.status.code(), Some(1));
    let log = String::from_utf8(taken.stderr).unwrap();
    assert!(log.contains("cannot listen on 192.0.2.77:1"), "{log}");
}

#[test]
fn a_running_router_is_seen_in_its_directory_and_its_title() {
    let place = Place::new("title");
    place.config(CONFIG);
    let notify = UnixDatagram::bind(place.0.join("notify")).unwrap();
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", place.0.join("notify"));
    let daemon = Daemon::start(&place, command);
    notify.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut buffer = [0; 256];
    loop {
        let count = notify.recv(&mut buffer).unwrap();
        if &buffer[..count] == b"READY=1" {
            break;
        }
        assert!(buffer.starts_with(b"STATUS="), "{:?}", &buffer[..count]);
    }
    let run = place.0.join("run");
    daemon.wait_until_protected();
    let pid = daemon.child.id().to_string();
    assert_eq!(text(&run.join("keeper.pid")).trim(), pid);
    for part in ["keeper", "primary", "twin"] {
        let process = PathBuf::from("/proc").join(text(&run.join(format!("{part}.pid"))).trim());
        // The kernel has room for 15 octets.
        let title = format!("ftbgpd: {part}");
        assert_eq!(text(&process.join("comm")).trim(), &title[..title.len().min(15)]);
        let line = text(&process.join("cmdline"));
        let name = line.split('\0').next().unwrap_or_default().trim();
        assert_eq!(name, title);
    }

    let second = output(&place, &[]);
    assert_eq!(second.status.code(), Some(1));
    let log = String::from_utf8(second.stderr).unwrap();
    assert!(log.contains("already") && log.contains(&pid), "{log}");

    daemon.signal(Signal::TERM);
    assert_eq!(daemon.status(), Some(0));
    assert_eq!(std::fs::read_dir(run).unwrap().count(), 0);
}

#[test]
fn a_stop_ends_the_sessions_with_a_notification() {
    let place = Place::new("stop");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    daemon.wait_for("session is up");
    daemon.signal(Signal::TERM);
    let (code, body) = loop {
        let (kind, body) = read_message(&mut peer);
        if kind == 3 {
            break (body[0], body[1..].to_vec());
        }
    };
    assert_eq!((code, body.as_slice()), (6, &[2][..]), "Cease, Administrative Shutdown");
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
    drop(peer);
    assert_eq!(daemon.status(), Some(0));
}

#[test]
fn a_hangup_reads_the_file_again_and_keeps_what_is_good() {
    let place = Place::new("reload");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    daemon.wait_for("session is up");
    daemon.signal(Signal::HUP);
    daemon.wait_for("nothing has changed");
    place.config("router bgp 65001\n nonsense\n");
    daemon.signal(Signal::HUP);
    daemon.wait_for("ftbgpd.conf:2:");
    daemon.wait_for("stays as it was");
    place.config(&format!("{CONFIG} address-family ipv4 unicast\n  network 198.51.100.0/24\n"));
    daemon.signal(Signal::HUP);
    daemon.wait_for("was read again");
    place.config(&format!("{CONFIG} neighbor 127.0.0.2 shutdown message enough\n"));
    daemon.signal(Signal::HUP);
    // The session lived until now, or its NOTIFICATION would have come before and been another.
    let notification = loop {
        let (kind, body) = read_message(&mut peer);
        if kind == 3 {
            break body;
        }
    };
    assert_eq!(notification, [&[6, 2, 6][..], b"enough"].concat());
}

#[test]
fn a_command_changes_what_runs_and_write_keeps_it() {
    let place = Place::new("write");
    let file = place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    let client = UnixStream::connect(place.0.join("run/ftbgpd.sock")).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut frames = BufReader::new(&client).lines();
    let mut ask = |request: &str| {
        (&client).write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut out = String::new();
        loop {
            let frame = frames.next().unwrap().unwrap();
            out.push_str(&frame);
            if frame.contains("\"end\"") {
                return out;
            }
        }
    };
    let modes = r#"["configure terminal","router bgp 65001"]"#;
    let line = "neighbor 127.0.0.9 remote-as 65009";
    let done = ask(&format!(r#"{{"id":1,"mode":{modes},"line":"{line}"}}"#));
    assert!(done.contains(r#""status":0"#), "{done}");
    assert!(!text(&file).contains(line));
    let done = ask(r#"{"id":2,"mode":[],"line":"write memory"}"#);
    assert!(done.contains("[OK]"), "{done}");
    assert!(text(&file).contains(line), "{}", text(&file));
    let refused = ask(r#"{"id":3,"mode":[],"line":"nonsense"}"#);
    assert!(refused.contains(r#""status":1"#), "{refused}");
    let refused = ask("this is no request");
    assert!(refused.contains(r#""status":1"#), "{refused}");
    drop(daemon);
}
