//! Reading and writing one file.

use std::path::PathBuf;

use bytes::BytesMut;

use super::check::{Checked, content, equal, pattern, put, same_bytes};
use super::wait::{End, end_of_task};
use crate::io::{File, World};

pub(super) async fn read_returns_what_was_written<W: World>(world: W, at: PathBuf) -> Checked {
    let file = put(&world, &at.join("file"), b"0123456789").await?;
    same_bytes("the whole", &file.read_at(0, 10).await?, b"0123456789")?;
    same_bytes("a part", &file.read_at(3, 4).await?, b"3456")?;
    same_bytes("nothing", &file.read_at(3, 0).await?, b"")?;
    equal("length", file.len().await?, 10)
}

pub(super) async fn read_is_short_only_at_the_end<W: World>(world: W, at: PathBuf) -> Checked {
    let bytes = pattern((1 << 20) + 7);
    let file = put(&world, &at.join("file"), &bytes).await?;
    let found = file.read_at(1, bytes.len() - 2).await?;
    same_bytes("inside", &found, &bytes[1..bytes.len() - 1])?;
    let found = file.read_at(5, bytes.len() * 2).await?;
    same_bytes("across the end", &found, &bytes[5..])?;
    same_bytes("at the end", &file.read_at(bytes.len() as u64, 9).await?, b"")?;
    same_bytes("beyond the end", &file.read_at(1 << 30, 9).await?, b"")
}

pub(super) async fn block_holds_what_was_read<W: World>(world: W, at: PathBuf) -> Checked {
    let bytes = pattern(10_000);
    let file = put(&world, &at.join("file"), &bytes).await?;
    for spare_bytes in [0, 10, 300, 20_000] {
        let spare = || BytesMut::from(&vec![0xee; spare_bytes][..]);
        let found = file.read_block(7, 300, spare()).await?;
        same_bytes("inside", &found, &bytes[7..307])?;
        let found = file.read_block(9_900, 300, spare()).await?;
        same_bytes("across the end", &found, &bytes[9_900..])?;
        same_bytes("beyond the end", &file.read_block(20_000, 300, spare()).await?, b"")?;
    }
    Ok(())
}

pub(super) async fn write_beyond_the_end_leaves_zeros<W: World>(world: W, at: PathBuf) -> Checked {
    let file = put(&world, &at.join("file"), b"ab").await?;
    file.write_at(10_000, b"cd").await?;
    let mut wanted = vec![0; 10_002];
    wanted[..2].copy_from_slice(b"ab");
    wanted[10_000..].copy_from_slice(b"cd");
    same_bytes("the whole", &content(&file).await?, &wanted)
}

pub(super) async fn write_keeps_neighbours<W: World>(world: W, at: PathBuf) -> Checked {
    let mut wanted = pattern(9_000);
    let file = put(&world, &at.join("file"), &wanted).await?;
    file.write_at(4_095, &[0xee; 3]).await?;
    wanted[4_095..4_098].fill(0xee);
    same_bytes("the whole", &content(&file).await?, &wanted)
}

pub(super) async fn empty_write_changes_nothing<W: World>(world: W, at: PathBuf) -> Checked {
    let file = put(&world, &at.join("file"), b"abc").await?;
    file.write_at(1, b"").await?;
    file.write_at(100, b"").await?;
    same_bytes("the whole", &content(&file).await?, b"abc")
}

pub(super) async fn set_len_cuts<W: World>(world: W, at: PathBuf) -> Checked {
    let file = put(&world, &at.join("file"), b"0123456789").await?;
    file.set_len(4).await?;
    equal("length", file.len().await?, 4)?;
    same_bytes("the whole", &file.read_at(0, 10).await?, b"0123")
}

pub(super) async fn set_len_extends_with_zeros<W: World>(world: W, at: PathBuf) -> Checked {
    let file = put(&world, &at.join("file"), b"0123456789").await?;
    file.set_len(4).await?;
    file.set_len(12).await?;
    same_bytes("what was cut off stays gone", &content(&file).await?, b"0123\0\0\0\0\0\0\0\0")
}

pub(super) async fn fill_zero_keeps_neighbours<W: World>(world: W, at: PathBuf) -> Checked {
    // Longer than any piece that a world may write in.
    let mut wanted = pattern((2 << 20) + 5);
    let file = put(&world, &at.join("file"), &wanted).await?;
    let (from, to) = (4_097, wanted.len() - 3);
    file.fill_zero(from as u64, to as u64).await?;
    wanted[from..to].fill(0);
    same_bytes("the whole", &content(&file).await?, &wanted)?;
    file.fill_zero(9, 9).await?;
    same_bytes("after an empty range", &content(&file).await?, &wanted)
}

pub(super) async fn fill_zero_never_shortens<W: World>(world: W, at: PathBuf) -> Checked {
    let file = put(&world, &at.join("file"), b"0123456789").await?;
    file.fill_zero(2, 4).await?;
    same_bytes("inside", &content(&file).await?, b"01\0\x00456789")?;
    file.fill_zero(8, 12).await?;
    same_bytes("across the end", &content(&file).await?, b"01\0\x004567\0\0\0\0")
}

pub(super) async fn writes_at_the_same_time_all_land<W: World>(world: W, at: PathBuf) -> Checked {
    const TASKS_COUNT: usize = 8;
    const PIECE_BYTES: usize = 1_000;
    const PIECES_COUNT: usize = 20;
    let file = put(&world, &at.join("file"), b"").await?;
    let wanted = pattern(TASKS_COUNT * PIECES_COUNT * PIECE_BYTES);
    let mut ends = Vec::new();
    for task in 0..TASKS_COUNT {
        let (teller, end) = end_of_task();
        let (file, bytes) = (file.clone(), wanted.clone());
        world.spawn("writer", async move {
            for piece in (0..PIECES_COUNT).rev() {
                let from = (piece * TASKS_COUNT + task) * PIECE_BYTES;
                let written = file.write_at(from as u64, &bytes[from..][..PIECE_BYTES]).await;
                if written.is_err() {
                    return;
                }
            }
            teller.done();
        });
        ends.push(end);
    }
    for end in ends {
        equal("a writer", end.end().await, End::Done)?;
    }
    same_bytes("the whole", &content(&file).await?, &wanted)
}

pub(super) async fn sync_data_succeeds<W: World>(world: W, at: PathBuf) -> Checked {
    let file = put(&world, &at.join("file"), b"abc").await?;
    file.sync_data().await?;
    file.sync_data().await?;
    same_bytes("the whole", &content(&file).await?, b"abc")
}
