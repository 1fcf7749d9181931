// SPDX-License-Identifier: MPL-2.0

mod auto;
mod track;
