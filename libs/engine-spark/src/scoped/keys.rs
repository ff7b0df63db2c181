//! The condition that a row holds one of some tuples, in the types of the columns.

use crate::connect::expression::Value;
use crate::types::key;
use arrow::datatypes::DataType as Arrow;
use splitplane_split_plane::ScopeValue;
use std::collections::BTreeMap;

/// True of a row for which any of these is: each a list of columns, all of which hold one of their values.
pub type AnyOf = Vec<Vec<(String, Vec<Value>)>>;

/// The condition of some tuples; `None` where no row can meet it.
///
/// # Errors
/// A column cannot be compared with keys.
pub(super) fn condition(
    columns: &[(String, Arrow)],
    tuples: &[Vec<ScopeValue>],
) -> Result<Option<AnyOf>, String> {
    let Some(((last, last_type), others)) = columns.split_last() else { return Ok(None) };
    // Tuples that agree in all but the last column are one list.
    let mut groups: BTreeMap<&[ScopeValue], Vec<Value>> = BTreeMap::new();
    for tuple in tuples {
        let Some((value, before)) = tuple.split_last() else { return Ok(None) };
        if let Some(value) = key(value, last_type)? {
            groups.entry(before).or_default().push(value);
        }
    }
    let mut any = AnyOf::new();
    for (before, values) in groups {
        let mut all = Vec::with_capacity(columns.len());
        for ((name, data_type), value) in others.iter().zip(before) {
            match key(value, data_type)? {
                Some(value) => all.push((name.clone(), vec![value])),
                None => break,
            }
        }
        if all.len() == others.len() {
            all.push((last.clone(), values));
            any.push(all);
        }
    }
    Ok((!any.is_empty()).then_some(any))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(values: &[&str]) -> Vec<ScopeValue> {
        values.iter().map(|value| ScopeValue::Text((*value).to_owned())).collect()
    }

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    #[test]
    fn tuples_that_agree_are_one_list_and_none_is_mixed_with_another() {
        let columns = [("town".to_owned(), Arrow::Utf8), ("desk".to_owned(), Arrow::Int64)];
        let tuples = [tuple(&["t1", "1"]), tuple(&["t1", "2"]), tuple(&["t2", "1"]), tuple(&["t2", "02"])];
        let found = condition(&columns, &tuples).unwrap().unwrap();
        let town = |name: &str| ("town".to_owned(), vec![text(name)]);
        let desks = |numbers: &[i64]| ("desk".to_owned(), numbers.iter().map(|n| Value::Long(*n)).collect());
        assert_eq!(found, [vec![town("t1"), desks(&[1, 2])], vec![town("t2"), desks(&[1])]]);
    }

    #[test]
    fn tuples_that_no_row_can_hold_are_no_condition_rather_than_an_empty_one() {
        let columns = [("desk".to_owned(), Arrow::Int64)];
        assert_eq!(condition(&columns, &[tuple(&["01"])]).unwrap(), None);
        assert_eq!(condition(&columns, &[]).unwrap(), None);
        assert_eq!(condition(&[], &[vec![]]).unwrap(), None);
        assert!(condition(&[("desk".to_owned(), Arrow::Float64)], &[tuple(&["1"])]).is_err());
    }
}
