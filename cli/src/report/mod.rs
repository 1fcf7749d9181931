// SPDX-License-Identifier: MPL-2.0

//! What `iqa compare` writes: the data of `report.json`, and the files made of it.

mod csv;
pub mod data;
pub mod evidence;
pub mod files;
pub mod frames;
mod junit;
pub mod page;
