//! A router that has no descriptors left. Alone in its program, because the limit is the process's.

mod scripted;

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use scripted::{echo, start};

fn serve(stream: &mut TcpStream) {
    stream.write_all(b"ping").unwrap();
    stream.read_exact(&mut [0; 4]).unwrap();
}

#[test]
fn without_descriptors_the_peers_are_served_and_strangers_wait() {
    let router = start("127.0.0.1", echo);
    let mut peer = router.connect();
    router.accepted();
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let before = getrlimit(Resource::Nofile);
    // Both ends of a connection are in this process: the last ones stand in the backlog, unaccepted.
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + 20), ..before }).unwrap();
    let mut strangers: Vec<TcpStream> = Vec::new();
    while let Ok(stream) = TcpStream::connect(router.listening[0]) {
        strangers.push(stream);
    }
    for _ in 0..20 {
        serve(&mut peer);
    }
    setrlimit(Resource::Nofile, before).unwrap();
    let mut late = router.connect();
    serve(&mut late);
    serve(&mut peer);
}
