use super::*;
use proptest::prelude::*;

#[test]
fn nothing_that_steers_a_terminal_or_turns_a_line_is_left() {
    let hostile = "\u{0}\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{9d}\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{fff9}\u{e0001}\u{e0041}";
    assert_eq!(inert(hostile), "\u{fffd}".repeat(hostile.chars().count()));
    let harmless = "Zoë’s café №5 東京 🙂 a\u{301} – 100 %";
    assert_eq!(inert(harmless), harmless);
}

#[test]
fn wide_characters_take_two_columns_and_marks_on_letters_none() {
    for (text, width) in [
        ("abc", 3),
        ("東京", 4),
        ("🙂", 2),
        ("e\u{301}", 1),
        ("❤\u{fe0f}", 3),
        ("ﾊ", 2),
        ("\u{17d8}\u{18e00}", 5),
        ("│█⣿…", 4),
    ] {
        assert_eq!(columns(text), width, "{text}");
    }
}

#[test]
fn a_text_that_is_too_wide_is_cut_and_shows_it() {
    for (width, clipped) in [(0, ""), (1, "…"), (2, "…"), (3, "東…"), (4, "東…"), (5, "東京x")] {
        assert_eq!(clip("東京x", width), clipped);
    }
    assert_eq!((left("ab", 4), right("ab", 4)), ("ab  ".to_owned(), "  ab".to_owned()));
    assert_eq!((left("東京", 3), right("東京x", 4)), ("東…".to_owned(), " 東…".to_owned()));
}

#[test]
fn pieces_go_on_as_many_lines_as_they_need() {
    let pieces = ["one", "two", "seventeen", "x"];
    assert_eq!(flow(pieces.into_iter(), "  ", 8), ["one  two", "sevente…", "x"]);
    assert_eq!(flow(pieces.into_iter(), " ", 80), ["one two seventeen x"]);
    assert_eq!(flow(std::iter::empty(), " ", 80), Vec::<String>::new());
}

proptest! {
    #[test]
    fn padding_fills_exactly_and_cutting_never_exceeds(text in "[a-z東🙂é ]{0,12}", width in 0_usize..20) {
        // These are the wide ones of the alphabet above.
        let measured = |text: &str| text.chars().count() + text.matches(['東', '🙂']).count();
        prop_assert!(measured(&clip(&text, width)) <= width);
        prop_assert_eq!(measured(&left(&text, width)), width);
        prop_assert_eq!(measured(&right(&text, width)), width);
        if measured(&text) <= width {
            prop_assert_eq!(clip(&text, width), text);
        }
    }
}
