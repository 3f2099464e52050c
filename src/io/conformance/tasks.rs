//! Tasks of a world.

use std::path::PathBuf;

use super::check::{Checked, equal};
use super::wait::{End, end_of_task};
use crate::io::World;

pub(super) async fn spawn_runs<W: World>(world: W, _at: PathBuf) -> Checked {
    let (teller, end) = end_of_task();
    world.spawn("task", async move { teller.done() });
    equal("the task", end.end().await, End::Done)
}

pub(super) async fn spawned_tasks_sleep_and_spawn<W: World>(world: W, _at: PathBuf) -> Checked {
    let mut ends = Vec::new();
    for number in 0..50 {
        let (teller, end) = end_of_task();
        let (inner_teller, inner_end) = end_of_task();
        let task_world = world.clone();
        world.spawn("outer", async move {
            task_world.sleep(number % 7 * 100).await;
            let inner_world = task_world.clone();
            task_world.spawn("inner", async move {
                inner_world.sleep(1).await;
                inner_teller.done();
            });
            teller.done();
        });
        ends.extend([end, inner_end]);
    }
    for end in ends {
        equal("a task", end.end().await, End::Done)?;
    }
    Ok(())
}
