//! Whole files: what is read, what is written, what is said of errors.

use proptest::prelude::*;

use super::*;

const EVERY_LINE: &str = include_str!("../../tests/data/every_line.conf");

fn read(text: &str) -> Config {
    match parse_str("a.conf", text, Strictness::Strict) {
        Ok((config, _)) => config,
        Err(errors) => panic!("{}", errors.iter().map(|e| format!("{e}\n")).collect::<String>()),
    }
}

fn errors(text: &str, strictness: Strictness) -> Vec<String> {
    match parse_str("a.conf", text, strictness) {
        Ok((config, _)) => panic!("accepted: {config:?}"),
        Err(errors) => errors.iter().map(ConfigError::to_string).collect(),
    }
}

#[test]
fn what_is_written_reads_back_as_the_same() {
    let config = read(EVERY_LINE);
    let written: String = running_config(&config).collect();
    assert_eq!(read(&written), config);
    let again: String = running_config(&read(&written)).collect();
    assert_eq!(again, written);
}

#[test]
fn the_running_configuration_has_frrs_lines_in_frrs_order() {
    let written: String = running_config(&read(EVERY_LINE)).collect();
    assert_eq!(written, include_str!("../../tests/data/every_line.running"));
}

#[test]
fn every_error_is_said_with_its_place() {
    let text = "hostname r1\n\
                router bgp 65001\n \
                 neighbor 10.0.0.1 remote-as x\n \
                 neighbor 10.0.0.2 shutdown\n \
                 bgp listen\n \
                 address-family l2vpn evpn\n  \
                  advertise-all-vni\n \
                 exit-address-family\n \
                 neighbor 10.0.0.3 remote-as 1\n\
                interface eth0\n \
                 ip address 10.0.0.1/24\n\
                show bgp\n\
                ip prefix-list A permit 10.0.0.0/8 ge 33\n\
                ip prefix-list A permit 10.0.0.0/8 ge 24 le 20\n";
    assert_eq!(
        errors(text, Strictness::Strict),
        [
            "a.conf:3:30: 'x' is unknown here, expected one of ASN, auto, external, internal",
            "a.conf:4:2: Specify remote-as or peer-group commands first",
            "a.conf:5:12: the line is incomplete, expected one of limit, range",
            "a.conf:6:17: 'l2vpn' is unknown here, expected one of ipv4, ipv6",
            "a.conf:10:1: 'interface eth0' is for another FRR daemon, expected no such line, or --lenient to skip it",
            "a.conf:12:6: 'bgp' is unknown here, expected one of candidate, compare",
            "a.conf:13:39: '33' is unknown here, expected (0-32)",
            "a.conf:14:1: Invalid prefix range for 10.0.0.0/8: Make sure that mask length <= ge <= le",
        ]
    );
}

#[test]
fn lines_for_other_daemons_are_skipped_where_asked_for_and_bgp_lines_never() {
    let text = "interface eth0\n ip address 10.0.0.1/24\nexit\n!\nrouter ospf\n network 10.0.0.0/8 area 0\n!\n\
                router bgp 65001\n bgp router-id 10.0.0.1\n";
    let (config, warnings) = parse_str("a.conf", text, Strictness::Lenient).unwrap();
    assert!(config.engine.bgp.is_some_and(|bgp| bgp.router_id.is_some()));
    let warnings: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(
        warnings,
        [
            "a.conf:1:1: 'interface eth0' is for another FRR daemon, skipped",
            "a.conf:5:1: 'router ospf' is for another FRR daemon, skipped",
        ]
    );
    let text = "router bgp 65001\n vnc defaults\n";
    assert_eq!(
        errors(text, Strictness::Lenient),
        ["a.conf:2:2: 'vnc' is unknown here, expected a command that FTBGP has"]
    );
}

#[test]
fn twenty_thousand_networks_are_read_and_written_in_slices() {
    let mut text = "router bgp 65001\n address-family ipv4 unicast\n".to_owned();
    for i in 0..20_000u32 {
        text.push_str(&format!("  network {}.{}.{}.0/24\n", 1 + i / 65536, i / 256 % 256, i % 256));
    }
    let config = read(&text);
    let slices: Vec<String> = running_config(&config).collect();
    assert!(slices.iter().all(|slice| slice.len() <= 64 << 10), "a slice is larger than 64 KiB");
    assert_eq!(read(&slices.concat()), config);
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_said() {
    let missing = load(std::path::Path::new("/nonexistent/a.conf"), Strictness::Strict).unwrap_err();
    assert_eq!(missing.len(), 1);
    assert!(missing[0].to_string().starts_with("/nonexistent/a.conf:0:0: cannot be read"), "{}", missing[0]);
}

/// One change of a text.
#[derive(Clone, Debug)]
enum Mutation {
    DropLine,
    DropWord,
    Repeat,
    Negate,
    Swap(usize),
    Word(String),
    Octet(char),
}

/// A line, a word in it, and what is done there.
fn mutation() -> impl Strategy<Value = (usize, usize, Mutation)> {
    let kind = prop_oneof![
        Just(Mutation::DropLine),
        Just(Mutation::DropWord),
        Just(Mutation::Repeat),
        Just(Mutation::Negate),
        (0usize..300).prop_map(Mutation::Swap),
        "[A-Za-z0-9./:-]{1,12}".prop_map(Mutation::Word),
        any::<char>().prop_map(Mutation::Octet),
    ];
    (0usize..300, 0usize..8, kind)
}

fn mutate(lines: &mut Vec<String>, (line, word, mutation): (usize, usize, Mutation)) {
    let line = line % lines.len();
    let mut words: Vec<String> = lines[line].split(' ').map(str::to_owned).collect();
    let word = word % words.len();
    match mutation {
        Mutation::DropLine => words.clear(),
        Mutation::Repeat => lines.insert(line, lines[line].clone()),
        Mutation::Negate => lines.insert(line + 1, format!("no {}", lines[line].trim_start())),
        Mutation::Swap(other) => {
            let other = other % lines.len();
            lines.swap(line, other);
            return;
        }
        Mutation::DropWord => drop(words.remove(word)),
        Mutation::Word(text) => words[word] = text,
        Mutation::Octet(octet) => words[word].push(octet),
    }
    lines[line] = words.join(" ");
}

/// Takes out what is refused, so that what is left is looked at too.
fn clear_refused(lines: &mut [String]) {
    for _ in 0..20 {
        let Err(errors) = parse_str("mutant", &lines.join("\n"), Strictness::Lenient) else { return };
        for error in errors {
            if let Some(line) = error.line.checked_sub(1).and_then(|at| lines.get_mut(at)) {
                line.clear();
            }
        }
    }
}

proptest! {
    #[test]
    fn mutants_of_a_configuration_are_refused_or_written_as_they_are_read(
        mutations in proptest::collection::vec(mutation(), 1..30),
    ) {
        let mut lines: Vec<String> = EVERY_LINE.lines().map(str::to_owned).collect();
        for one in mutations {
            mutate(&mut lines, one);
        }
        clear_refused(&mut lines);
        fuzz_config(lines.join("\n").as_bytes());
    }
}
