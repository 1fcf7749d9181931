//! `iqacompare`, by subject.

#[path = "../common/mod.rs"]
mod common;

mod ends;
mod pairs;
mod stream;
