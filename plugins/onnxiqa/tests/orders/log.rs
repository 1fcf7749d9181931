// SPDX-License-Identifier: MPL-2.0

//! `iqalog`: what passes, and the content of the files.

use super::common::{FRAME, init};
use super::driver::Driver;
use super::through::{Through, check_entry, score};
use super::through_model::{Machine, Model, Order};
use super::{ORDERS, config};
use gst::prelude::*;
use onnx_iqa_testkit::TempDir;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::BTreeMap;
use std::path::PathBuf;

struct Log {
    through: Through,
    /// The folder of all runs.
    dir: TempDir,
    runs: u32,
}

impl Log {
    fn new(model: &Model) -> Self {
        init();
        let dir = TempDir::new();
        let element = gst::ElementFactory::make("iqalog")
            .property("location", location(&dir, 0))
            // Some variants start a new file after every few lines.
            .property("max-file-size", if model.variant & 1 == 0 { 0u64 } else { 700 })
            .property("append", model.variant & 2 != 0);
        Self { through: Through::new(Driver::new(element.build().unwrap(), &["sink"])), dir, runs: 0 }
    }

    /// The lines of this run, oldest first.
    fn lines(&self) -> Vec<serde_json::Value> {
        let prefix = format!("{}-log", self.runs);
        // Files with larger numbers are older; the one without a number is the newest.
        let mut files: BTreeMap<std::cmp::Reverse<u32>, PathBuf> = BTreeMap::new();
        for file in std::fs::read_dir(self.dir.path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if let Some(rest) = name.strip_prefix(&prefix) {
                let age = rest.strip_prefix('.').map_or(0, |age| age.parse().expect(name));
                files.insert(std::cmp::Reverse(age), path);
            }
        }
        let text: String = files.values().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        assert!(text.is_empty() || text.ends_with('\n'), "an unfinished line: {text}");
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// Checks that every scored frame has one line, in order.
    fn check_lines(&self, model: &Model) {
        let lines = self.lines();
        let numbers: Vec<u64> =
            lines.iter().filter_map(|line| Some(line.get("pts")?.as_u64()? / FRAME.nseconds())).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "lines are lost, doubled or out of order: {numbers:?}");
        assert!(numbers.iter().all(|number| model.scored.contains(number)), "{numbers:?}, not {:?}", model.scored);
        if model.exact {
            assert_eq!(numbers, model.scored, "the frames in the log");
        }
        for (number, line) in numbers.iter().zip(lines.iter().filter(|line| line.get("pts").is_some())) {
            assert_eq!(line["scores"]["q"]["score"], score(*number), "{line}");
        }
    }

    fn check(&mut self, model: &Model, wait: bool) {
        let driver = &mut self.through.driver;
        driver.compare(&model.promises, wait, |number, buffer, entry| check_entry(number, buffer, entry.scored));
        driver.hear(std::slice::from_ref(&model.refusals), if wait { &[0] } else { &[] });
        let errors = driver.rig.errors();
        assert!(errors.is_empty(), "{errors:?}");
        if wait {
            self.check_lines(model);
        }
    }
}

fn location(dir: &TempDir, run: u32) -> String {
    dir.path().join(format!("{run}-log")).to_str().unwrap().to_owned()
}

impl StateMachineTest for Log {
    type SystemUnderTest = Self;
    type Reference = Machine<false>;

    fn init_test(model: &Model) -> Self {
        Self::new(model)
    }

    fn apply(mut log: Self, model: &Model, order: Order) -> Self {
        if matches!(order, Order::Restart { .. }) {
            // Takes effect with the next run.
            log.runs += 1;
            let location = location(&log.dir, log.runs);
            log.through.driver.rig.element.set_property("location", location);
        }
        log.through.follow(model, &order, |element, _| element.emit_by_name::<()>("reopen", &[]));
        log.check(model, matches!(order, Order::Settle));
        log
    }

    fn teardown(mut log: Self, model: Model) {
        let model = <Self::Reference as ReferenceStateMachine>::apply(model, &Order::Unblock);
        log.through.driver.rig.block(false);
        log.check(&model, true);
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    #[ignore = "at random: scripts/test-slow.sh"]
    fn iqalog_keeps_its_promises(sequential ORDERS => Log);
}
