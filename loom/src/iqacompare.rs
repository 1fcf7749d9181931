// SPDX-License-Identifier: MPL-2.0

#[path = "../../plugins/onnxiqa/src/iqacompare/budget.rs"]
mod budget;
#[path = "../../plugins/onnxiqa/src/iqacompare/wakeup.rs"]
mod wakeup;

mod budget_tests;
mod wakeup_tests;
