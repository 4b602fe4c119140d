//! Without a terminal: `-c`, `-f`, a pipe as standard input.

use crate::terminal::Router;

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

#[test]
fn commands_files_and_pipes_are_run_in_one_session_each() {
    let router = Router::start("batch");
    let lines =
        ["-c", "conf t", "-c", "router bgp 65001\nneighbor 127.0.0.3 description by hand", "-c", "end"];
    let mut arguments = lines.to_vec();
    arguments.extend(["-c", "terminal length 0", "-c", "show run | include description"]);
    let done = router.batch(&arguments, "");
    assert_eq!(text(&done.stdout), " neighbor 127.0.0.3 description by hand\n");
    assert_eq!(done.status.code(), Some(0));

    let refused = router.batch(&["-c", "nonsense", "-c", "show version"], "");
    assert_eq!(text(&refused.stdout), "% Unknown command: nonsense\n", "the rest is not run");
    assert_eq!(refused.status.code(), Some(1));

    let piped = router
        .batch(&[], "conf t\nnonsense\nhostname r2\nend\nshow run | include hostname\nexit\nshow version\n");
    assert_eq!(text(&piped.stdout), "% Unknown command: nonsense\nhostname r2\n");
    assert_eq!(piped.status.code(), Some(1));

    let file = router.dir.join("lines");
    std::fs::write(&file, "router bgp 65001\n neighbor 127.0.0.2 description from a file\nexit\nend\n")
        .unwrap();
    let done = router.batch(&["-f", file.to_str().unwrap(), "-c", "show run | include from a"], "");
    assert_eq!(text(&done.stdout), " neighbor 127.0.0.2 description from a file\n");
}

#[test]
fn answers_pass_through_as_many_pipes_as_one_likes() {
    let router = Router::start("pipes");
    let ask = |line: &str| text(&router.batch(&["-c", line], "").stdout).to_owned();
    assert_eq!(ask("show running-config | section ^router bgp | include remote-as | count"), "2\n");
    assert_eq!(
        ask("show run | begin ^route-map | exclude bgp|neighbor|^!|^exit|^end"),
        "route-map FROM-TRANSIT permit 10\nroute-map TO-TRANSIT permit 10\n"
    );
    assert_eq!(ask("show bgp summary | json ipv4Unicast peers 127.0.0.3 remoteAs"), "65003\n");
    assert_eq!(ask("show bgp summary | json ipv4Unicast peers * remoteAs | include 2$"), "65002\n");
    assert_eq!(ask("show names neighbor 127.0.0.2 | json neighbor 0"), "\"127.0.0.2\"\n");
}
