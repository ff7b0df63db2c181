//! The client against a server that does as a script says, over real connections; and, where their
//! addresses are given, against real engines.

mod bounds;
mod calls;
mod double;
mod endings;
mod engines;
mod proxy;
mod streams;
