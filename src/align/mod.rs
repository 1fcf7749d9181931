// SPDX-License-Identifier: MPL-2.0

//! Bringing two streams together: which reference frame belongs to a distorted one ([`time`]), and which part of it to
//! which part ([`space`]); and, where they do not come together, what keeps them apart ([`Suspect`]).

pub mod space;
mod suspect;
pub mod time;

pub use suspect::{FarOffset, Suspect, Suspicions};
