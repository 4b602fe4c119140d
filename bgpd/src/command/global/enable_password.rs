//! `enable password …`: kept, without effect.

use super::accepted;

accepted!(enable, "enable password LINE", no "enable password [LINE]", "Assign the privileged level password (accepted without effect)");
