//! Plans in a process of their own: one that crashes or hangs ends one plan and no more. What the
//! process does is told line by line; where no line comes for a while, it is ended.

// Processes, and how long they are silent, are what this is about.
#![allow(clippy::disallowed_methods)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With exit code 0.
    Well,
    /// With any other, or by a signal.
    Badly,
    /// It was silent for too long, and was killed.
    Hung,
}

/// Runs `command`, gives every line of its standard output to `line`, and kills it where none
/// comes for `limit`.
///
/// # Errors
/// Where it cannot be started.
pub fn watch(
    command: &mut Command,
    limit: Duration,
    mut line: impl FnMut(&str),
) -> std::io::Result<Ended> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let lines = lines(&mut child);
    loop {
        match lines.recv_timeout(limit) {
            Ok(text) => line(&text),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                // It may end by itself just now: that is as good.
                let _ = child.kill();
                child.wait()?;
                return Ok(Ended::Hung);
            }
        }
    }
    Ok(if child.wait()?.success() { Ended::Well } else { Ended::Badly })
}

/// The lines of a process, from a thread that waits for them.
fn lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    let output = child.stdout.take();
    std::thread::spawn(move || {
        let lines = output.into_iter().flat_map(|output| BufReader::new(output).lines());
        for line in lines.map_while(Result::ok) {
            // Who asked has seen enough.
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests;
