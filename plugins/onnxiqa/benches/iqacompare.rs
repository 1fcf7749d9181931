// SPDX-License-Identifier: MPL-2.0

//! What `iqacompare` costs, each figure a ratio or a bound within this one run. `make bench` sets the environment.
//!
//! * frames per second with no measure and `alignment=pts` against a two-pad aggregator that does nothing but push;
//! * what `auto` and `track` add to a pair above `pts`, against what SSIM costs;
//! * what is held while the reference runs 10 s ahead, against `max-bytes`;
//! * what a ladder of four at 1080p holds above one pair.
//!
//! `cargo bench --bench iqacompare -- pass` runs one of `pass`, `align`, `ahead`, `ladder`.

mod common;

use anyhow::{Context, Result, ensure};
use common::{finish, frames, median, wanted, watch};
use gst::prelude::*;
use onnx_iqa_testkit::resident_kib;
use std::time::Instant;

fn main() -> Result<()> {
    gst::init()?;
    gstonnxiqa::plugin_register_static()?;
    bare::register()?;
    let wanted = wanted();
    let wants = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    // First, while nothing else has left its memory behind.
    if wants("ahead") {
        ahead()?;
    }
    if wants("ladder") {
        ladder()?;
    }
    if wants("pass") {
        for (width, height) in [(1280, 720), (1920, 1080)] {
            pass(width, height)?;
        }
    }
    if wants("align") {
        align()?;
    }
    Ok(())
}

/// A two-pad aggregator that takes a frame from both pads and pushes one.
mod bare {
    use gst::glib;
    use gst_base::prelude::*;
    use gst_base::subclass::prelude::*;
    use std::sync::LazyLock;

    #[derive(Default)]
    pub struct Bare;

    #[glib::object_subclass]
    impl ObjectSubclass for Bare {
        const NAME: &'static str = "BenchBareAggregator";
        type Type = BareAggregator;
        type ParentType = gst_base::Aggregator;
    }

    glib::wrapper! {
        pub struct BareAggregator(ObjectSubclass<Bare>) @extends gst_base::Aggregator, gst::Element, gst::Object;
    }

    impl ObjectImpl for Bare {
        fn constructed(&self) {
            self.parent_constructed();
            for name in ["reference", "distorted"] {
                let template = self.obj().pad_template(name).expect("the class has this template");
                let pad = gst::PadBuilder::<gst_base::AggregatorPad>::from_template(&template).name(name).build();
                self.obj().add_pad(&pad).expect("a new element has no pad of this name");
            }
        }
    }

    impl GstObjectImpl for Bare {}

    impl ElementImpl for Bare {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> =
                LazyLock::new(|| gst::subclass::ElementMetadata::new("Bare", "Generic", "Pushes one of two", "bench"));
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                let caps = gst::Caps::new_empty_simple("video/x-raw");
                let template = |name, direction| {
                    let kind = gst_base::AggregatorPad::static_type();
                    let presence = gst::PadPresence::Always;
                    gst::PadTemplate::with_gtype(name, direction, presence, &caps, kind)
                        .expect("name, direction and caps are valid")
                };
                vec![
                    template("reference", gst::PadDirection::Sink),
                    template("distorted", gst::PadDirection::Sink),
                    template("src", gst::PadDirection::Src),
                ]
            });
            &TEMPLATES
        }
    }

    impl AggregatorImpl for Bare {
        fn aggregate(&self, _timeout: bool) -> Result<gst::FlowSuccess, gst::FlowError> {
            let pop = |name| {
                let pad = self.obj().static_pad(name)?.downcast::<gst_base::AggregatorPad>().ok()?;
                Some((pad.pop_buffer(), pad.is_eos()))
            };
            pop("reference");
            match pop("distorted") {
                Some((Some(buffer), _)) => self.finish_buffer(buffer),
                Some((None, true)) => Err(gst::FlowError::Eos),
                _ => Ok(gst::FlowSuccess::Ok),
            }
        }
    }

    pub fn register() -> Result<(), glib::BoolError> {
        gst::Element::register(None, "benchbare", gst::Rank::NONE, BareAggregator::static_type())
    }
}

fn run(description: &str) -> Result<f64> {
    let pipeline = gst::parse::launch(description)?.downcast::<gst::Pipeline>().ok().context("a pipeline")?;
    let span = watch(&pipeline)?;
    pipeline.set_state(gst::State::Playing)?;
    finish(&pipeline, &span)
}

fn pass(width: i32, height: i32) -> Result<()> {
    let pipeline = |element: &str| {
        format!(
            "videotestsrc num-buffers=2000 ! video/x-raw,format=I420,width={width},height={height} ! tee name=t \
             t. ! queue ! c.reference t. ! queue ! c.distorted {element} name=c ! fakesink name=sink sync=false"
        )
    };
    let (theirs, ours) = (pipeline("benchbare"), pipeline("iqacompare measures=0 alignment=pts"));
    run(&theirs)?;
    run(&ours)?;
    let mut ratios = Vec::new();
    for _ in 0..9 {
        let bare = run(&theirs)?;
        ratios.push(bare / run(&ours)?);
    }
    println!("nothing measured at {width}x{height}: {:.3} of a bare two-pad aggregator's speed", median(ratios));
    Ok(())
}

/// What alignment adds to a pair, in the engine: the same frames, the same order, with and without.
fn align() -> Result<()> {
    use onnx_iqa::align::time::{Aligner, Alignment, Settings, Signature, Timestamp};
    use onnx_iqa::metrics::{Measures, Meter};
    use onnx_iqa::picture::{Colorimetry, Picture, PixelFormat, Plane};
    let (caps, buffers) = frames(1920, 1080, 100)?;
    let info = gst_video::VideoInfo::from_caps(&caps)?;
    let maps = buffers.iter().map(|buffer| buffer.map_readable()).collect::<Result<Vec<_>, _>>()?;
    let pictures = maps
        .iter()
        .map(|map| {
            let planes: Vec<_> = info
                .offset()
                .iter()
                .zip(info.stride())
                .map(|(&offset, &stride)| Plane { data: &map[offset..], stride: stride as usize })
                .collect();
            Picture::new(PixelFormat::I420, info.width(), info.height(), &planes, Colorimetry::SRGB)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut meter = Meter::new(Measures::SSIM, 1);
    let mut rounds = [const { Vec::new() }; 4];
    for _ in 0..5 {
        let begin = Instant::now();
        for pair in pictures.windows(2) {
            meter.measure(&pair[0], &pair[1])?;
        }
        rounds[0].push(begin.elapsed().as_secs_f64());
        for (round, alignment) in [(1, Alignment::Pts), (2, Alignment::Auto), (3, Alignment::Track)] {
            let mut settings = Settings::default();
            settings.alignment = alignment;
            let mut aligner = Aligner::new(settings);
            let mut decided = 0;
            let begin = Instant::now();
            for (number, picture) in pictures.iter().enumerate() {
                let stamp = Timestamp { running: Some(number as i64 * 40_000_000), duration: Some(40_000_000) };
                let look = if aligner.decides_by_time() { Signature::skimmed } else { Signature::sampled };
                aligner.push_reference(stamp, Some(look(picture)));
                aligner.push_distorted(stamp, Some(look(picture)));
                decided += std::iter::from_fn(|| aligner.next_decision()).count();
            }
            rounds[round].push(begin.elapsed().as_secs_f64());
            ensure!(decided > 0, "{alignment:?} decided nothing");
        }
    }
    let [ssim, pts, auto, track] = rounds.map(|seconds| median(seconds) / pictures.len() as f64 * 1e3);
    println!(
        "alignment at 1080p, one core: SSIM takes {ssim:.2} ms a pair; pts adds {pts:.2} ms, auto {:.2} ms above that \
         (goal <= 0.10 ms), track {:.2} ms",
        auto - pts,
        track - pts
    );
    Ok(())
}

/// Runs the pipeline; gives the most memory of the process while frames reach `c`.
fn most_resident_kib(pipeline: &gst::Pipeline) -> Result<u64> {
    let span = watch(pipeline)?;
    let most = std::sync::Arc::new(std::sync::Mutex::new(0));
    let seen = most.clone();
    pipeline.by_name("c").and_then(|c| c.static_pad("distorted")).context("distorted")?.add_probe(
        gst::PadProbeType::BUFFER,
        move |_, _| {
            let mut most = seen.lock().expect("no probe panics");
            *most = resident_kib("self").unwrap_or(0).max(*most);
            gst::PadProbeReturn::Ok
        },
    );
    pipeline.set_state(gst::State::Playing)?;
    finish(pipeline, &span)?;
    let most = *most.lock().expect("no probe panics");
    Ok(most)
}

/// One source, as many rungs as are asked for; all but the first element are named by number.
fn ladder() -> Result<()> {
    let caps = "video/x-raw,format=I420,width=1920,height=1080,framerate=25/1";
    let held = |rungs: usize, settings: &str| {
        let rung = |index: usize| {
            let name = if index == 0 { String::new() } else { index.to_string() };
            format!(
                " t. ! queue max-size-buffers=2 max-size-bytes=0 ! c{name}.reference \
                 videotestsrc pattern=ball foreground-color=0xffd0d0d0 num-buffers=100 ! {caps} ! c{name}.distorted \
                 iqacompare name=c{name} {settings} ! fakesink name=sink{name} sync=false"
            )
        };
        let rungs: String = (0..rungs).map(rung).collect();
        let pipeline =
            gst::parse::launch(&format!("videotestsrc pattern=ball num-buffers=100 ! {caps} ! tee name=t{rungs}"))?;
        most_resident_kib(&pipeline.downcast::<gst::Pipeline>().ok().context("a pipeline")?)
    };
    for (alignment, measures) in [("pts", "psnr+ssim"), ("pts", "psnr+vmaf"), ("auto", "psnr+ssim")] {
        let settings = format!("alignment={alignment} measures={measures}");
        let [one, four] = [held(1, &settings)?, held(4, &settings)?];
        println!(
            "a ladder of four at 1080p, {settings}: {:.0} MiB above one pair's {:.0} MiB",
            four.saturating_sub(one) as f64 / 1024.0,
            one as f64 / 1024.0
        );
    }
    Ok(())
}

/// The reference's time stamps are 10 s ahead: it is held back as soon as its window is full.
fn ahead() -> Result<()> {
    let (width, height, limit_mib) = (1280, 720, 128);
    let before = resident_kib("self")?;
    let pipeline = gst::parse::launch(&format!(
        "videotestsrc num-buffers=500 timestamp-offset=10000000000 ! \
         video/x-raw,format=I420,width={width},height={height},framerate=25/1 ! c.reference \
         videotestsrc num-buffers=500 ! video/x-raw,format=I420,width={width},height={height},framerate=25/1 ! \
         c.distorted \
         iqacompare name=c measures=psnr max-bytes={} ! fakesink name=sink sync=false",
        limit_mib << 20
    ))?
    .downcast::<gst::Pipeline>()
    .ok()
    .context("a pipeline")?;
    let most = most_resident_kib(&pipeline)?;
    println!(
        "a reference 10 s ahead, {width}x{height}, max-bytes {limit_mib} MiB: the process grows by {:.0} MiB at most",
        most.saturating_sub(before) as f64 / 1024.0
    );
    Ok(())
}
