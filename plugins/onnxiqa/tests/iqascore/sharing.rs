// SPDX-License-Identifier: MPL-2.0

//! Elements that share a model.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa::model::{Model, Provider, Search};
use onnx_iqa_testkit as kit;
use std::sync::Arc;

#[test]
fn ten_elements_share_one_session_and_score_alike() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let mut description =
        "videotestsrc num-buffers=12 pattern=ball ! video/x-raw,format=I420,width=64,height=48 ! tee name=t".to_owned();
    for n in 0..10 {
        description += &format!(
            " t. ! queue ! iqascore name=q{n} provider=cpu threads=1 batch-size={} model={} ! fakesink async=false",
            1 + n % 3,
            model.display()
        );
    }
    let pipeline = launch(&description);
    set_state(&pipeline, gst::State::Paused);
    let builder = Model::builder(model.to_str().unwrap()).search(Search::default()).provider(Provider::Cpu).threads(1);
    let open = || builder.clone().open().unwrap();
    let (one, other) = (open(), open());
    assert!(Arc::ptr_eq(&one, &other));
    assert!(Arc::strong_count(&one) >= 12, "ten elements and two of ours, but {}", Arc::strong_count(&one));
    let (errors, messages) = run(&pipeline);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(messages.iter().filter(|message| message.name() == "iqa-summary").count(), 10);
    let mut all = Vec::new();
    for n in 0..10 {
        let element = pipeline.by_name(&format!("q{n}")).unwrap();
        let stats = element.property::<gst::Structure>("stats");
        assert_eq!(stats.get::<u64>("scored"), Ok(12), "{stats}");
        all.push(["mean", "min", "last"].map(|field| stats.get::<f64>(field).unwrap()));
    }
    assert!(all.iter().all(|one| one == &all[0]), "{all:?}");
}

#[test]
fn other_settings_open_another_session() {
    let dir = kit::TempDir::new();
    let path = mean_model(&dir);
    let open = |threads| {
        let builder = Model::builder(path.to_str().unwrap()).search(Search::default()).provider(Provider::Cpu);
        builder.threads(threads).open().unwrap()
    };
    let _rig = ElementHarness::new(iqascore(&path).property("threads", 2u32).build().unwrap());
    assert_eq!(Arc::strong_count(&open(1)), 1);
    assert!(Arc::strong_count(&open(2)) > 1);
}

#[test]
fn one_element_stops_while_another_continues() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let (one, other) = (
        ElementHarness::started(iqascore(&model).build().unwrap(), CAPS),
        ElementHarness::started(iqascore(&model).build().unwrap(), CAPS),
    );
    let hold = ScorerGate::new(&model);
    for n in 0..4 {
        one.push(gray(n, 255)).unwrap();
        other.push(gray(n, shade(n))).unwrap();
    }
    one.state(gst::State::Null);
    hold.release();
    for (n, buffer) in (0..).zip(other.finish()) {
        assert_scored(&buffer, n, shade(n));
    }
    assert_eq!(other.stat("scored"), 4);
}
