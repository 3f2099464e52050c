use duolog::types::ReadMessage;

use super::{check, run, seeds};

fn lying(lie: impl Fn(&mut Vec<ReadMessage>)) {
    let undamaged = &seeds()[0];
    run(undamaged);
    check(undamaged, |mut read| {
        lie(&mut read);
        read
    });
}

#[test]
#[should_panic(expected = "there is a hole")]
fn a_hole_in_what_is_read_is_noticed() {
    lying(|read| drop(read.remove(5)));
}

#[test]
#[should_panic(expected = "is another one")]
fn a_message_in_the_place_of_another_is_noticed() {
    lying(|read| read[5].sequence = 7);
}

#[test]
#[should_panic(expected = "is not the last")]
fn a_message_lost_at_the_end_is_noticed() {
    lying(|read| drop(read.pop()));
}
