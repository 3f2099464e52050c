#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // Processes are what this is about.

use super::*;

const LONG: Duration = Duration::from_secs(60);

fn shell(script: &str, limit: Duration) -> (Ended, Vec<String>) {
    let mut lines = Vec::new();
    let mut command = Command::new("sh");
    let ended = watch(command.args(["-c", script]), limit, |line| lines.push(line.to_owned()));
    (ended.unwrap(), lines)
}

#[test]
fn a_process_is_heard_and_told_apart_by_how_it_ends() {
    let heard = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(shell("echo a; echo b", LONG), (Ended::Well, heard));
    assert_eq!(shell("exit 3", LONG), (Ended::Badly, Vec::new()));
    assert_eq!(shell("kill -9 $$", LONG), (Ended::Badly, Vec::new()));
}

#[test]
fn a_process_that_falls_silent_is_killed() {
    let (ended, lines) = shell("echo a; exec sleep 1000", Duration::from_millis(300));
    assert_eq!((ended, lines), (Ended::Hung, vec!["a".to_owned()]));
}
