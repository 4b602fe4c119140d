//! `neighbor X disable-addpath-rx`.

use super::flag;

flag!(disable_add_path_rx, "disable-addpath-rx", "Do not accept additional paths");
