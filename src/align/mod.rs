// SPDX-License-Identifier: MPL-2.0

//! Bringing two streams together: which reference frame belongs to a distorted one ([`time`]), and which part of it to
//! which part ([`space`]).

pub mod space;
pub mod time;
