// SPDX-License-Identifier: MPL-2.0

//! Output of `iqa compare`: the data of `report.json` and the report files.

mod csv;
pub mod data;
pub mod evidence;
pub mod files;
pub mod frames;
mod junit;
pub mod page;
pub mod records;
