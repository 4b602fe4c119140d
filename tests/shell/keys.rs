//! Line editing, help, completion, history, errors, pages.

use crate::terminal::{Router, Terminal};

const UP: &str = "\u{1b}[A";
const LEFT: &str = "\u{1b}[D";
const KILL_LINE: &str = "\u{15}";

#[test]
fn help_comes_at_once_and_the_line_stays() {
    let router = Router::start("help");
    let mut terminal = Terminal::open(&router);
    terminal.press("sh ip bgp sum?");
    terminal.sees("  summary  Summary of BGP neighbor status");
    terminal.prompt("r1# sh ip bgp sum");
    terminal.press(" ?");
    let screen = terminal.sees("  wide");
    assert!(screen.contains("  <cr>\n"), "{screen}");
    assert!(screen.contains("  terse        Shorten the information on BGP instances\n"), "{screen}");
    terminal.prompt("r1# sh ip bgp sum");
    terminal.press(KILL_LINE);
    // In the middle of a line: help is about what stands before the cursor, and the rest stays.
    terminal.press(&format!("confX{LEFT}?"));
    terminal.sees("  configure  Configuration from vty interface");
    terminal.press("\u{1b}[C\u{7f}\r");
    terminal.prompt("r1(config)#");
    terminal.press("foo ?");
    terminal.sees("% There is no matched command.");
    terminal.press(KILL_LINE);
    terminal.press("\u{4}");
    terminal.ends();
}

#[test]
fn tab_writes_words_and_names_that_are_in_use() {
    let router = Router::start("tab");
    let mut terminal = Terminal::open(&router);
    terminal.press("sh\t");
    terminal.until("show ", |_| terminal.line() == "r1# show");
    terminal.press("ip bg\tneighbors 127\t");
    terminal.until("the common beginning", |_| terminal.line() == "r1# show ip bgp neighbors 127.0.0.");
    terminal.press("3\t");
    terminal.until("a name", |_| terminal.line() == "r1# show ip bgp neighbors 127.0.0.3");
    terminal.press(KILL_LINE);
    terminal.prompt("r1#");
    assert_eq!(terminal.run("conf t", "r1(config)#"), "");
    assert_eq!(terminal.run("router bgp 65001", "r1(config-router)#"), "");
    terminal.press("neighbor \t\t");
    terminal.sees("127.0.0.2  127.0.0.3  UPSTREAM");
    terminal.press("U\tpassive");
    terminal.until("the group", |_| terminal.line().ends_with("neighbor UPSTREAM passive"));
    terminal.press("\r");
    terminal.prompt("r1(config-router)#");
    terminal.press("neighbor 127.0.0.2 route-map F\tin");
    terminal.until("the map", |_| terminal.line().ends_with("route-map FROM-TRANSIT in"));
    terminal.press("\r");
    terminal.prompt("r1(config-router)#");
    terminal.press("neighbor 127.0.0.2 prefix-list \tin");
    terminal.until("the list", |_| terminal.line().ends_with("prefix-list CUSTOMERS in"));
    terminal.press("\r");
    terminal.prompt("r1(config-router)#");
    // Ctrl-Z is `end`, from any depth; what was typed is dropped.
    terminal.press("nonsense");
    terminal.prompt("r1(config-router)# nonsense");
    terminal.press("\u{1a}");
    terminal.prompt("r1#");
    let running = router.ask("show running-config");
    for line in [
        "neighbor UPSTREAM passive",
        "127.0.0.2 route-map FROM-TRANSIT in",
        "127.0.0.2 prefix-list CUSTOMERS in",
    ] {
        assert!(running.contains(line), "{line}: {running}");
    }
}

#[test]
fn what_is_wrong_is_said_as_frr_says_it_and_lines_are_remembered() {
    let router = Router::start("errors");
    let mut terminal = Terminal::open(&router);
    assert_eq!(terminal.run("foo  bar", "r1#"), "% Unknown command: foo  bar");
    assert_eq!(terminal.run("show", "r1#"), "% Command incomplete: show");
    assert_eq!(terminal.run("show ver | grep x", "r1#"), "% Unknown action 'grep'");
    assert_eq!(terminal.run("show ver | include", "r1#"), "% Need a regexp to filter with");
    assert_eq!(terminal.run("show foo | include x", "r1#"), "% Unknown command: show foo | include x");
    assert_eq!(terminal.run("configure terminal", "r1(config)#"), "");
    assert_eq!(terminal.run("show version", "r1(config)#"), "% Unknown command: show version");
    assert!(terminal.run("do show version", "r1(config)#").contains("FTBGP"));
    // Ctrl-C gives a new line.
    terminal.press("half a line");
    terminal.prompt("r1(config)# half a line");
    terminal.press("\u{3}");
    terminal.prompt("r1(config)#");
    assert_eq!(terminal.run("exit", "r1#"), "");
    assert_eq!(terminal.run("disable", "r1>"), "");
    assert_eq!(terminal.run("show running-config", "r1>"), "% Unknown command: show running-config");
    assert_eq!(terminal.run("en", "r1#"), "");
    terminal.press(&format!("{UP}{UP}"));
    terminal.until("the line before the last", |_| terminal.line() == "r1# show running-config");
    terminal.press("\r");
    terminal.until("the configuration", |screen| screen.ends_with("\nend\nr1#"));
    let history = terminal.run("show history | include ^show foo|^foo", "r1#");
    assert_eq!(history, "foo  bar\nshow foo | include x");
    // The next shell knows them as well.
    drop(terminal);
    let mut terminal = Terminal::open(&router);
    terminal.press(UP);
    terminal.until("the last line", |_| terminal.line() == "r1# show history | include ^show foo|^foo");
}

#[test]
fn long_answers_are_shown_page_by_page() {
    let router = Router::start("pages");
    let mut terminal = Terminal::open(&router);
    assert_eq!(terminal.run("terminal length 5", "r1#"), "");
    terminal.clear();
    terminal.press("list\r");
    terminal.prompt("--More--");
    let first = terminal.screen();
    assert_eq!(first.lines().count(), 7, "the line, five rows, the prompt:\n{first}");
    terminal.press("\r");
    terminal.until("one more row", |screen| screen.lines().count() == 8 && screen.ends_with("--More--"));
    terminal.press(" ");
    terminal.until("a page more", |screen| screen.lines().count() == 13 && screen.ends_with("--More--"));
    terminal.press("q");
    terminal.prompt("r1#");
    assert_eq!(terminal.run("terminal length 0", "r1#"), "");
    assert!(terminal.run("list", "r1#").contains("redundancy switchover"), "no stop");
    assert_eq!(terminal.run("terminal paginate", "r1#"), "");
    terminal.press("list\r");
    terminal.prompt("--More--");
    terminal.press("q");
    terminal.prompt("r1#");
    assert_eq!(terminal.run("show version", "r1#").lines().count(), 1, "a short answer has no stop");
}
