//! A plan of one thread as a program that uses nothing but the crate `rocksdb`.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::key::Key;
use super::operation::{Effect, Families, Hold, Operation, Role, Write};
use super::plan::ProbePlan;

/// The program. It prints what each instance shows wherever the plan reads, and panics where a
/// reader that caught up differs from the primary, or a snapshot from what it showed first. An
/// iterator that is held is told of in a comment only.
pub fn reproducer(plan: &ProbePlan) -> String {
    let mut body = families(plan);
    let mut written: Vec<(u8, Key)> = Vec::new();
    let mut snapshots: Vec<(usize, String)> = Vec::new();
    for (at, operation) in plan.operations.iter().enumerate() {
        let mut lines = line(operation, &mut written);
        if let Operation::Hold { reader, hold: Hold::Snapshot, span } = operation {
            let end = (at + usize::from(*span)).min(plan.operations.len() - 1);
            let shows = snapshot_shows(at, *reader, &plan.operations[at + 1..=end]);
            let _ = write!(lines, "\nlet s{at} = r{reader}.snapshot();\nlet before = {shows};");
            let text = "assert_eq!(before, after, \"the snapshot has moved\");";
            snapshots.push((end, format!("let after = {shows};\n{text}")));
        }
        let ended = snapshots.extract_if(.., |(end, _)| *end == at);
        ended.for_each(|(_, text)| lines += &format!("\n{text}"));
        for line in lines.lines() {
            let _ = writeln!(body, "    {line}");
        }
    }
    let names = USED.into_iter().filter(|name| HEAD.contains(name) || body.contains(name));
    let names: Vec<&str> = names.collect();
    format!("use rocksdb::{{{}}};\n\n{HEAD}{body}}}\n", names.join(", "))
}

/// What a program may use.
const USED: [&str; 6] =
    ["DB", "FlushOptions", "MergeOperands", "Options", "WriteBatch", "WriteOptions"];

/// What the snapshot taken at `at` shows of the keys that are written meanwhile.
fn snapshot_shows(at: usize, reader: u8, meanwhile: &[Operation]) -> String {
    let mut written = Vec::new();
    meanwhile.iter().for_each(|operation| drop(line(operation, &mut written)));
    let gets: Vec<String> = written
        .iter()
        .map(|(family, of)| {
            let family = format!("r{reader}.cf_handle(\"f{family}\").unwrap()");
            format!("s{at}.get_cf({family}, {}).unwrap()", key(*of))
        })
        .collect();
    format!("[{}]", gets.join(", "))
}

const HEAD: &str = "\
fn append(_: &[u8], old: Option<&[u8]>, new: &MergeOperands) -> Option<Vec<u8>> {
    Some([old.unwrap_or_default().to_vec(), new.iter().collect::<Vec<_>>().concat()].concat())
}

fn show(what: &str, primary: &DB, reader: &DB, family: &str, key: &str) {
    let get = |db: &DB| db.get_cf(db.cf_handle(family).unwrap(), key).unwrap();
    let scan = |db: &DB| {
        let found = db.iterator_cf(db.cf_handle(family).unwrap(), rocksdb::IteratorMode::Start);
        found.map(Result::unwrap).find(|(k, _)| **k == *key.as_bytes()).map(|(_, v)| v.to_vec())
    };
    let text = |v: Option<Vec<u8>>| v.map(|v| String::from_utf8_lossy(&v).into_owned());
    let (p, g, s) = (text(get(primary)), text(get(reader)), text(scan(reader)));
    println!(\"{what} {family}/{key}: primary {p:?}, reader get {g:?}, reader scan {s:?}\");
    assert!(p == g && g == s, \"they differ\");
}

fn main() {
    let path = std::env::temp_dir().join(\"rocksdb-reproducer\");
    let _ = std::fs::remove_dir_all(&path);
    let mut o = Options::default();
    o.create_if_missing(true);
    o.create_missing_column_families(true);
    o.set_merge_operator_associative(\"append\", append);
";

fn families(plan: &ProbePlan) -> String {
    let names = names(Families::first(plan.settings.families));
    let mut text = String::new();
    for (is_set, line) in [
        (plan.settings.atomic_flush, "o.set_atomic_flush(true);"),
        (plan.settings.manual_wal_flush, "o.set_manual_wal_flush(true);"),
        (plan.settings.unordered_write, "o.set_unordered_write(true);"),
        (plan.settings.pipelined_write, "o.set_enable_pipelined_write(true);"),
        (plan.settings.recycle_wal_count > 0, "o.set_recycle_log_file_num(4);"),
    ] {
        if is_set {
            let _ = writeln!(text, "    {line}");
        }
    }
    let _ = writeln!(
        text,
        "    let families = |names: &[&str]| {{\n        \
         let all = [&[\"default\"], names].concat();\n        \
         all.iter().map(|n| (n.to_string(), o.clone())).collect::<Vec<_>>()\n    }};"
    );
    let changes = |it: &Operation| matches!(it, Operation::Create { .. } | Operation::Drop { .. });
    let p = if plan.operations.iter().any(changes) { "mut p" } else { "p" };
    let _ = writeln!(
        text,
        "    let {p} = \
         DB::open_cf_with_opts(&o, path.join(\"p\"), families(&[{names}])).unwrap();"
    );
    text
}

fn names(families: Families) -> String {
    families.iter().map(|family| format!("\"f{family}\"")).collect::<Vec<_>>().join(", ")
}

fn key(key: Key) -> String {
    format!("\"k{}\"", key.0)
}

fn line(operation: &Operation, written: &mut Vec<(u8, Key)>) -> String {
    match operation {
        Operation::Write { writes, wal } => batch(writes, *wal, written),
        Operation::Flush { families } => format!(
            "let f = [{}].map(|n| p.cf_handle(n).unwrap());\n\
             p.flush_cfs_opt(&f, &FlushOptions::default()).unwrap();",
            names(*families)
        ),
        Operation::FlushWal => "p.flush_wal(false).unwrap();".to_owned(),
        Operation::Compact { family } => format!(
            "p.compact_range_cf(p.cf_handle(\"f{family}\").unwrap(), None::<&[u8]>, None::<&[u8]>);"
        ),
        Operation::SwitchWal => "p.put(\"beat\", \"\").unwrap();\np.flush().unwrap();".to_owned(),
        Operation::Create { family } => format!("p.create_cf(\"f{family}\", &o).unwrap();"),
        Operation::Drop { family } => format!("p.drop_cf(\"f{family}\").unwrap();"),
        Operation::OpenReader { reader, role, families } => {
            let names = names(*families);
            match role {
                Role::Secondary => format!(
                    "let r{reader} = DB::open_cf_descriptors_as_secondary(&o, path.join(\"p\"), \
                     path.join(\"r{reader}\"),\n    families(&[{names}]).into_iter().map(|(n, o)| \
                     rocksdb::ColumnFamilyDescriptor::new(n, o))).unwrap();"
                ),
                Role::Frozen => format!(
                    "let r{reader} = DB::open_cf_with_opts_for_read_only(&o, path.join(\"p\"), \
                     families(&[{names}]), false).unwrap();"
                ),
            }
        }
        Operation::CloseReader { reader } => format!("drop(r{reader});"),
        Operation::CatchUp { reader } => {
            format!("r{reader}.try_catch_up_with_primary().expect(\"a catch-up\");")
        }
        Operation::Observe { reader: Some(reader) }
        | Operation::Read { reader: Some(reader), .. } => {
            let only = |of: &&(u8, Key)| match operation {
                Operation::Read { family, .. } => of.0 == *family,
                _ => true,
            };
            let shows = written.iter().filter(only).map(|(family, of)| {
                format!("show(\"r{reader}\", &p, &r{reader}, \"f{family}\", {});", key(*of))
            });
            shows.collect::<Vec<_>>().join("\n")
        }
        Operation::Hold { reader, hold, span } => {
            let what = match hold {
                Hold::Iterator => "An iterator",
                Hold::Snapshot => "A snapshot",
            };
            format!("// {what} of r{reader} is held over the next {span} operations.")
        }
        Operation::WriteToReader { reader } => {
            format!("assert!(r{reader}.put(\"beat\", \"\").is_err());")
        }
        _ => format!("// {}", operation.name()),
    }
}

fn batch(writes: &[Write], wal: bool, written: &mut Vec<(u8, Key)>) -> String {
    let mut text = "let mut b = WriteBatch::default();\n".to_owned();
    for write in writes {
        let (of, name) = (format!("p.cf_handle(\"f{}\").unwrap()", write.family), key(write.key));
        let value = format!("\"v{}\"", written.len());
        let _ = match write.effect {
            Effect::Put => writeln!(text, "b.put_cf({of}, {name}, {value});"),
            Effect::Merge => writeln!(text, "b.merge_cf({of}, {name}, {value});"),
            Effect::Delete => writeln!(text, "b.delete_cf({of}, {name});"),
            Effect::SingleDelete => writeln!(text, "b.single_delete_cf({of}, {name});"),
            Effect::DeleteRange(to) => {
                writeln!(text, "b.delete_range_cf({of}, {name}, {});", key(Key(to)))
            }
        };
        written.retain(|one| *one != (write.family, write.key));
        written.push((write.family, write.key));
    }
    text += "let mut w = WriteOptions::default();\n";
    let _ = write!(text, "w.disable_wal({});\np.write_opt(b, &w).unwrap();", !wal);
    text
}
