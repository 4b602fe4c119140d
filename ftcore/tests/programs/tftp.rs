//! The TFTP server, asked by three clients.

use std::fs;
use std::time::Duration;

use crate::running::{Running, client, content};

const LENGTH: usize = 8_000_000;

/// Runs a client that names its server and its port in its own way.
fn fetch(program: &str, arguments: &[&str]) {
    let output = client(program, arguments);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // tftp-hpa's exit status tells nothing.
    assert!(output.status.success() && !said.contains("rror"), "{program}: {said}");
}

#[test]
fn files_are_read_through_the_kills() {
    let running = Running::start("tftp", &[]);
    let file = content(LENGTH);
    fs::write(running.folder.join("file"), &file).unwrap();
    let port = running.port.to_string();
    let (got, url) = (running.path("got"), format!("tftp://127.0.0.1:{port}/file"));
    let got_path = got.to_str().unwrap();
    let clients: [(&str, &[&str]); 3] = [
        ("curl", &["-sS", "--tftp-blksize", "1024", "-o", got_path, &url]),
        ("atftp", &["--option", "blksize 1400", "-g", "-r", "file", "-l", got_path, "127.0.0.1", &port]),
        ("tftp", &["-m", "octet", "127.0.0.1", &port, "-c", "get", "file", got_path]),
    ];
    let mut all_kills = 0;
    for (program, arguments) in clients {
        let ((), kills) = running.during_kills(Duration::from_millis(100), || fetch(program, arguments));
        assert!(fs::read(&got).unwrap() == file, "{program} got other octets after {kills} kills");
        fs::remove_file(&got).unwrap();
        all_kills += kills;
    }
    assert!(all_kills >= 3, "only {all_kills} kills fell into the transfers");
}

#[test]
fn files_are_written_through_the_kills() {
    let running = Running::start("tftp", &[]);
    let file = content(LENGTH);
    let path = running.path("file");
    fs::write(&path, &file).unwrap();
    let (port, path) = (running.port.to_string(), path.to_str().unwrap());
    let url = format!("tftp://127.0.0.1:{port}/by-curl");
    let clients: [(&str, &[&str]); 3] = [
        ("curl", &["-sS", "--tftp-blksize", "1024", "-T", path, &url]),
        ("atftp", &["--option", "blksize 1400", "-p", "-l", path, "-r", "by-atftp", "127.0.0.1", &port]),
        ("tftp", &["-m", "octet", "127.0.0.1", &port, "-c", "put", path, "by-tftp"]),
    ];
    let mut all_kills = 0;
    for (program, arguments) in clients {
        let ((), kills) = running.during_kills(Duration::from_millis(100), || fetch(program, arguments));
        let put = fs::read(running.folder.join(format!("by-{program}"))).unwrap();
        assert!(put == file, "{program} put other octets after {kills} kills");
        all_kills += kills;
    }
    assert!(all_kills >= 3, "only {all_kills} kills fell into the transfers");
    assert_eq!(fs::read_dir(running.folder.join(".uploads")).unwrap().count(), 0);
}
