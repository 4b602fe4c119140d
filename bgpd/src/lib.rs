//! FTBGP: the daemon around the engine, and its shell.
