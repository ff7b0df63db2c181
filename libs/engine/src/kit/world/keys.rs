//! Who there is: the caller, another admin of the same business, and others whose keys are as near as can be.

use crate::kit::random::Random;

/// Whose sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Admin {
    /// The caller that the check follows.
    Caller,
    /// Another admin of the same tenant and business, with another site.
    Colleague,
}

impl Admin {
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Caller => "a-1",
            Self::Colleague => "A-1",
        }
    }
}

pub(super) const COOP: &str = "c-1";
pub(super) const HOUSE: &str = "h-1";

/// Spellings that a careless comparison takes for one another. Each is somebody's.
const LOOK_ALIKE: [&[Option<&str>]; 4] = [
    &[Some("001"), Some("1"), Some("01"), Some("001 "), Some("1.0"), Some("+1")],
    &[Some("A"), Some("a"), Some("A "), Some("\u{391}"), Some(" A")],
    // Composed, decomposed, capital, without the accent.
    &[Some("caf\u{e9}"), Some("cafe\u{301}"), Some("CAF\u{c9}"), Some("cafe")],
    &[Some("x\u{a0}"), Some("x"), Some("x "), Some("X"), Some("")],
];

/// A site, as text or as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Site {
    None,
    Text(String),
    Number(i64),
}

/// Tenant, business and site of a row; `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) coop: Option<String>,
    pub(super) house: Option<String>,
    pub(super) site: Site,
}

/// The caller's sites, and everybody else's keys.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    numbers: bool,
    own: Vec<Site>,
    foreign: Vec<Key>,
}

impl Keys {
    pub(super) fn draw(random: &mut Random) -> Self {
        let numbers = random.percent(30);
        let (own, colleague, alike) = if numbers { number_sites() } else { text_sites(random) };
        let key = |coop: Option<&str>, house: Option<&str>, site: &Site| Key {
            coop: coop.map(str::to_owned),
            house: house.map(str::to_owned),
            site: site.clone(),
        };
        let mut foreign = vec![key(Some(COOP), Some(HOUSE), &colleague)];
        foreign.extend(alike.iter().map(|site| key(Some(COOP), Some(HOUSE), site)));
        for site in &own {
            for coop in [Some("c-2"), Some("C-1"), Some("c-1 "), Some("c-10"), Some(""), None] {
                foreign.push(key(coop, Some(HOUSE), site));
            }
            for house in [Some("h-2"), Some("H-1"), None] {
                foreign.push(key(Some(COOP), house, site));
            }
            // The whole key shifted by one place.
            foreign.push(key(Some(HOUSE), Some(COOP), site));
        }
        Self { numbers, own, foreign }
    }

    pub(super) const fn numbers(&self) -> bool {
        self.numbers
    }

    pub(super) fn describe(&self) -> String {
        format!("{:?}", self.own)
    }

    /// The key of the caller's row of that number.
    pub(super) fn own(&self, number: usize) -> Key {
        let site = self.own.get(number % self.own.len().max(1)).cloned().unwrap_or(Site::None);
        Key { coop: Some(COOP.to_owned()), house: Some(HOUSE.to_owned()), site }
    }

    /// The key of somebody else's row of that number. The colleague has every third.
    pub(super) fn foreign(&self, number: usize) -> Key {
        let at = if number.is_multiple_of(3) { 0 } else { number % self.foreign.len().max(1) };
        let nobody = Key { coop: None, house: None, site: Site::None };
        self.foreign.get(at).cloned().unwrap_or(nobody)
    }

    /// What is granted to whom, by whole key; the caller's first.
    pub(super) fn grants(&self) -> (Vec<Key>, Vec<(Key, String)>) {
        let own = (0..self.own.len()).map(|number| self.own(number)).collect();
        let mut others: Vec<(Key, String)> = Vec::new();
        for (number, key) in self.foreign.iter().enumerate() {
            // The colleague's, and admins of others who have the caller's name.
            let mine = key.coop.as_deref() == Some(COOP) && key.house.as_deref() == Some(HOUSE);
            let admin = if mine || number % 2 == 0 { Admin::Colleague } else { Admin::Caller };
            others.push((key.clone(), admin.id().to_owned()));
        }
        (own, others)
    }
}

fn number_sites() -> (Vec<Site>, Site, Vec<Site>) {
    let alike = [10, 11, -1, 0, 70, 17, i64::MAX].into_iter().map(Site::Number).chain([Site::None]);
    (vec![Site::Number(1), Site::Number(7)], Site::Number(8), alike.collect())
}

/// One site of each of two families is the caller's; the families' other members are not.
fn text_sites(random: &mut Random) -> (Vec<Site>, Site, Vec<Site>) {
    let first = random.below(LOOK_ALIKE.len());
    let second = (first + 1 + random.below(LOOK_ALIKE.len() - 1)) % LOOK_ALIKE.len();
    let site = |text: &Option<&str>| text.map_or(Site::None, |text| Site::Text(text.to_owned()));
    let (mut own, mut alike) = (Vec::new(), vec![Site::None, Site::Text(String::new())]);
    for family in [first, second] {
        let family = LOOK_ALIKE.get(family).copied().unwrap_or(&[]);
        own.extend(family.first().map(site));
        alike.extend(family.iter().skip(1).map(site));
    }
    let colleague = alike.get(2).cloned().unwrap_or(Site::None);
    (own, colleague, alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_elses_key_is_the_callers() {
        for number in 0..40 {
            let keys = Keys::draw(&mut Random::of(5, "keys", number));
            let own: Vec<Key> = (0..2).map(|n| keys.own(n)).collect();
            assert_ne!(own[0], own[1]);
            for n in 0..200 {
                assert!(!own.contains(&keys.foreign(n)), "{:?}", keys.foreign(n));
            }
            let (granted, others) = keys.grants();
            assert_eq!(granted, own);
            assert!(others.iter().all(|(key, admin)| !own.contains(key) || admin != Admin::Caller.id()));
        }
    }
}
