//! `bgp network import-check`.

use super::flag;

flag!(network_import_check, "bgp network import-check", "Check BGP network route exists in IGP");
