//! Writes the seeds of all targets into the corpus.
#![allow(clippy::disallowed_methods, reason = "the corpus lies on the real disk")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    for target in &duolog_fuzz::TARGETS {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        std::fs::create_dir_all(&directory)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(directory.join(format!("seed-{number:02}")), seed)?;
        }
    }
    Ok(())
}
