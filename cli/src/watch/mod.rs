// SPDX-License-Identifier: MPL-2.0

//! `iqa watch`: live cameras, how good their pictures are, and what is wrong with them.
//!
//! [`config`] is what the file says, [`secret`] what must never be shown. [`wall`] is what is known of all cameras, for
//! all who look: [`status`] of one camera, its [`alarm`]s, and [`event`]s as they happen.

pub mod alarm;
pub mod config;
pub mod control;
pub mod event;
pub mod moment;
pub mod secret;
pub mod status;
pub mod wall;
