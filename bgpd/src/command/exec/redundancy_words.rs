//! The words that the `redundancy …` family shares, and what they mean.

/// Help for them.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("redundancy", "The twin and what it does"),
    ("switchover", "Hand over to the twin"),
    ("twin", "The process that stands by"),
    ("restart", "Start it anew"),
    ("upgrade", "Go on as another program, sessions stay up"),
    ("LINE", "The program's file, from the root on"),
    ("mode", "How the twin stands by"),
    ("hot", "The twin applies every entry"),
    ("warm", "The twin holds checkpoint and log"),
    ("cold", "No twin: checkpoint and log in files"),
    ("none", "No twin"),
];
