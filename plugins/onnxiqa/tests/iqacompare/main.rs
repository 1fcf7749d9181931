//! `iqacompare`, by subject.

#[path = "../common/mod.rs"]
mod common;

mod ends;
mod flush;
mod live;
mod pairs;
mod shutdown;
mod stream;
