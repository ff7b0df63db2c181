use super::*;
use proptest::prelude::*;

#[test]
fn zero_is_on_every_axis() {
    let height = |values: &[f64], value| Scale::of(values.iter().copied()).height(value);
    assert_eq!((height(&[2.0, 4.0], 0.0), height(&[2.0, 4.0], 4.0)), (0.0, 1.0));
    assert_eq!((height(&[-2.0, -4.0], 0.0), height(&[-2.0, -4.0], -4.0)), (1.0, 0.0));
    assert_eq!((height(&[-1.0, 3.0], 0.0), height(&[-1.0, 3.0], 1.0)), (0.25, 0.5));
}

#[test]
fn the_widest_doubles_have_their_places() {
    let scale = Scale::of([f64::MAX, f64::MIN].into_iter());
    assert_eq!([f64::MIN, 0.0, f64::MAX].map(|value| scale.height(value)), [0.0, 0.5, 1.0]);
    let sides = scale.split(20);
    assert_eq!([f64::MIN, 0.0, f64::MAX].map(|value| sides.eighths(value)), [80, 0, 80]);
}

#[test]
fn without_any_value_but_zero_there_is_no_length() {
    for values in [vec![], vec![0.0, 0.0]] {
        let sides = Scale::of(values.into_iter()).split(10);
        assert_eq!((sides.below, sides.above, sides.eighths(0.0)), (0, 10, 0));
    }
}

#[test]
fn both_sides_have_room_when_both_are_needed() {
    let sides = Scale::of([-0.001, 1000.0].into_iter()).split(10);
    assert_eq!((sides.below, sides.above, sides.eighths(-0.001)), (1, 9, 1));
    for cells in [0, 1, 2] {
        let sides = Scale::of([-1.0, 1.0].into_iter()).split(cells);
        assert_eq!(sides.below + sides.above, cells);
        assert!(sides.eighths(1.0) <= sides.above * 8 && sides.eighths(-1.0) <= sides.below * 8);
    }
}

proptest! {
    #[test]
    fn the_nearest_step_is_no_further_than_half_a_step(share in 0.0_f64..=1.0, steps in 0_usize..2000) {
        let step = f64::from(u32::try_from(nearest(share, steps)).unwrap());
        prop_assert!((step - share * f64::from(u32::try_from(steps).unwrap())).abs() <= 0.5);
    }

    #[test]
    fn what_is_no_share_stays_within_the_steps(share in any::<f64>(), steps in 0_usize..100) {
        prop_assert!(nearest(share, steps) <= steps);
        prop_assert_eq!(nearest(f64::NAN, steps), 0);
    }
}
