//! Leaks planted for `.ci/lint-probe`; part of no package.

pub fn order() -> usize {
    let map: std::collections::HashMap<u8, u8> = Default::default(); // leak
    let set: std::collections::HashSet<u8> = Default::default(); // leak
    let hasher = std::hash::RandomState::new(); // leak
    let _ = (&hasher, std::collections::BTreeMap::<u8, u8>::new());
    map.len() + set.len()
}

pub fn time() {
    let started = std::time::Instant::now(); // leak
    let _ = started.elapsed(); // leak
    let _ = std::time::SystemTime::now(); // leak
    let _ = std::time::Duration::from_micros(1);
}

pub fn threads() {
    std::thread::spawn(|| ()); // leak
    std::thread::sleep(std::time::Duration::ZERO); // leak
    let _ = std::thread::current(); // leak
    let _ = std::thread::available_parallelism(); // leak
    std::thread_local!(static PLACE: u8 = const { 0 }); // leak
}

pub fn outside(path: &std::path::Path) {
    let _ = std::fs::read(path); // leak
    let _ = std::fs::File::open(path); // leak
    let _ = std::fs::OpenOptions::new(); // leak
    let _ = path.exists(); // leak
    let _ = std::env::var("HOME"); // leak
    let _ = std::env::temp_dir(); // leak
    let _ = std::env::current_dir(); // leak
    let _ = std::process::id(); // leak
    let _ = std::process::Command::new("true"); // leak
    let _ = path.join("below");
}
