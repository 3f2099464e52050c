//! "A read-only instance sees writes at once": what is true of that, step by step.

use comfy_table::{Table, TableStyle};
use rocksdb::{DB, Error, FlushOptions, Options};

use super::super::exit::Exit;
use super::super::index::IndexDirectory;
use super::super::{Ended, Failure, print};

const KEY: &[u8] = b"key";

/// Shows what each kind of instance answers after each step.
pub(super) fn claim() -> Ended {
    let directory = IndexDirectory::create()?;
    let table = steps(directory.path()).map_err(|error| Failure::new(Exit::Environment, error))?;
    let lines: Vec<String> = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    print(&format!(
        "{}\n A read-only instance shows the moment of its opening, for ever. A secondary shows \
         what it\n had caught up with, and after a flush not always that.\n",
        lines.concat()
    ));
    Ok(Exit::Pass)
}

fn steps(root: &std::path::Path) -> Result<Table, Error> {
    let path = root.join("primary");
    let mut options = Options::default();
    options.create_if_missing(true);
    let primary = DB::open(&options, &path)?;
    primary.put(KEY, "v1")?;
    let frozen = DB::open_for_read_only(&options, &path, false)?;
    let secondary = DB::open_as_secondary(&options, &path, &root.join("secondary"))?;
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(["AFTER", "PRIMARY", "SECONDARY", "READ-ONLY"]);
    let mut row = |after: &str| -> Result<(), Error> {
        let mut row = vec![after.to_owned()];
        for db in [&primary, &secondary, &frozen] {
            let value = db.get(KEY)?;
            row.push(value.map_or("-".to_owned(), |it| String::from_utf8_lossy(&it).into_owned()));
        }
        table.add_row(row);
        Ok(())
    };
    row("put v1, open the readers")?;
    primary.put(KEY, "v2")?;
    row("put v2")?;
    secondary.try_catch_up_with_primary()?;
    row("catch-up of the secondary")?;
    let refused = frozen.try_catch_up_with_primary().is_err();
    row(if refused { "catch-up of the read-only one: refused" } else { "catch-up of both" })?;
    primary.put(KEY, "v3")?;
    primary.flush_opt(&FlushOptions::default())?;
    row("put v3, flush")?;
    secondary.try_catch_up_with_primary()?;
    row("catch-up of the secondary")?;
    primary.put(b"other", "x")?;
    secondary.try_catch_up_with_primary()?;
    row("put of another key, catch-up of the secondary")?;
    Ok(table)
}
