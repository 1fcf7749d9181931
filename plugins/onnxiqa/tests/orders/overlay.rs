// SPDX-License-Identifier: MPL-2.0

//! `iqaoverlay`: what passes, and whether it is drawn on.

use super::common::init;
use super::driver::Driver;
use super::through::{GRAY, Through, check_entry};
use super::through_model::{Entry, Machine, Model, Order};
use super::{ORDERS, config};
use gst::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

struct Overlay(Through);

impl Overlay {
    fn new(model: &Model) -> Self {
        init();
        let element = gst::ElementFactory::make("iqaoverlay")
            .property_from_str("show", if model.variant & 1 == 0 { "score" } else { "score+history+values+map" })
            .property("elements", if model.variant & 2 == 0 { "" } else { "q" });
        let mut driver = Driver::new(element.build().unwrap(), &["sink"]);
        driver.negotiates = true;
        Self(Through::new(driver))
    }

    fn check(&mut self, model: &Model, wait: bool) {
        let driver = &mut self.0.driver;
        driver.compare(&model.promises, wait, check_frame);
        driver.hear(std::slice::from_ref(&model.refusals), if wait { &[0] } else { &[] });
        let errors = driver.rig.errors();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

/// A frame with a score is drawn on. A frame without is not, as long as no other had one.
fn check_frame(number: u64, buffer: &gst::Buffer, entry: &Entry) {
    check_entry(number, buffer, entry.scored);
    let drawn = buffer.map_readable().unwrap().iter().any(|&byte| byte != GRAY);
    assert!(drawn || !entry.scored, "nothing is drawn on the frame {number}");
    assert!(!(drawn && entry.clean), "something is drawn on the frame {number}, before any score");
}

impl StateMachineTest for Overlay {
    type SystemUnderTest = Self;
    type Reference = Machine<true>;

    fn init_test(model: &Model) -> Self {
        Self::new(model)
    }

    fn apply(mut overlay: Self, model: &Model, order: Order) -> Self {
        overlay.0.follow(model, &order, |element, which| {
            element.set_property_from_str("position", ["bottom-right", "top"][which as usize]);
        });
        overlay.check(model, matches!(order, Order::Settle));
        overlay
    }

    fn teardown(mut overlay: Self, model: Model) {
        let model = <Self::Reference as ReferenceStateMachine>::apply(model, &Order::Unblock);
        overlay.0.driver.rig.block(false);
        overlay.check(&model, true);
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    #[ignore = "at random: scripts/test-slow.sh"]
    fn iqaoverlay_keeps_its_promises(sequential ORDERS => Overlay);
}
