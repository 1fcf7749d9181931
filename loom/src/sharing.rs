// SPDX-License-Identifier: MPL-2.0

#[path = "../../src/sharing/lease.rs"]
mod lease;
#[path = "../../src/sharing/store.rs"]
mod store;

mod lease_tests;
mod store_tests;
