//! `*`, written out, so that what runs names what it reads.
//!
//! Where two relations have a column of one name, Databricks gives two output columns of that name, which
//! nothing can tell apart. Here each comes out under its relation's name and its own.

use super::scope::Place;
use super::select::List;
use super::{Walk, instead, not_allowed};
use crate::error::GuardError;
use sqlparser::ast::{ExceptSelectItem, Ident, WildcardAdditionalOptions};

impl Walk<'_> {
    pub(super) fn push_star(
        &mut self,
        list: &mut List,
        relation: Option<&Ident>,
        options: &WildcardAdditionalOptions,
    ) -> Result<(), GuardError> {
        let left_out = left_out(options)?;
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let mut places = frame.star();
        if let Some(relation) = relation {
            let name = relation.value.as_str();
            if !frame.visible().any(|(_, binding)| binding.name.eq_ignore_ascii_case(name)) {
                return Err(self.outside("relation", relation));
            }
            places.retain(|place| place.binding.name.eq_ignore_ascii_case(name));
        }
        for ident in &left_out {
            let before = places.len();
            places.retain(|place| !place.column.name.eq_ignore_ascii_case(&ident.value));
            if places.len() == before {
                return Err(self.outside("column", ident));
            }
        }
        let shared = |place: &Place<'_>| {
            let same = |other: &&Place<'_>| other.column.name.eq_ignore_ascii_case(&place.column.name);
            places.iter().filter(same).count() > 1
        };
        let columns: Vec<_> =
            places.iter().map(|place| (place.reference(), place.of_view(), shared(place))).collect();
        if columns.is_empty() {
            return Err(not_allowed("`*` without a relation"));
        }
        self.spend(columns.len())?;
        for (column, read, shared) in columns {
            self.read(read);
            if shared {
                let name = list.label(&column.expr);
                list.push_named(name, column)?;
            } else {
                list.push_unnamed(column)?;
            }
        }
        Ok(())
    }
}

/// The columns that EXCEPT names.
fn left_out(options: &WildcardAdditionalOptions) -> Result<Vec<&Ident>, GuardError> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike: None,
        opt_exclude: None,
        opt_except,
        opt_replace: None,
        opt_rename: None,
        opt_alias: None,
    } = options
    else {
        return Err(instead("`*` with EXCLUDE, REPLACE or the like", "write * EXCEPT (column)"));
    };
    Ok(match opt_except {
        None => Vec::new(),
        Some(ExceptSelectItem { first_element, additional_elements }) => {
            std::iter::once(first_element).chain(additional_elements).collect()
        }
    })
}
