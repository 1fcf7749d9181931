// SPDX-License-Identifier: MPL-2.0

//! What `iqa compare` writes: the data of `report.json`, and the files made of it.

pub mod data;
pub mod page;
