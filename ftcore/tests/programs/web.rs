//! The web server, asked by curl.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::running::{Running, client, content};

const LARGE: usize = 200 << 20;

fn curl(arguments: &[&str]) -> String {
    let output = client("curl", &[&["--silent", "--show-error"], arguments].concat());
    assert!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("curl says what it was asked to say")
}

#[test]
fn a_download_outlives_the_server_again_and_again() {
    let running = Running::start("web", &[]);
    let large = content(LARGE);
    fs::write(running.folder.join("large"), &large).unwrap();
    let (url, got) = (format!("http://127.0.0.1:{}/large", running.port), running.path("got"));
    let arguments = ["--limit-rate", "40M", "--output", got.to_str().unwrap()];
    let said = ["--write-out", "%{http_code} %{num_connects} %{size_download}", &url];
    let (said, kills) =
        running.during_kills(Duration::from_millis(300), || curl(&[&arguments[..], &said[..]].concat()));
    assert_eq!(said, format!("200 1 {LARGE}"));
    assert!(fs::read(&got).unwrap() == large, "the file came with other octets after {kills} kills");
    assert!(kills >= 3, "only {kills} kills fell into the download");
}

#[test]
fn one_connection_serves_many_requests_and_many_primaries() {
    const REQUESTS: usize = 60;
    const PART: usize = 200_000;
    let running = Running::start("web", &[]);
    let file = content(PART + REQUESTS * 1000);
    fs::write(running.folder.join("file"), &file).unwrap();
    let got = |n: usize| running.path(&format!("got-{n}"));
    let request = |n: usize| {
        let (first, last) = (n * 1000, n * 1000 + PART - 1);
        let url = format!("url = http://127.0.0.1:{}/file", running.port);
        let said = "write-out = \"%{http_code} %{num_connects}\\n\"\nsilent\nlimit-rate = 4M";
        format!("{url}\nrange = {first}-{last}\noutput = {}\n{said}\n", got(n).display())
    };
    let config = running.path("config");
    fs::write(&config, (0..REQUESTS).map(request).collect::<Vec<_>>().join("next\n")).unwrap();
    let (said, kills) =
        running.during_kills(Duration::from_millis(50), || curl(&["--config", config.to_str().unwrap()]));
    assert_eq!(said, "206 1\n".to_owned() + &"206 0\n".repeat(REQUESTS - 1));
    for n in 0..REQUESTS {
        let part = fs::read(got(n)).unwrap();
        assert!(part == file[n * 1000..][..PART], "part {n} came with other octets after {kills} kills");
    }
    assert!(kills >= 2, "only {kills} kills fell into the requests");
}

#[test]
fn every_standby_takes_a_download_over() {
    for standby in ["warm", "cold"] {
        let running = Running::start("web", &["--standby", standby]);
        let large = content(LARGE / 4);
        fs::write(running.folder.join("large"), &large).unwrap();
        let (url, got) = (format!("http://127.0.0.1:{}/large", running.port), running.path("got"));
        let arguments = ["--limit-rate", "20M", "--output", got.to_str().unwrap(), &url];
        let (_, kills) = running.during_kills(Duration::from_millis(300), || curl(&arguments));
        assert!(fs::read(&got).unwrap() == large, "{standby}: other octets after {kills} kills");
        assert!(kills >= 1, "{standby}: no kill fell into the download");
    }
}

#[test]
fn a_stopped_server_is_replaced() {
    let running = Running::start("web", &[]);
    let large = content(LARGE / 4);
    fs::write(running.folder.join("large"), &large).unwrap();
    let (url, got) = (format!("http://127.0.0.1:{}/large", running.port), running.path("got"));
    let arguments = ["--limit-rate", "20M", "--output", got.to_str().unwrap(), &url];
    thread::scope(|scope| {
        let download = scope.spawn(|| curl(&arguments));
        thread::sleep(Duration::from_millis(500));
        running.kill_primary(Signal::STOP);
        download.join().expect("curl succeeds");
    });
    assert!(fs::read(&got).unwrap() == large);
}

#[test]
fn pipelined_requests_are_all_answered_in_order() {
    let running = Running::start("web", &[]);
    for n in 0..50 {
        fs::write(running.folder.join(format!("{n}")), content(n * 4_000)).unwrap();
    }
    let (stream, kills) = running.during_kills(Duration::from_millis(50), || {
        let mut connection = TcpStream::connect(("127.0.0.1", running.port)).unwrap();
        let mut writing = connection.try_clone().unwrap();
        let writer = thread::spawn(move || {
            for n in 0..3_000 {
                let last = if n == 2_999 { "Connection: close\r\n" } else { "" };
                let request = format!("GET /{} HTTP/1.1\r\nHost: a\r\n{last}\r\n", n % 50);
                writing.write_all(request.as_bytes()).unwrap();
                if n % 10 == 0 {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        let mut stream = Vec::new();
        connection.read_to_end(&mut stream).unwrap();
        writer.join().unwrap();
        stream
    });
    let mut rest = stream.as_slice();
    for n in 0..3_000 {
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        let length = n % 50 * 4_000;
        assert!(
            head.starts_with("HTTP/1.1 200 OK\r\n")
                && head.contains(&format!("Content-Length: {length}\r\n"))
        );
        assert!(rest[end..end + length] == content(length), "answer {n} after {kills} kills");
        rest = &rest[end + length..];
    }
    assert_eq!(rest.len(), 0);
    assert!(kills >= 2, "only {kills} kills fell into the requests");
}
