use super::*;
use proptest::prelude::*;

#[test]
fn a_dot_is_where_braille_has_it() {
    // The two columns of four dots, as the Unicode chart numbers them: 1 2 3 7 and 4 5 6 8 from above.
    for (x, codes) in [(0, ['⡀', '⠄', '⠂', '⠁']), (1, ['⢀', '⠠', '⠐', '⠈'])] {
        for (y, code) in codes.into_iter().enumerate() {
            let mut raster = Raster::new(2, 4);
            raster.trace(0, (x, y), (x, y));
            assert_eq!(raster.braille(), [code.to_string()], "{x} {y}");
        }
    }
    let mut full = Raster::new(3, 4);
    full.trace(0, (0, 0), (2, 0));
    assert_eq!(full.braille(), ["⣀⡀"]);
}

#[test]
fn lines_keep_their_marks_and_share_one_where_they_meet() {
    let mut raster = Raster::new(3, 3);
    raster.trace(0, (0, 0), (2, 2));
    raster.trace(0, (0, 0), (0, 0));
    assert!(!raster.has_several());
    raster.trace(1, (0, 2), (2, 0));
    assert_eq!(raster.marks(), ["o *", " & ", "* o"]);
    assert!(raster.has_several());
}

proptest! {
    #[test]
    fn a_line_has_no_gap_and_stays_between_its_ends(a in (0_usize..40, 0_usize..20), b in (0_usize..40, 0_usize..20)) {
        let mut raster = Raster::new(40, 20);
        raster.trace(0, a, b);
        let rows = raster.marks();
        let dots: Vec<(usize, usize)> = (0..40).flat_map(|x| (0..20).map(move |y| (x, y)))
            .filter(|(x, y)| rows[19 - y].chars().nth(*x) == Some('*')).collect();
        prop_assert!(dots.contains(&a) && dots.contains(&b));
        prop_assert_eq!(dots.len(), a.0.abs_diff(b.0).max(a.1.abs_diff(b.1)) + 1);
        for (x, y) in dots {
            prop_assert!((a.0.min(b.0)..=a.0.max(b.0)).contains(&x) && (a.1.min(b.1)..=a.1.max(b.1)).contains(&y));
            // No further than half a dot from the straight line, in the direction of its shorter side.
            let off = (b.0.abs_diff(a.0) * y.abs_diff(a.1)).abs_diff(b.1.abs_diff(a.1) * x.abs_diff(a.0));
            prop_assert!(off * 2 <= b.0.abs_diff(a.0).max(b.1.abs_diff(a.1)));
        }
    }
}
