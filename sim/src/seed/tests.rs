use super::*;

#[test]
fn first_values_are_frozen() {
    let mut schedule = Stream::new(1, salt::SCHEDULE);
    let mut faults = Stream::new(1, salt::FAULTS);
    let mut other = Stream::new(2, salt::SCHEDULE);
    let first: Vec<u64> = (0..3).map(|_| schedule.draw()).collect();
    assert_eq!(first, [13307316404459152666, 3367340497918247584, 2150457520625631583]);
    let others = [faults.draw(), other.draw()];
    assert_eq!(others, [5952940950442489997, 8210320324933380991]);
}

#[test]
fn helpers_stay_in_their_bounds() {
    let mut stream = Stream::new(7, "helpers");
    let mut seen = [false; 5];
    for _ in 0..200 {
        let value = stream.range(10..15);
        assert!((10..15).contains(&value));
        seen[(value - 10) as usize] = true;
        assert_eq!(stream.below(1), 0);
        assert!(stream.chance(1, 1));
        assert!(!stream.chance(0, 3));
    }
    assert_eq!(seen, [true; 5]);
    assert_eq!(*stream.pick(&["only"]), "only");
}

#[test]
fn shuffle_keeps_the_items_and_moves_them() {
    let mut items: Vec<u32> = (0..50).collect();
    Stream::new(3, "shuffle").shuffle(&mut items);
    assert_ne!(items, (0..50).collect::<Vec<_>>());
    items.sort_unstable();
    assert_eq!(items, (0..50).collect::<Vec<_>>());
}

#[test]
fn every_helper_draws_once() {
    let mut helped = Stream::new(9, "count");
    let mut plain = helped.clone();
    helped.below(3);
    helped.range(5..9);
    helped.chance(1, 2);
    helped.pick(&[1, 2, 3]);
    helped.shuffle(&mut [1, 2, 3]);
    for _ in 0..7 {
        plain.draw();
    }
    assert_eq!(helped.draw(), plain.draw());
}
