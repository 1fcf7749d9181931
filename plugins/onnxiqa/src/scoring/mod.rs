// SPDX-License-Identifier: MPL-2.0

//! What every element that scores needs: the properties of its model, the open model, what follows from failures, and
//! the guard against panics.

mod failure;
mod guard;
mod model_settings;
mod session;

pub use failure::{Failures, OnError};
pub use guard::{Guarded, guard};
pub use model_settings::{ModelSettings, Provider};
pub use session::Session;
