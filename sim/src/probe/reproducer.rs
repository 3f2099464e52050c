//! A plan of one thread as a program that uses nothing but the crate `rocksdb`.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::key::Key;
use super::operation::{Effect, Families, Hold, Operation, Role, Write};
use super::plan::ProbePlan;

/// The program. It prints what each instance shows wherever the plan reads, and panics where a
/// reader that caught up differs from the primary.
pub fn reproducer(plan: &ProbePlan) -> String {
    let mut text = String::from(HEAD);
    text += &families(plan);
    let mut written: Vec<(u8, Key)> = Vec::new();
    for operation in &plan.operations {
        let lines = line(operation, &mut written);
        for line in lines.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    text += "}\n";
    text
}

const HEAD: &str = "\
use rocksdb::{DB, FlushOptions, MergeOperands, Options, WriteBatch, WriteOptions};

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
    let _ = writeln!(
        text,
        "    let mut p = \
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
                Hold::Iterator => "iterator",
                Hold::Snapshot => "snapshot",
            };
            format!("// An {what} of r{reader} is held over the next {span} operations.")
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
