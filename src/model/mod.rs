//! Models: contract, bundled ones, the runtime, providers, sessions.

mod check;
pub mod contract;
mod contract_error;
mod error;
mod graph;
mod open;
mod parse;
mod provider;
mod raw;
mod runtime;
mod search;
mod tensor;

pub use contract_error::ContractError;
pub use error::ModelError;
pub use graph::{Dim, GraphInfo, TensorInfo};
pub use open::Model;
pub(crate) use provider::one_line;
pub use provider::{Options, Provider, UnknownProvider};
pub use runtime::{OLDEST_MINOR, RuntimeError, environment};
pub use search::Search;
pub(crate) use tensor::{ConstantShape, constant, constant_shape};
