//! Models: contract, bundled ones, the runtime, providers, sessions.

pub mod contract;
