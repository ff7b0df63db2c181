//! Minting, verifying and forging, from outside the crate.

#[cfg(test)]
mod certificates;
#[cfg(test)]
mod conversations;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod pinned;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod root;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod swaps;
#[cfg(test)]
mod world;
#[cfg(test)]
mod wycheproof;
