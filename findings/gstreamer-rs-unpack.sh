#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# VideoFormatInfo::unpack of gstreamer-rs panics for the lower half of every 4:2:0 picture that is exactly as large as
# it should be.
#
# Expected: unpack(flags, dest, src, stride, x, y, width) unpacks row y of the planes src, as gst_video_format_unpack
#   does, for which row y of a 4:2:0 picture uses row y / 2 of the chroma planes.
# Actual: before the call the method checks that each plane reaches to y * stride, with the y of luma for chroma
#   planes too. In I420 of 4 rows, rows 2 and 3 panic with "Too small source plane size for plane 1" though the planes
#   are complete. 4:2:2 and 4:4:4 are right. A program that tries it on the first rows, or on 4:4:4, does not notice.
# Seen with: crate gstreamer-video 0.25.4 on GStreamer 1.22.0. Noticed when a format table was checked against unpack.
. "$(dirname -- "$0")/common.sh"
command -v cargo >/dev/null || cannot 'cargo with Rust 1.92 or newer is needed'
pkg-config --exists gstreamer-video-1.0 || cannot 'the development files of GStreamer are needed'

mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "unpack"
version = "0.0.0"
edition = "2021"
rust-version = "1.92"
resolver = "3"

[dependencies]
gstreamer-video = { version = "=0.25.4", features = ["v1_22"] }

[profile.dev]
debug = false

[workspace]
TOML
cat >src/main.rs <<'RUST'
use gstreamer_video::{VideoFormat, VideoFormatInfo, VideoPackFlags};
use std::panic::{catch_unwind, AssertUnwindSafe};

const WIDTH: i32 = 4;
const HEIGHT: i32 = 4;

fn row(info: &VideoFormatInfo, planes: &[&[u8]], strides: &[i32], y: i32) -> String {
    let mut row = vec![0; WIDTH as usize * 4];
    let unpack = || info.unpack(VideoPackFlags::empty(), &mut row, planes, strides, 0, y, WIDTH);
    match catch_unwind(AssertUnwindSafe(unpack)) {
        Ok(()) => format!("{} {} {}", row[1], row[2], row[3]),
        Err(cause) => cause.downcast_ref::<String>().map_or("panic".into(), |text| format!("panic, {text}")),
    }
}

fn main() {
    gstreamer_video::gst::init().expect("GStreamer starts");
    std::panic::set_hook(Box::new(|_| ()));
    for format in [VideoFormat::I420, VideoFormat::Y42b, VideoFormat::Y444] {
        let info = VideoFormatInfo::from_format(format);
        let (width, height) = (info.scale_width(1, WIDTH as u32), info.scale_height(1, HEIGHT as u32));
        let luma = vec![100; (WIDTH * HEIGHT) as usize];
        let (cb, cr) = (vec![60; (width * height) as usize], vec![200; (width * height) as usize]);
        for y in 0..HEIGHT {
            println!("{format:?} row {y}: {}", row(&info, &[&luma, &cb, &cr], &[WIDTH, width as i32, width as i32], y));
        }
    }
}
RUST
CARGO_TARGET_DIR=$work/target cargo run --quiet >rows.txt || cannot 'the program could not be built'
seen() { sed -n "s/^$1 row $2: //p" rows.txt; }
for y in 0 1 2 3; do
    case $y in
    0 | 1) recorded='100 60 200' ;;
    *) recorded='panic, Too small source plane size for plane 1' ;;
    esac
    still "I420, row $y of 4" "$(seen I420 $y)" "$recorded"
    still "Y42B, row $y of 4" "$(seen Y42b $y)" '100 60 200'
    still "Y444, row $y of 4" "$(seen Y444 $y)" '100 60 200'
done
verdict
