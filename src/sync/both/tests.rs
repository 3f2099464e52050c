use std::pin::pin;
use std::task::Poll;
use std::task::{Context, Waker};

use super::both;
use crate::sync::ticket;

#[test]
fn each_goes_on_while_the_other_waits() {
    for first_first in [true, false] {
        let ((give, first), (give_other, second)) = (ticket::<u8>(), ticket::<u8>());
        let mut waiting = pin!(both(first, second));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        let (early, late) = if first_first { (give, give_other) } else { (give_other, give) };
        early.complete(1);
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        late.complete(2);
        let expected = if first_first { (Some(1), Some(2)) } else { (Some(2), Some(1)) };
        assert_eq!(waiting.as_mut().poll(&mut context), Poll::Ready(expected));
    }
}
