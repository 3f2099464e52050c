//! What is there, what is missing, and making up for it.

use std::env;
use std::path::{Path, PathBuf};

use crate::cache::Slot;
use crate::manifest::{self, Wanted};
use crate::options::{Options, USAGE};
use crate::settings::Settings;
use crate::space::{BUILDS_BYTES, LIBRARY_BYTES, free_bytes, gibibytes};
use crate::{Failure, Outcome, apt, clang, compile, compiler};

/// Does what the user asked for. Quick where all is there already.
pub(crate) fn carry_out(options: &Options) -> Outcome<()> {
    if options.help {
        println!("{USAGE}");
        return Ok(());
    }
    let root = root();
    let wanted = manifest::wanted(&root)?;
    println!("duolog set-up");
    if options.check {
        return check(&root, &wanted);
    }
    install_packages()?;
    let compiler = compiler::find().map_err(remedy_of_compiler)?;
    let slot = Slot::of_user(&wanted, &compiler)?;
    provide_library(&root, &wanted, &slot, options)?;
    provide_settings(&root, &slot)?;
    println!("ready: plain cargo commands link this library and never compile RocksDB");
    Ok(())
}

/// The checkout: where cargo found this package, or was when it was compiled.
fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    package.ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Says what is there and changes nothing.
fn check(root: &Path, wanted: &Wanted) -> Outcome<()> {
    let found = compiler::find();
    let mut ready = true;
    let mut note = |name: &str, state: Result<String, String>| {
        ready &= state.is_ok();
        match state {
            Ok(text) => line(name, "ok", &text),
            Err(text) => line(name, "missing", &text),
        }
    };
    let described = found.as_ref().map(|compiler| describe(&compiler.command, &compiler.name));
    note("C++20 compiler", described.map_err(String::clone));
    note("libclang", clang::find().map(|path| path.display().to_string()));
    match found.as_ref().map(|compiler| Slot::of_user(wanted, compiler)) {
        Err(_) => note("RocksDB library", Err("needs the compiler first".to_owned())),
        Ok(Err(failure)) => note("RocksDB library", Err(failure.text)),
        Ok(Ok(slot)) => {
            let place = slot.directory.display().to_string();
            let library = if slot.is_filled() { Ok(place) } else { Err(place) };
            let needed = needed_bytes(library.is_err());
            note("RocksDB library", library);
            note("free space", space(root, &slot.directory, needed));
            let settings = Settings::new(root, &slot.directory)?;
            let text = ".cargo/rocksdb.toml".to_owned();
            note("this checkout", if settings.are_written() { Ok(text) } else { Err(text) });
        }
    }
    if ready {
        return Ok(());
    }
    Err(Failure::environment("not all is there; run `cargo setup`"))
}

/// Has apt bring the compiler and libclang where they are missing.
fn install_packages() -> Outcome<()> {
    let packages = missing_packages()?;
    if packages.is_empty() {
        return Ok(());
    }
    println!("installing {} (some hundred MB, a few minutes)", packages.join(" and "));
    apt::install(&packages)?;
    match missing_packages()?.first() {
        None => Ok(()),
        Some(package) => Err(Failure::environment(format!(
            "{package} is installed, but too old for RocksDB; install g++ 11 or clang 14, or newer"
        ))),
    }
}

/// The Debian packages that a build lacks. Where the user's environment says where to look, and
/// nothing is there, installing would not help: an error.
fn missing_packages() -> Outcome<Vec<&'static str>> {
    let mut packages = Vec::new();
    let found = compiler::find().map(|found| describe(&found.command, &found.name));
    let library = clang::find().map(|path| path.display().to_string());
    for (name, state, package, variable) in [
        ("C++20 compiler", found, "g++", "CXX"),
        ("libclang", library, "libclang-dev", "LIBCLANG_PATH"),
    ] {
        match state {
            Ok(text) => line(name, "ok", &text),
            Err(why) if env::var_os(variable).is_some() => {
                let text = format!("{name}: {why}; correct {variable}, or unset it");
                return Err(Failure::environment(text));
            }
            Err(why) => {
                line(name, "missing", &why);
                packages.push(package);
            }
        }
    }
    Ok(packages)
}

/// Fills the slot: with what the user gives, or by compiling.
fn provide_library(root: &Path, wanted: &Wanted, slot: &Slot, options: &Options) -> Outcome<()> {
    let place = slot.directory.display().to_string();
    if slot.is_filled() && options.adopt.is_none() {
        line("RocksDB library", "ok", &place);
        return Ok(());
    }
    line("RocksDB library", "missing", &place);
    let lock = slot.lock()?;
    if let Some(given) = &options.adopt {
        println!("taking {}", given.display());
        slot.fill(given)?;
    } else if !slot.is_filled() {
        let free = space(root, &slot.directory, needed_bytes(true));
        line("free space", "ok", &free.map_err(Failure::environment)?);
        println!(
            "compiling RocksDB {} once for this user: about 25 minutes on two cores",
            wanted.version
        );
        compile::compile(root, wanted, slot)?;
    }
    drop(lock);
    line("RocksDB library", "ok", &place);
    Ok(())
}

fn provide_settings(root: &Path, slot: &Slot) -> Outcome<()> {
    let settings = Settings::new(root, &slot.directory)?;
    if !settings.are_written() {
        settings.write()?;
    }
    line("this checkout", "ok", ".cargo/rocksdb.toml");
    Ok(())
}

/// Bytes that must be free: for the checkout's builds, and for the library.
fn needed_bytes(compiles: bool) -> (u64, u64) {
    (BUILDS_BYTES, if compiles { LIBRARY_BYTES } else { 0 })
}

/// What is free for builds and for the cache; the error says where it is too little. What cannot
/// be told counts as enough.
fn space(root: &Path, cache: &Path, needed: (u64, u64)) -> Result<String, String> {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| root.join("target"));
    let mut said = Vec::new();
    for (path, bytes) in [(target.as_path(), needed.0), (cache, needed.1)] {
        let Some(free) = free_bytes(path) else { continue };
        let (free_text, place) = (gibibytes(free), path.display());
        if free < bytes {
            let wanted = gibibytes(bytes);
            return Err(format!("{free_text} free for {place}, {wanted} needed; make room there"));
        }
        said.push(free_text);
    }
    Ok(said.join(" for builds, ") + " for the cache")
}

fn describe(command: &str, name: &str) -> String {
    format!("{command} ({name})")
}

fn remedy_of_compiler(why: String) -> Failure {
    Failure::environment(format!("{why}; install g++ 11 or clang 14, or newer"))
}

fn line(name: &str, state: &str, text: &str) {
    println!("  {name:<16} {state:<8} {text}");
}
