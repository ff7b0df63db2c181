use super::*;

#[test]
fn templates_are_read_in_exactly_three_forms() {
    for text in [
        "{{ Dimension('a__b') }} = 1",
        "{{Dimension(\"a__b\")}} = 1",
        "{{ TimeDimension('a__b') }} > '2020'",
        "{{ TimeDimension('a__b', 'month') }} > '2020' and {{ Entity('a') }} is not null",
    ] {
        assert!(read(text).is_ok(), "{text}");
    }
    for text in [
        "{{ Metric('a', group_by=['b']) }} > 1",
        "{{ Dimension('a__b', entity_path=['c']) }} = 1",
        "{{ Dimension('a__b').grain('day') }} = 1",
        "{{ Dimension(a__b) }} = 1",
        "{{ Dimension('a__b' }} = 1",
        "{{ dimension('a__b') }} = 1",
        "{{ Dimension('a__b') | upper }} = 1",
        "{{ TimeDimension('a__b', 'month', 'x') }} = 1",
        "{{ Dimension() }} = 1",
        "{{ Dimension('') }} = 1",
        "{{ Dimension('a__b') = 1",
        "{% if true %} {{ Dimension('a__b') }} = 1 {% endif %}",
        "{# no #} {{ Dimension('a__b') }} = 1",
        // A template inside a text would be compared with itself as a text.
        "'{{ Dimension('a__b') }}' = 'x'",
        "{{ Dimension('a__b') }} = b",
        "`{{ Dimension('a__b') }}` = 1",
        "a = 1 -- {{ Dimension('a__b') }}",
        "{{ Dimension('a__b') }} = (select 1)",
        "\0",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn a_statement_of_jinja_is_called_by_its_name() {
    for text in ["{% if true %} 1 = 1 {% endif %}", "{# 1 #} 1 = 1"] {
        assert_eq!(read(text).unwrap_err(), "its filter holds a statement of Jinja", "{text}");
    }
}
