// SPDX-License-Identifier: MPL-2.0

//! What elements that score or measure share.

pub mod measures;
