use super::{check, run, seeds};
use crate::memory::MemoryFile;

#[test]
#[should_panic(expected = "bytes show other frames")]
fn a_reader_that_misses_the_end_of_its_blocks_is_noticed() {
    let input = &seeds()[0];
    run(input);
    check(input, |bytes| MemoryFile::reading_short(bytes, 8));
}
