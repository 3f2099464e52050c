//! RocksDB: a secondary that caught up answers `get` with replaced values and deleted keys.
//!
//! Expected: after a put, a delete, a flush and `try_catch_up_with_primary` = Ok with equal
//! sequence numbers, `get` on the secondary answers as `get` on the primary.
//! Happens, always, with RocksDB 11.8.1 (crate rocksdb 0.25.0): it answers with the old value and
//! with the deleted key, after more catch-ups too, until a write to that column family lands in a
//! newer write-ahead log. Iterators of the same secondary are right. The secondary's active
//! memtable, filled from the log that the flush made obsolete, hides the new table file.
//! References: facebook/rocksdb#15051, #14444; mended by #15066.
//!
//! Run: `cargo run --release -p duolog-sim --example stale_get`. Exit code: 0 where the secondary
//! is right, 1 where it is not.
#![allow(clippy::disallowed_methods, reason = "a program of its own, on real files")]

use std::process::ExitCode;

use rocksdb::{DB, Options};

fn main() -> ExitCode {
    let directory = std::env::temp_dir().join(format!("stale-get-{}", std::process::id()));
    let [at, beside] = ["primary", "secondary"].map(|name| directory.join(name));
    let mut options = Options::default();
    options.create_if_missing(true);
    let primary = DB::open(&options, &at).expect("the primary opens");
    let secondary = DB::open_as_secondary(&options, &at, &beside).expect("the secondary opens");
    let catch_up = || secondary.try_catch_up_with_primary().expect("a catch-up");

    primary.put("replaced", "old").expect("a put");
    primary.put("deleted", "old").expect("a put");
    catch_up();
    primary.put("replaced", "new").expect("a put");
    primary.delete("deleted").expect("a delete");
    primary.flush().expect("a flush");
    catch_up();

    let numbers = [&primary, &secondary].map(DB::latest_sequence_number);
    println!("sequence number: primary {}, secondary {}", numbers[0], numbers[1]);
    let mut agrees = true;
    for key in ["replaced", "deleted"] {
        let [expected, got] = [&primary, &secondary].map(|db| {
            let value = db.get(key).expect("a get");
            value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        });
        println!("{key}: primary {expected:?}, secondary {got:?}");
        agrees &= expected == got;
    }
    drop((primary, secondary));
    std::fs::remove_dir_all(&directory).expect("the directory goes");
    ExitCode::from(u8::from(!agrees))
}
