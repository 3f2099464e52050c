//! The simulated disk against a real one: the same calls on an ext4 that is shut down without
//! writing its journal; whatever is left there must be something that the model allows.
//!
//! Needs root, loop devices, `mkfs.ext4` and `python3` (for one ioctl); says so where it skips.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // Real mounts and files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use duolog::io::real::Real;
use duolog::io::{File, OpenMode, World};
use duolog_sim::seed::{Stream, salt};
use duolog_sim::world::{SimOptions, Simulation, Survivor};

/// CI runs these plans; `DUOLOG_PLANS=N` runs others.
const PLANS: u64 = 50;
const CALLS: u64 = 40;

/// A file system on a loop device, until it drops.
struct Ext4 {
    directory: tempfile::TempDir,
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

impl Ext4 {
    fn make() -> Result<Self, String> {
        run("python3", &["-c", "import fcntl"])?;
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("mount")).unwrap();
        let ext4 = Self { directory };
        fs::File::create(ext4.image()).and_then(|file| file.set_len(64 << 20)).unwrap();
        let image = ext4.image();
        run("mkfs.ext4", &["-q", "-b", "4096", image.to_str().unwrap()])?;
        ext4.mount()?;
        Ok(ext4)
    }

    fn image(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("mount")
    }

    fn mount(&self) -> Result<(), String> {
        let (image, path) = (self.image(), self.path());
        run("mount", &["-o", "loop", image.to_str().unwrap(), path.to_str().unwrap()])
    }

    fn unmount(&self) -> Result<(), String> {
        run("umount", &[self.path().to_str().unwrap()])
    }

    /// `FS_IOC_SHUTDOWN` without a flush of the journal: as if the power had gone.
    fn cut_power(&self) {
        let script = "import fcntl, os, struct, sys\n\
            fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        run("python3", &["-c", script, self.path().to_str().unwrap()]).unwrap();
        self.unmount().unwrap();
        self.mount().unwrap();
    }
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        let _ = run("umount", &["--lazy", self.path().to_str().unwrap()]);
    }
}

/// One call; files are `a` to `d`, in the directory itself or in one below it.
#[derive(Clone, Copy, Debug)]
enum Call {
    Write { file: u64, offset: u64, length: usize, byte: u8 },
    SetLength { file: u64, length: u64 },
    Sync { file: u64 },
    SyncDirectory { below: bool },
    Rename { from: u64, to: u64 },
    Remove { file: u64 },
}

fn draw(stream: &mut Stream) -> Call {
    let file = stream.below(6);
    match stream.below(16) {
        0..=7 => Call::Write {
            file,
            offset: stream.below(5) * 3000,
            length: 1 + stream.below_index(9000),
            byte: 1 + stream.below(255) as u8,
        },
        8 => Call::SetLength { file, length: stream.below(12_000) },
        9..=11 => Call::Sync { file },
        12 => Call::SyncDirectory { below: stream.chance(1, 2) },
        13 | 14 => Call::Rename { from: file, to: stream.below(6) },
        _ => Call::Remove { file },
    }
}

fn place(top: &Path, file: u64) -> PathBuf {
    let name = ["a", "b", "c", "d"][file as usize % 4];
    if file < 4 { top.join(name) } else { top.join("below").join(name) }
}

/// Makes the calls below `top`; those on files that are not there do nothing, in every world.
async fn play<W: World>(world: W, top: PathBuf, calls: Vec<Call>) {
    world.create_directories(&top.join("below")).await.unwrap();
    world.sync_directory(top.parent().unwrap()).await.unwrap();
    for call in calls {
        match call {
            Call::Write { file, offset, length, byte } => {
                let file = world.open(&place(&top, file), OpenMode::Create).await.unwrap();
                file.write_at(offset, &vec![byte; length]).await.unwrap();
            }
            Call::SetLength { file, length } => {
                let file = world.open(&place(&top, file), OpenMode::Create).await.unwrap();
                file.set_len(length).await.unwrap();
            }
            Call::Sync { file } => {
                if let Ok(file) = world.open(&place(&top, file), OpenMode::Write).await {
                    file.sync_data().await.unwrap();
                }
            }
            Call::SyncDirectory { below } => {
                let path = if below { top.join("below") } else { top.clone() };
                world.sync_directory(&path).await.unwrap();
            }
            Call::Rename { from, to } => {
                let _ = world.rename(&place(&top, from), &place(&top, to)).await;
            }
            Call::Remove { file } => {
                let _ = world.remove_file(&place(&top, file)).await;
            }
        }
    }
}

/// All that is below `top`, by its path from there.
fn found(top: &Path, at: &Path, all: &mut BTreeMap<PathBuf, Survivor>) {
    let Ok(entries) = fs::read_dir(top.join(at)) else { return };
    for entry in entries {
        let path = at.join(entry.unwrap().file_name());
        let full = top.join(&path);
        if full.is_dir() {
            all.insert(path.clone(), Survivor::Directory);
            found(top, &path, all);
        } else {
            all.insert(path, Survivor::File(fs::read(full).unwrap()));
        }
    }
}

#[test]
fn what_a_real_file_system_keeps_is_what_the_model_allows() {
    let ext4 = match Ext4::make() {
        Ok(ext4) => ext4,
        Err(reason) => {
            eprintln!("SKIPPED, no file system can be shut down here: {reason}");
            return;
        }
    };
    let plans = std::env::var("DUOLOG_PLANS").map_or(PLANS, |text| text.parse().unwrap());
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..plans {
        let mut stream = Stream::new(seed, salt::WORKLOAD);
        let calls: Vec<Call> = (0..CALLS).map(|_| draw(&mut stream)).collect();
        let top = ext4.path().join(seed.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(Real::new(), top.clone(), calls.clone()));
        ext4.cut_power();
        let mut left = BTreeMap::new();
        found(&top, Path::new(""), &mut left);

        let options = SimOptions { write_back_bytes: u64::MAX, ..SimOptions::default() };
        let simulation = Simulation::new(seed, options);
        let world = simulation.process("model");
        let model_top = Path::new("/sim").join(seed.to_string());
        simulation.block_on(&world, play(world.clone(), model_top.clone(), calls.clone())).unwrap();
        if let Err(reason) = simulation.allows(&model_top, &left) {
            panic!("plan {seed}: the model does not allow {reason}\n{calls:#?}");
        }
        let everything = simulation.block_on(&world, all_of(world.clone(), model_top)).unwrap();
        lost += u64::from(left != everything);
        kept += u64::from(left == everything);
        fs::remove_dir_all(&top).unwrap();
    }
    println!("{plans} power losses: {lost} lost something, {kept} nothing");
    assert!(lost > plans / 4, "a real file system lost something only {lost} times");
}

/// All that is below `top` in the model, before any loss.
async fn all_of<W: World>(world: W, top: PathBuf) -> BTreeMap<PathBuf, Survivor> {
    let mut all = BTreeMap::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(at) = directories.pop() {
        for entry in world.list(&top.join(&at)).await.unwrap() {
            let path = at.join(&entry.name);
            let survivor = if entry.is_directory {
                directories.push(path.clone());
                Survivor::Directory
            } else {
                let file = world.open(&top.join(&path), OpenMode::Read).await.unwrap();
                Survivor::File(file.read_at(0, 1 << 20).await.unwrap().to_vec())
            };
            all.insert(path, survivor);
        }
    }
    all
}
