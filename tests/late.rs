// SPDX-License-Identifier: MPL-2.0

//! The comparer with a measure that needs following pairs (VMAF): each frame waits for them, but never forever.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use onnx_iqa::align::time::{Alignment, Pairing, Timestamp};
use onnx_iqa::comparer::{Comparer, Outcome, Settings, SharedFrame};
use onnx_iqa::metrics::{Measurements, Measures, Meter, Missing, VmafModel};
use onnx_iqa::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};

/// Duration of a frame at 25 per second, in nanoseconds.
const FRAME: u64 = 40_000_000;
/// Limit for results that are due immediately, also on the slowest machine.
const LIMIT: Duration = Duration::from_secs(60);

/// The compared streams: small gray pictures for the default model, or larger ones for a model for high frame rates.
#[derive(Clone, Copy, PartialEq)]
enum Film {
    Small,
    HighRate,
}

const FILMS: [Film; 2] = [Film::Small, Film::HighRate];

impl Film {
    fn model(self) -> Arc<VmafModel> {
        let name = if self == Self::Small { VmafModel::DEFAULT_NAME } else { "vmaf_v1.0.16_hfr_3d0h" };
        Arc::new(VmafModel::open(name, &[concat!(env!("CARGO_MANIFEST_DIR"), "/models").into()]).unwrap())
    }

    fn size(self) -> [u32; 2] {
        if self == Self::Small { [64, 48] } else { [216, 160] }
    }

    fn settings(self, queue_size: usize) -> Settings {
        let mut settings = settings(queue_size);
        settings.vmaf_model = Some(self.model());
        settings
    }

    /// A moving pattern. `noise` is added to every third pixel, and more of it where less would have no effect.
    fn frame(self, number: u64, noise: u8) -> OwnedFrame {
        let noise = if self == Self::Small { noise } else { 8 * noise };
        let [width, height] = self.size();
        let format = if self == Self::Small { PixelFormat::Gray8 } else { PixelFormat::I420 };
        let planes = format.components().iter().map(|component| {
            let (width, height) = (u64::from(component.width(width)), u64::from(component.height(height)));
            let sample = |i: u64| {
                let (x, y) = (i % width + number * number, i / width);
                let shade = (x * 7 % 61 + y * 5 % 47 + (x / 9 + y / 7) % 2 * 60) as u8;
                shade + if i.is_multiple_of(3) { noise } else { 0 }
            };
            ((0..width * height).map(sample).collect(), width as usize)
        });
        OwnedFrame { format, width, height, colorimetry: Colorimetry::SRGB, planes: planes.collect() }
    }

    fn shared(self, number: u64, noise: u8) -> Option<SharedFrame> {
        Some(Arc::new(self.frame(number, noise)))
    }

    /// The values of a meter for the pairs of these numbers.
    fn expected(self, numbers: &[u64]) -> Vec<f64> {
        let mut meter = Meter::with_vmaf_model(Measures::VMAF, 1, self.model());
        let mut found: Vec<Measurements> = Vec::new();
        let mut complete = 0;
        for &number in numbers {
            let [reference, distorted] = [self.frame(number, 0), self.frame(number, 9)];
            found.push(meter.measure(&reference.picture().unwrap(), &distorted.picture().unwrap()).unwrap());
            while found.len() - complete > meter.waiting() {
                found[complete].complete(meter.late());
                complete += 1;
            }
        }
        found[complete..].iter_mut().for_each(|found| found.complete(meter.finish()));
        found.iter().map(|found| found.vmaf().unwrap()).collect()
    }

    /// Compares streams of the frames of these numbers on a thread that must finish.
    fn compare(self, settings: Settings, reference: Vec<u64>, distorted: Vec<u64>) -> Vec<Outcome> {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let comparer = Comparer::new(settings, None, || {}).unwrap();
            let stream = |numbers: Vec<u64>, noise| numbers.into_iter().map(move |n| (stamp(n), self.frame(n, noise)));
            let outcomes: Vec<_> = comparer.run(stream(reference, 0), stream(distorted, 9)).collect();
            assert!(comparer.idle());
            let _ = sender.send(outcomes);
        });
        receiver.recv_timeout(LIMIT).expect("the comparer finishes")
    }
}

fn settings(queue_size: usize) -> Settings {
    let mut settings = Settings::default();
    settings.time.alignment = Alignment::Pts;
    settings.measures = Measures::VMAF;
    settings.threads = 1;
    settings.queue_size = queue_size;
    settings
}

fn stamp(number: u64) -> Timestamp {
    Timestamp { running: Some((number * FRAME) as i64), duration: Some(FRAME) }
}

fn metrics(outcome: &Outcome) -> &Measurements {
    &outcome.result.as_ref().unwrap().as_ref().unwrap().metrics
}

#[test]
fn every_pair_has_a_vmaf_including_the_last() {
    let numbers: Vec<_> = (0..12).collect();
    for film in FILMS {
        let expected = film.expected(&numbers);
        for queue_size in [1, 4] {
            let outcomes = film.compare(film.settings(queue_size), numbers.clone(), numbers.clone());
            let found: Vec<_> = outcomes.iter().map(|outcome| metrics(outcome).vmaf().unwrap()).collect();
            assert_eq!(found, expected, "queue-size {queue_size}");
        }
        assert!(expected.windows(2).any(|two| two[0] != two[1]), "{expected:?}");
    }
}

#[test]
fn one_or_two_pairs_alone_have_a_vmaf() {
    for film in FILMS {
        for numbers in [vec![3], vec![3, 4]] {
            let outcomes = film.compare(film.settings(4), numbers.clone(), numbers.clone());
            let found: Vec<_> = outcomes.iter().map(|outcome| metrics(outcome).vmaf().unwrap()).collect();
            assert_eq!(found, film.expected(&numbers));
        }
    }
}

/// Motion is taken between pairs: frames without a partner between two pairs wait with the first, however many they
/// are.
#[test]
fn frames_without_a_partner_do_not_break_the_sequence() {
    for (film, first) in [(Film::Small, 4), (Film::HighRate, 4), (Film::HighRate, 2)] {
        let pairs: Vec<_> = (0..first).chain(14..18).collect();
        let expected = film.expected(&pairs);
        for queue_size in [1, 4] {
            let outcomes = film.compare(film.settings(queue_size), pairs.clone(), (0..18).collect());
            assert!(outcomes.iter().map(|outcome| outcome.distorted).eq(0..18));
            let matched = outcomes.iter().filter(|outcome| outcome.pairing != Pairing::Unmatched);
            let found: Vec<_> = matched.map(|outcome| metrics(outcome).vmaf().unwrap()).collect();
            assert_eq!(found, expected, "queue-size {queue_size}");
        }
    }
}

/// Dropped reference frames are not part of the sequence either.
#[test]
fn dropped_frames_are_not_in_the_sequence() {
    let pairs: Vec<_> = (0..5).chain(9..12).collect();
    for film in FILMS {
        let outcomes = film.compare(film.settings(4), (0..12).collect(), pairs.clone());
        let found: Vec<_> = outcomes.iter().map(|outcome| metrics(outcome).vmaf().unwrap()).collect();
        assert_eq!(found, film.expected(&pairs));
    }
}

fn given_up(outcome: &Outcome) -> bool {
    let metrics = metrics(outcome);
    metrics.vmaf().is_none() && metrics.missing() == [Missing::NoNextPair { measure: "vmaf" }]
}

/// In a live pipeline, a frame without a partner shows that the next pair is late: the waiting frame is released
/// without VMAF, and with the reason.
#[test]
fn frames_that_can_wait_no_longer_have_no_vmaf() {
    let comparer = Comparer::new(settings(4), None, || {}).unwrap();
    comparer.push_reference(stamp(0), 1, Film::Small.shared(0, 0));
    comparer.push_distorted(stamp(0), 1, Film::Small.shared(0, 9));
    comparer.push_distorted(stamp(1), 1, Film::Small.shared(1, 9));
    comparer.force(1);
    let [first, second] = [(); 2].map(|()| comparer.wait().expect("an outcome"));
    assert!(given_up(&first), "{first:?}");
    assert_eq!((first.distorted, second.pairing), (0, Pairing::Unmatched));
    // The sequence continues: the next pair follows the first one.
    for number in [2, 3] {
        comparer.push_reference(stamp(number), 1, Film::Small.shared(number, 0));
        comparer.push_distorted(stamp(number), 1, Film::Small.shared(number, 9));
    }
    comparer.end_reference();
    comparer.end_distorted();
    let found: Vec<_> =
        std::iter::from_fn(|| comparer.wait()).map(|outcome| metrics(&outcome).vmaf().unwrap()).collect();
    assert_eq!(found, Film::Small.expected(&[0, 2, 3])[1..]);
}

/// The same for two pairs that wait for a third one.
#[test]
fn two_frames_that_can_wait_no_longer_have_no_vmaf() {
    let film = Film::HighRate;
    let comparer = Comparer::new(film.settings(4), None, || {}).unwrap();
    let push = |number: u64| {
        comparer.push_reference(stamp(number), 1, film.shared(number, 0));
        comparer.push_distorted(stamp(number), 1, film.shared(number, 9));
    };
    push(0);
    push(1);
    assert!(comparer.wait().is_none(), "both wait");
    comparer.push_distorted(stamp(2), 1, film.shared(2, 9));
    comparer.force(2);
    let [first, second, third] = [(); 3].map(|()| comparer.wait().expect("an outcome"));
    assert!(given_up(&first) && given_up(&second), "{first:?} {second:?}");
    assert_eq!(third.pairing, Pairing::Unmatched);
    push(3);
    push(4);
    comparer.end_reference();
    comparer.end_distorted();
    let found: Vec<_> =
        std::iter::from_fn(|| comparer.wait()).map(|outcome| metrics(&outcome).vmaf().unwrap()).collect();
    assert_eq!(found, film.expected(&[0, 1, 3, 4])[2..]);
}

/// A long run of frames without a partner fills the memory: nothing hangs, and frames without VMAF have a reason.
#[test]
fn waiting_frames_are_released_when_memory_runs_out() {
    let pairs: Vec<_> = (0..3).chain(40..43).collect();
    for (film, frames) in FILMS.into_iter().flat_map(|film| [2, 10, 24, 60].map(|frames| (film, frames))) {
        let mut settings = film.settings(2);
        let frame: usize = film.frame(0, 0).planes.iter().map(|(data, _)| data.len()).sum();
        settings.max_bytes = frames * frame as u64;
        let found = film.compare(settings, pairs.clone(), (0..43).collect());
        assert!(found.iter().map(|outcome| outcome.distorted).eq(0..43), "{frames} frames");
        let mut matched = found.iter().filter(|outcome| outcome.pairing != Pairing::Unmatched);
        assert!(matched.all(|outcome| metrics(outcome).vmaf().is_some() || given_up(outcome)), "{found:?}");
    }
}

/// Two pairs that wait for a third one are not given up because of their own memory alone, as nothing else would be
/// released.
#[test]
fn waiting_pairs_are_not_given_up_for_their_own_memory() {
    let film = Film::HighRate;
    let mut settings = film.settings(4);
    // The waiting pairs, the next pair, and one more reference. With less memory, what is released would depend on
    // timing.
    settings.max_bytes = 7 * film.frame(0, 0).planes.iter().map(|(data, _)| data.len() as u64).sum::<u64>();
    let numbers: Vec<_> = (0..6).collect();
    let found = film.compare(settings, numbers.clone(), numbers.clone());
    assert!(found.iter().all(|outcome| outcome.pairing != Pairing::Unmatched), "{found:?}");
    let found: Vec<_> = found.iter().map(|outcome| metrics(outcome).vmaf()).collect();
    assert_eq!(found, film.expected(&numbers).into_iter().map(Some).collect::<Vec<_>>());
}

/// A comparer whose outcomes wait for the next pair is idle, and they are dropped when it is cancelled.
#[test]
fn waiting_for_the_next_pair_is_idle() {
    let comparer = Comparer::new(settings(1), None, || {}).unwrap();
    comparer.push_reference(stamp(0), 1, Film::Small.shared(0, 0));
    comparer.push_reference(stamp(1), 1, Film::Small.shared(1, 0));
    comparer.push_distorted(stamp(0), 1, Film::Small.shared(0, 9));
    assert!(comparer.wait().is_none(), "there is none before the next pair");
    assert!(comparer.idle() && comparer.take().is_none());
    comparer.cancel();
    assert!(comparer.wait().is_none() && comparer.is_cancelled());
}
