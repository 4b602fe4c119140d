//! What goes on while the router lives, and while it dies: `watch`, `terminal monitor`, a configuration in the making.

use crate::terminal::{Router, Terminal};

#[test]
fn watch_goes_on_when_the_primary_dies() {
    let router = Router::start("watch");
    let mut terminal = Terminal::open(&router);
    terminal.press("watch show redundancy | include [Ee]poch 1\r");
    terminal.sees("Every 2 s: show redundancy | include [Ee]poch 1");
    terminal.press("\u{3}");
    terminal.prompt("r1#");
    terminal.press("watch show redundancy 1\r");
    terminal.sees("Every 1 s: show redundancy");
    let pid = router.primary().to_string();
    terminal.sees(&pid);
    router.kill_primary();
    let next = router.primary().to_string();
    let screen = terminal.until("the next primary", |screen| screen.contains(&next));
    assert!(screen.starts_with("Every 1 s: show redundancy\n"), "{screen}");
    terminal.press("\u{3}");
    terminal.prompt("r1#");
    assert_eq!(
        terminal.run("watch clear bgp *", "r1#"),
        "% 'clear bgp *' is no command that only shows something"
    );
}

#[test]
fn the_log_is_heard_and_the_next_primary_s_as_well() {
    let router = Router::start("monitor");
    let mut terminal = Terminal::open(&router);
    assert_eq!(terminal.run("terminal monitor", "r1#"), "");
    // A line of the log comes between what is being typed.
    terminal.press("show ver");
    terminal.until("the line", |_| terminal.line() == "r1# show ver");
    // Something that the daemon says: the file is read again.
    let pid: i32 =
        std::fs::read_to_string(router.run_dir().join("keeper.pid")).unwrap().trim().parse().unwrap();
    let keeper = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(keeper, rustix::process::Signal::HUP).unwrap();
    terminal.sees("was read again");
    terminal.until("the line is still there", |_| terminal.line() == "r1# show ver");
    terminal.press("\u{15}\u{c}");
    terminal.until("a clear screen", |screen| screen.lines().count() <= 1);
    router.kill_primary();
    // What a new primary says when it begins.
    terminal.sees("took over");
    router.wait_until_protected();
    terminal.press("terminal no monitor\r");
    terminal.prompt("r1#");
    assert!(router.ask("show logging").contains("took over"));
}

#[test]
fn a_configuration_in_the_making_goes_on_where_it_was() {
    let router = Router::start("making");
    let mut terminal = Terminal::open(&router);
    terminal.run("conf t", "r1(config)#");
    terminal.run("router bgp 65001", "r1(config-router)#");
    terminal.run("address-family ipv4 unicast", "r1(config-router-af)#");
    terminal.press("network 198.51.");
    terminal.until("half a line", |_| terminal.line().ends_with("network 198.51."));
    router.kill_primary();
    terminal.press("100.0/24\r");
    terminal.prompt("r1(config-router-af)#");
    assert_eq!(terminal.run("network 203.0.113.0/24", "r1(config-router-af)#"), "");
    terminal.press("\u{1a}");
    terminal.prompt("r1#");
    let shown = terminal.run("show running-config | include network", "r1#");
    assert_eq!(shown, "  network 198.51.100.0/24\n  network 203.0.113.0/24");
}
