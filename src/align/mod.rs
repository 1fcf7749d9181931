// SPDX-License-Identifier: MPL-2.0

//! Bringing two streams together: which reference frame corresponds to a distorted one ([`time`]), which part of one
//! picture corresponds to which part of the other ([`space`]), and, if the streams do not match, the likely cause
//! ([`Suspect`]).

pub mod space;
mod suspect;
pub mod time;

pub use suspect::{FarOffset, Suspect, Suspicions};
