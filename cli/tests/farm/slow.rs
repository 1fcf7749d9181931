// SPDX-License-Identifier: MPL-2.0

//! Faults that take minutes, or root, to make: `scripts/test-slow.sh`.
