//! Signing, verifying and replaying, from outside the crate.

#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod honest;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod nonces;
#[cfg(test)]
mod second;
#[cfg(test)]
mod world;
