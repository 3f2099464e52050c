//! Installing packages.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use crate::{Failure, Outcome};

/// Installs Debian packages as root or through sudo, asking nothing. Where neither is possible
/// the error holds the line to type.
pub(crate) fn install(packages: &[&str]) -> Outcome<()> {
    let line = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    let by_hand = format!("install them, then run `cargo setup` again:\n\n    sudo {line}\n");
    if !answers(Command::new("apt-get").arg("--version")) {
        return Err(Failure::environment(format!(
            "there is no apt-get here; install what these Debian packages hold: {}",
            packages.join(" ")
        )));
    }
    let prefix: &[&str] = if is_root() {
        &[]
    } else if answers(Command::new("sudo").args(["-n", "true"])) {
        &["sudo", "-n"]
    } else {
        return Err(Failure::environment(format!(
            "not root, and sudo is absent or asks; {by_hand}"
        )));
    };
    for step in ["apt-get update", line.as_str()] {
        let words: Vec<&str> = prefix.iter().copied().chain(step.split(' ')).collect();
        println!("+ {}", words.join(" "));
        let mut call = Command::new(words[0]);
        call.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        let succeeded = call.status().is_ok_and(|status| status.success());
        // A mirror that is away may still leave lists good enough to install from.
        if !succeeded && step == line {
            return Err(Failure::environment(format!("`{step}` failed; {by_hand}")));
        }
    }
    Ok(())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Whether a command can be called and succeeds, silently.
fn answers(call: &mut Command) -> bool {
    call.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    call.status().is_ok_and(|status| status.success())
}
