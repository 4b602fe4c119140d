//! The one table from container images to the daemons of this machine.
//!
//! In containerlab a node's image brings its daemon. In the lab [`IMAGES`] says which program of this machine stands for
//! the image, and how it is started in the node's namespaces, with the same files at the same places. The images
//! that no project publishes are built from `topologies/images/` and `bgpd/packaging/`; their entry points do the
//! same as the scripts here.

use std::path::{Path, PathBuf};

use super::error::LabError;
use super::speaker::Speaker;

/// What stands for a container image on this machine.
#[derive(Debug)]
pub struct Image {
    /// The image's name without its tag.
    pub repository: &'static str,
    /// How the daemon in it is asked for its routes; `None` for an image without a BGP daemon.
    pub speaker: Option<Speaker>,
    /// Programs that must be on this machine.
    pub needs: &'static [&'static str],
    /// What to do if one is not.
    pub remedy: &'static str,
    /// The shell script that starts the daemon and stays as long as it; `"$@"` is the image's or the node's `cmd`.
    /// Run again, it starts what has died.
    pub start: &'static str,
}

/// The environment variable that puts FRR where a topology says ftbgp (value `frr`).
///
/// The configuration syntax is the same, so FRR is an oracle for every topology.
pub const STAND_IN: &str = "FTBGP_STAND_IN";

const FRR: &str = r#"
install -d -o frr -g frr -m 755 /run/frr
daemons=$(sed -n 's/^\([a-z0-9]*d\)=yes.*/\1/p' /etc/frr/daemons 2>/dev/null)
for daemon in zebra staticd bgpd $daemons; do
  if ! pidof $daemon >/dev/null; then
    # What a killed daemon leaves behind is not to be taken for the new one.
    rm -f /run/frr/$daemon.vty
    /usr/lib/frr/$daemon -A 127.0.0.1 --log stdout --log-level informational &
  fi
  tries=0
  until vtysh -d $daemon -c 'show version' >/dev/null 2>&1 || [ $tries = 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
  done
done
vtysh -b
wait
"#;

const FRR_FOR_FTBGP: &str = r#"
mkdir -p /etc/frr
cp /etc/ftbgp/ftbgpd.conf /etc/frr/frr.conf
echo 'service integrated-vtysh-config' > /etc/frr/vtysh.conf
: > /etc/frr/daemons
"#;

const BIRD: &str = "mkdir -p /run/bird; exec bird -f -c /etc/bird/bird.conf -s /run/bird/bird.ctl \"$@\"";

const GOBGP: &str = "exec gobgpd -f /etc/gobgp/gobgpd.conf --pprof-disable --log-plain \"$@\"";

// bgpd refuses a configuration that others may read, as a bind of a checked-out file is.
const OPENBGPD: &str = r#"
install -d -m 755 /run/openbgpd
install -m 600 /etc/openbgpd/bgpd.conf /run/openbgpd/bgpd.conf
exec bgpd -d -f /run/openbgpd/bgpd.conf "$@"
"#;

// What the peers send is printed by the process `run /run/exabgp/received;` of exabgp.conf into received.jsonl.
const EXABGP: &str = r#"
mkdir -p /run/exabgp
cat > /run/exabgp/received <<'END'
#!/bin/sh
while read -r line; do printf '%s\n' "$line" >> /run/exabgp/received.jsonl; done
END
chmod 755 /run/exabgp/received
for pipe in exabgp.in exabgp.out; do [ -p /run/exabgp/$pipe ] || mkfifo -m 600 /run/exabgp/$pipe; done
export exabgp_daemon_user=root exabgp_daemon_daemonize=false exabgp_log_destination=stderr
exec exabgp /etc/exabgp/exabgp.conf "$@"
"#;

/// Every image that a topology may name.
pub const IMAGES: &[Image] = &[
    Image {
        repository: "ftbgp",
        speaker: Some(Speaker::Ftbgp),
        needs: &["ftbgpd", "ftsh"],
        remedy: "run `cargo build -p bgpd`, or set FTBGPD to the path of the ftbgpd program (ftsh beside it)",
        start: "exec ftbgpd \"$@\"",
    },
    Image {
        repository: "quay.io/frrouting/frr",
        speaker: Some(Speaker::Frr),
        needs: &["/usr/lib/frr/zebra", "/usr/lib/frr/bgpd", "vtysh"],
        remedy: "apt-get install frr",
        start: FRR,
    },
    Image {
        repository: "ftbgp/bird",
        speaker: Some(Speaker::Bird),
        needs: &["bird", "birdc"],
        remedy: "apt-get install bird2",
        start: BIRD,
    },
    Image {
        repository: "ftbgp/gobgp",
        speaker: Some(Speaker::Gobgp),
        needs: &["gobgpd", "gobgp"],
        remedy: "apt-get install gobgpd",
        start: GOBGP,
    },
    Image {
        repository: "ftbgp/openbgpd",
        speaker: Some(Speaker::Openbgpd),
        needs: &["bgpd", "bgpctl"],
        remedy: "apt-get install openbgpd",
        start: OPENBGPD,
    },
    Image {
        repository: "ftbgp/exabgp",
        speaker: Some(Speaker::Exabgp),
        needs: &["exabgp", "exabgpcli"],
        remedy: "apt-get install exabgp",
        start: EXABGP,
    },
    // No daemon: a host or a switch, made of the commands in `exec`.
    Image {
        repository: "debian",
        speaker: None,
        needs: &["ip"],
        remedy: "apt-get install iproute2",
        start: "exec sleep infinity",
    },
    Image {
        repository: "nicolaka/netshoot",
        speaker: None,
        needs: &["ip"],
        remedy: "apt-get install iproute2",
        start: "exec sleep infinity",
    },
];

/// An image as this run starts it.
#[derive(Debug, Clone)]
pub struct Start {
    /// Who answers questions about routes.
    pub speaker: Option<Speaker>,
    /// The script, complete.
    pub script: String,
    /// The search path of the node's programs.
    pub path: String,
}

/// Finds what stands for `image` and checks that it is installed.
pub fn find(node: &str, image: &str) -> Result<Start, LabError> {
    let name = repository(image);
    let row = IMAGES
        .iter()
        .find(|row| row.repository == name)
        .ok_or_else(|| LabError::UnknownImage { node: node.into(), image: image.into() })?;
    let stand_in =
        row.speaker == Some(Speaker::Ftbgp) && std::env::var(STAND_IN).is_ok_and(|who| who == "frr");
    let (row, script) = if stand_in {
        let frr = IMAGES.iter().find(|row| row.speaker == Some(Speaker::Frr)).unwrap_or(row);
        (frr, format!("{FRR_FOR_FTBGP}{}", frr.start))
    } else {
        (row, row.start.to_string())
    };
    let path = search_path();
    for program in row.needs {
        if !is_there(program, &path) {
            return Err(LabError::Missing {
                node: node.into(),
                image: image.into(),
                what: (*program).into(),
                remedy: row.remedy.into(),
            });
        }
    }
    Ok(Start { speaker: row.speaker, script, path })
}

/// The image's name without registry default and tag.
fn repository(image: &str) -> &str {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    let image = image.strip_prefix("library/").unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// The directories of our own programs first, then those of the system.
fn search_path() -> String {
    let mut directories: Vec<PathBuf> = Vec::new();
    if let Some(daemon) = std::env::var_os("FTBGPD") {
        directories.extend(Path::new(&daemon).parent().map(Path::to_path_buf));
    }
    // target/debug/deps/TEST and target/debug/lab both have ftbgpd in target/debug.
    if let Ok(own) = std::env::current_exe() {
        directories.extend(own.ancestors().skip(1).take(2).map(Path::to_path_buf));
    }
    let own = directories.iter().map(|directory| directory.display().to_string());
    let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_string();
    own.chain([system]).collect::<Vec<_>>().join(":")
}

fn is_there(program: &str, path: &str) -> bool {
    if program.starts_with('/') {
        return Path::new(program).exists();
    }
    path.split(':').any(|directory| Path::new(directory).join(program).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_and_the_default_registry_are_no_part_of_the_name() {
        assert_eq!(repository("ftbgp:latest"), "ftbgp");
        assert_eq!(repository("quay.io/frrouting/frr:8.4.2"), "quay.io/frrouting/frr");
        assert_eq!(repository("docker.io/library/debian:bookworm"), "debian");
        assert_eq!(repository("localhost:5000/ftbgp"), "localhost:5000/ftbgp");
    }

    #[test]
    fn an_unknown_image_names_the_node_and_the_table() {
        let error = find("r1", "example/none:1").expect_err("no row has it");
        let text = error.to_string();
        assert!(
            text.contains("r1") && text.contains("example/none:1") && text.contains("image.rs"),
            "{text}"
        );
    }
}
