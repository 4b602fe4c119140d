//! `password …`: kept, without effect; the control socket's mode is the gate.

use super::accepted;

accepted!(password, "password LINE", no "password [LINE]", "Assign the terminal connection password (accepted without effect)");
