// SPDX-License-Identifier: MPL-2.0

//! Whole contents coded by encoders, each once for all cases.

use crate::clips::{Clip, Image, encode};
use crate::ground_truth::Stream;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

/// An encoder and its bit rate, in thousandths of a bit per pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    X264(u32),
    X265(u32),
    Mpeg4(u32),
    Theora(u32),
    Vp8(u32),
}

use Codec::{Mpeg4, Theora, Vp8, X264, X265};

/// All encoders in use, from worst to best by encoder.
pub const CODECS: [Codec; 8] = [X264(20), X264(50), X264(100), X264(300), X265(30), Mpeg4(100), Vp8(50), Theora(200)];

impl Codec {
    pub fn name(self) -> String {
        let (name, bits) = match self {
            X264(bits) => ("x264", bits),
            X265(bits) => ("x265", bits),
            Mpeg4(bits) => ("MPEG-4", bits),
            Theora(bits) => ("Theora", bits),
            Vp8(bits) => ("VP8", bits),
        };
        format!("{name} {:.2} bits a pixel", f64::from(bits) / 1000.0)
    }

    /// Encoder, parser and decoder in gst-launch syntax. One thread each where more would change the result.
    fn chain(self, width: usize, height: usize) -> String {
        let (Self::X264(bits) | X265(bits) | Mpeg4(bits) | Theora(bits) | Vp8(bits)) = self;
        let rate = (width * height * 25) as u64 * u64::from(bits) / 1000;
        let kilo = rate.div_ceil(1000);
        match self {
            // With `mb-tree`, x264 0.164 reads uninitialized memory, and results change from run to run.
            X264(_) => format!(
                "x264enc bitrate={kilo} speed-preset=veryfast mb-tree=false threads=1 key-int-max=100 \
                 ! h264parse ! avdec_h264 max-threads=2"
            ),
            X265(_) => format!(
                "x265enc bitrate={kilo} speed-preset=ultrafast key-int-max=100 \
                 option-string=\"pools=1:frame-threads=1:log-level=0\" ! h265parse ! avdec_h265 max-threads=2"
            ),
            Mpeg4(_) => format!("avenc_mpeg4 bitrate={rate} gop-size=100 ! avdec_mpeg4 max-threads=2"),
            Theora(_) => format!("theoraenc bitrate={kilo} drop-frames=false speed-level=2 ! theoradec"),
            // With a positive `cpu-used`, its decisions would depend on the speed of the machine.
            Vp8(_) => {
                format!("vp8enc target-bitrate={rate} deadline=1 cpu-used=-8 threads=1 keyframe-max-dist=100 ! vp8dec")
            }
        }
    }

    /// Encodes and decodes these images.
    pub fn code(self, images: &[Image]) -> Vec<Image> {
        encode(images, &self.chain(images[0].width, images[0].height))
    }

    /// Encodes and decodes a stream; only signatures are kept.
    pub fn coded(self, mut stream: Stream) -> Stream {
        let images: Vec<Image> = stream.iter().map(|entry| entry.image.clone()).collect();
        let coded = self.code(&images);
        stream.iter_mut().zip(coded).for_each(|(entry, image)| entry.image = image.without_samples());
        stream
    }
}

type Versions = HashMap<(&'static str, Codec), Arc<OnceLock<Vec<Image>>>>;

/// A whole content, coded. Samples are kept for x264 at 0.1 bits per pixel, the version on which damage is drawn.
pub fn version(clip: &Clip, codec: Codec) -> Vec<Image> {
    static VERSIONS: LazyLock<Mutex<Versions>> = LazyLock::new(Mutex::default);
    let cell = VERSIONS.lock().unwrap().entry((clip.name, codec)).or_default().clone();
    let made = || {
        let coded = codec.code(&clip.images);
        if codec == DRAWN { coded } else { coded.iter().map(Image::without_samples).collect() }
    };
    cell.get_or_init(made).clone()
}

/// The version that damage is drawn on.
pub const DRAWN: Codec = X264(100);
