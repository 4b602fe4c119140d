//! `neighbor X route-reflector-client`.

use super::flag;

flag!(route_reflector_client, "route-reflector-client", "Configure a neighbor as Route Reflector client");
