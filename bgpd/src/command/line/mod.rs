//! Lines of `line vty`, which have no effect; the block writes them.

use super::commands;

commands!(exec_timeout, login, access_class);

/// The place of these lines.
const LINE: &[super::Place] = &[super::Place::Line];
