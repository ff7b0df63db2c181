use super::*;
use std::num::NonZeroU32;

fn width(width: u32) -> Exposure {
    Exposure::Masked(Mask::Bucket(Bucket::Width(NonZeroU32::new(width).unwrap())))
}

fn unit(unit: BucketUnit) -> Exposure {
    Exposure::Masked(Mask::Bucket(Bucket::Unit(unit)))
}

#[test]
fn an_exposure_shows_more_less_or_something_else() {
    let (hidden, shown) = (Exposure::Hidden, Exposure::Shown);
    let (null, hash) = (Exposure::Masked(Mask::Null), Exposure::Masked(Mask::Hash));
    let last = |count| Exposure::Masked(Mask::Last(count));
    for (less, more) in [
        (&hidden, &null),
        (&hidden, &hash),
        (&hidden, &shown),
        (&null, &hash),
        (&null, &last(4)),
        (&null, &shown),
        (&hash, &shown),
        (&width(10), &shown),
        (&width(20), &width(10)),
        (&unit(BucketUnit::Year), &unit(BucketUnit::Quarter)),
        (&unit(BucketUnit::Year), &unit(BucketUnit::Month)),
        (&unit(BucketUnit::Quarter), &unit(BucketUnit::Month)),
    ] {
        assert_eq!(
            (less.to(more), more.to(less)),
            (Movement::Wider, Movement::Narrower),
            "{less:?} {more:?}"
        );
        assert_eq!(less.to(less), Movement::None);
    }
    // A text of three characters is hidden whole by `last4`, and shows two of them under `last2`.
    for (one, other) in [
        (&last(4), &last(2)),
        (&hash, &last(2)),
        (&width(10), &width(15)),
        (&hash, &width(10)),
        (&unit(BucketUnit::Week), &unit(BucketUnit::Month)),
        (&unit(BucketUnit::Week), &unit(BucketUnit::Year)),
    ] {
        assert_eq!(
            (one.to(other), other.to(one)),
            (Movement::Different, Movement::Different),
            "{one:?} {other:?}"
        );
    }
    assert!(Movement::Wider.is_widening() && Movement::Different.is_widening());
    assert!(!Movement::None.is_widening() && !Movement::Narrower.is_widening());
}

#[test]
fn the_role_that_stands_for_any_other_is_named_nowhere() {
    let world = crate::fixtures::World::of_seed(1, crate::fixtures::Size { admins: 2, rows: 2 });
    let (model, [policy, _]) = world.load().unwrap();
    let rules = Rules::new(&model, &policy).unwrap();
    let named = |text: &str| RoleName::Named(text.parse().unwrap());
    let names = BTreeSet::from([RoleName::Other, named("other-0"), named("other-1")]);
    let other = rules.standing_for(&RoleName::Other, &names).unwrap();
    assert!(!names.contains(&RoleName::Named(other)));
}
