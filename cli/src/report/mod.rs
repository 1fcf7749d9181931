// SPDX-License-Identifier: MPL-2.0

//! What `iqa compare` writes: the data of `report.json`, and the files made of it.

pub mod data;
#[cfg_attr(not(test), expect(dead_code, reason = "`iqa compare` does not call it yet"))]
pub mod evidence;
#[cfg_attr(not(test), expect(dead_code, reason = "`iqa compare` does not call it yet"))]
pub mod page;
