//! What handles of a world share.

use std::path::PathBuf;
use std::sync::Arc;

use super::check::{Checked, equal};
use crate::io::World;

pub(super) async fn registry_is_one_for_all_handles<W: World>(world: W, at: PathBuf) -> Checked {
    let first = world.registry().get_or_insert("number", &at, || 1_u32);
    let other = world.clone();
    let second = other.registry().get_or_insert("number", &at, || 2_u32);
    equal("found by a clone", (*second, Arc::ptr_eq(&first, &second)), (1, true))?;
    equal("got", other.registry().get::<u32>("number", &at).as_deref(), Some(&1))
}
