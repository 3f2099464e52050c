use super::SwitchQueue;

#[test]
fn takes_all_in_push_order() {
    let queue = SwitchQueue::new();
    for item in 0..5 {
        queue.push(item);
    }
    assert_eq!(queue.len(), 5);
    let mut out = Vec::new();
    queue.swap_into(&mut out);
    assert_eq!(out, [0, 1, 2, 3, 4]);
    assert!(queue.is_empty());
}

#[test]
fn appends_to_what_the_consumer_still_holds() {
    let queue = SwitchQueue::default();
    queue.push(2);
    let mut out = vec![1];
    queue.swap_into(&mut out);
    queue.swap_into(&mut out);
    assert_eq!(out, [1, 2]);
}

#[test]
fn two_buffers_serve_for_ever() {
    let queue = SwitchQueue::new();
    let mut out = Vec::with_capacity(64);
    let mut buffers = std::collections::BTreeSet::new();
    for round in 0..20 {
        for item in 0..60 {
            queue.push(round * 60 + item);
        }
        queue.swap_into(&mut out);
        assert_eq!(out.len(), 60);
        if round >= 2 {
            buffers.insert(out.as_ptr());
        }
        out.clear();
    }
    assert_eq!(buffers.len(), 2);
}

#[cfg(feature = "planted")]
#[test]
fn planted_swap_keeps_the_last_item_only() {
    let queue = SwitchQueue::new();
    let mut out = vec![1];
    assert_eq!(queue.swap_into_losing_last(&mut out), None);
    queue.push(2);
    queue.push(3);
    assert_eq!(queue.swap_into_losing_last(&mut out), Some(3));
    assert_eq!(out, [1, 2]);
}
