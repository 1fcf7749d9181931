// SPDX-License-Identifier: MPL-2.0

//! Complete pipelines with other elements.

use super::*;
use onnx_iqa_testkit as kit;

#[test]
fn scores_of_a_test_pattern_are_drawn_on_it() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    for format in ["I420", "NV12", "RGBA", "I420_10LE"] {
        let source = format!(
            "videotestsrc num-buffers=5 ! video/x-raw,format={format},width=640,height=360,framerate=25/1 \
             ! iqascore name=q provider=cpu threads=1 model={}",
            model.display()
        );
        let plain = buffers(&launch(&format!("{source} ! appsink name=out")));
        let over = buffers(&launch(&format!(
            "{source} ! iqaoverlay ! videoconvert ! videorate drop-only=true ! appsink name=out"
        )));
        assert_eq!((plain.len(), over.len()), (5, 5));
        for (plain, over) in plain.iter().zip(&over) {
            assert_eq!(entry(over).get::<&str>("state"), Ok("scored"));
            assert_eq!(entry(over).get::<f64>("score"), entry(plain).get::<f64>("score"));
            let (plain, over) = (data(plain), data(over));
            let changed = plain.iter().zip(&over).filter(|(one, two)| one != two).count();
            assert!(changed * 50 > plain.len() && changed * 5 < plain.len(), "{format}: {changed} of {}", plain.len());
        }
    }
}

#[test]
fn two_elements_in_a_row_have_a_box_each_or_share_one() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let pipeline = launch(&format!(
        "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=640,height=360,framerate=25/1 \
         ! iqascore name=a provider=cpu threads=1 model={model} ! iqascore name=b provider=cpu threads=1 model={model} \
         ! iqaoverlay elements=a ! iqaoverlay elements=b position=bottom-right ! appsink name=out",
        model = model.display()
    ));
    assert_eq!(buffers(&pipeline).len(), 3);
}

/// Sources without a frame rate, and caps that change in the stream.
#[test]
fn stills_and_other_sizes_pass() {
    let harness =
        ElementHarness::started(iqaoverlay().build().unwrap(), "video/x-raw,format=GRAY8,width=320,height=240");
    harness.push(with(frame(0), &scored(50.0))).unwrap();
    assert!(drawn(&harness.frames(1)[0]) > 1000);
    let pipeline = launch(
        "videotestsrc ! video/x-raw,format=UYVY,width=321,height=243,framerate=0/1 ! iqaoverlay \
         ! videoscale ! video/x-raw,width=16,height=16 ! iqaoverlay ! appsink name=out",
    );
    // `videotestsrc` ends after the only frame of such a stream.
    assert_eq!(buffers(&pipeline).len(), 1);
}
