// SPDX-License-Identifier: MPL-2.0

//! Models: contract, bundled ones, the runtime, providers, sessions.

pub mod contract;
mod contract_error;
mod error;
mod graph;
mod loader;
mod parse;
mod provider;
mod runtime;
mod schema;
mod search;
mod tensor;
mod validate;

pub use contract_error::ContractError;
pub use error::ModelError;
pub use graph::{Dim, GraphInfo, TensorInfo};
pub use loader::Model;
pub(crate) use provider::one_line;
pub use provider::{Options, Provider, UnknownProvider};
pub use runtime::{OLDEST_MINOR, RuntimeError, environment};
pub use search::Search;
pub(crate) use tensor::{ConstantShape, constant, constant_shape};
