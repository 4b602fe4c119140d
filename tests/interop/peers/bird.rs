//! BIRD.

use crate::world::Plan;

pub(super) fn config(plan: &Plan) -> String {
    let mut text = String::from(
        "log stderr all;\ndebug protocols { states, events, packets };\nrouter id 10.0.0.2;\nprotocol device { }\n\
         protocol direct { ipv4; ipv6; }\nprotocol kernel kernel4 { ipv4 { import all; export none; }; learn; }\n\
         protocol kernel kernel6 { ipv6 { import all; export none; }; learn; }\n\
         protocol static originated4 { ipv4; route 10.2.0.0/16 blackhole; }\n\
         protocol static originated6 { ipv6; route 2001:db8:2::/48 blackhole; }\n",
    );
    for peering in plan.peerings() {
        text.push_str(&format!(
            "protocol bgp {} {{\n  local {} as {};\n  neighbor {} as {};\n  connect delay time 1;\n  \
             connect retry time 2;\n  error wait time 1, 4;\n",
            peering.name,
            peering.local,
            plan.them_as(),
            peering.remote,
            peering.remote_as
        ));
        let options = [
            (plan.password.is_some(), format!("password \"{}\";", plan.password.unwrap_or_default())),
            (plan.ttl_security, "ttl security on;".into()),
            (plan.graceful_restart, "graceful restart on;".into()),
        ];
        for (_, option) in options.iter().filter(|(wanted, _)| *wanted && peering.with_us) {
            text.push_str(&format!("  {option}\n"));
        }
        if plan.extended_message {
            text.push_str("  enable extended messages on;\n");
        }
        let export = "export filter { if source = RTS_STATIC || source = RTS_BGP then accept; reject; };";
        let paths = if plan.add_path && peering.with_us { " add paths on;" } else { "" };
        let next_hop = if plan.extended_next_hop { " extended next hop on;" } else { "" };
        if peering.ipv4 {
            text.push_str(&format!("  ipv4 {{ import all; {export}{paths}{next_hop} }};\n"));
        }
        if peering.ipv6 {
            text.push_str(&format!("  ipv6 {{ import all; {export} }};\n"));
        }
        text.push_str("}\n");
    }
    text
}
