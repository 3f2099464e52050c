//! Delta debugging: A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing
//! Input", IEEE Transactions on Software Engineering 28(2), 2002, the algorithm `ddmin`.

/// A part of `items`, in their order, for which `holds` is true, and of which no single item can
/// be left out; given that it is true for all of them. `holds` is asked for the same part again
/// now and then.
pub(crate) fn ddmin<I: Clone>(items: Vec<I>, mut holds: impl FnMut(&[I]) -> bool) -> Vec<I> {
    let mut items = items;
    if items.is_empty() || holds(&[]) {
        return Vec::new();
    }
    let mut parts = 2;
    while !items.is_empty() {
        parts = parts.clamp(1, items.len());
        if let Some(part) = a_part(&items, parts, &mut holds) {
            items = part;
            parts = 2;
        } else if let Some(rest) = a_rest(&items, parts, &mut holds) {
            items = rest;
            parts = (parts - 1).max(2);
        } else if parts == items.len() {
            break;
        } else {
            parts *= 2;
        }
    }
    items
}

/// One of the parts, where it is enough.
fn a_part<I: Clone>(
    items: &[I],
    parts: usize,
    holds: &mut impl FnMut(&[I]) -> bool,
) -> Option<Vec<I>> {
    // Two parts are each other's rest.
    if parts < 3 {
        return None;
    }
    items.chunks(items.len().div_ceil(parts)).find(|part| holds(part)).map(<[I]>::to_vec)
}

/// All but one of the parts, where they are enough. The last one is left out first: what comes
/// early is more often needed.
fn a_rest<I: Clone>(
    items: &[I],
    parts: usize,
    holds: &mut impl FnMut(&[I]) -> bool,
) -> Option<Vec<I>> {
    let size = items.len().div_ceil(parts);
    let starts = (0..items.len()).step_by(size).rev();
    starts
        .map(|start| {
            let end = (start + size).min(items.len());
            [&items[..start], &items[end..]].concat()
        })
        .find(|rest| holds(rest))
}
