// SPDX-License-Identifier: MPL-2.0

//! A unit: [`run`] measures it, [`outcome`] is its result, [`merge`] joins the results of a rendition.

pub mod merge;
pub mod outcome;
pub mod run;
