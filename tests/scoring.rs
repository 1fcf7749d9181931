// SPDX-License-Identifier: MPL-2.0

//! Scoring with small models of known arithmetic: every geometry and kind of output, from frame to score.

mod common;

use common::{flat, near, open, open_with, scorer};
use onnx_iqa::model::contract::Contract;
use onnx_iqa::picture::{Frame as _, OwnedFrame, Rect};
use onnx_iqa::scorer::{ScoreError, Scorer};
use onnx_iqa_testkit::{self as kit, Element};

/// A contract over `mean_graph` with this geometry.
fn mean_contract(geometry: &str) -> String {
    kit::NR_CONTRACT.replace("[output]", &format!("[geometry]\n{geometry}\n[output]"))
}

/// A gray picture whose pixel at x, y is `value(x, y)`.
fn gray(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Box<OwnedFrame> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| [value(x, y); 3]);
    Box::new(OwnedFrame::rgb(width, height, pixels.collect()).unwrap())
}

/// Left half black, right half white.
fn halves(width: u32, height: u32) -> Box<OwnedFrame> {
    gray(width, height, |x, _| if x < width / 2 { 0 } else { 255 })
}

#[track_caller]
fn raw(onnx: &kit::Onnx, frame: Box<OwnedFrame>) -> f64 {
    let dir = kit::TempDir::new();
    let scorer = scorer(&onnx.write(dir.path(), "model"));
    scorer.score_frame(frame, None).unwrap_or_else(|error| panic!("{}", kit::chain(&error))).raw
}

#[test]
fn an_unscaled_frame() {
    let onnx = kit::mean_graph(Element::Float, "N 3 H W").contract(kit::NR_CONTRACT);
    near(raw(&onnx, flat(16, 9, [51, 102, 153])), 0.4);
    near(raw(&onnx, flat(1, 1, [255, 255, 255])), 1.0);
    near(raw(&onnx, halves(64, 3)), 0.5);
}

#[test]
fn mean_std_and_order_of_channels() {
    let contract = kit::NR_CONTRACT
        .replace("tensor = \"x\"", "tensor = \"x\"\nchannels = \"bgr\"\nmean = [0.2, 0.0, 0.0]\nstd = [0.5, 1.0, 2.0]");
    let onnx = kit::mean_graph(Element::Float, "N 3 H W").contract(&contract);
    // B: (0.6 − 0.2) / 0.5, G: 0.4 / 1, R: 0.2 / 2.
    near(raw(&onnx, flat(8, 8, [51, 102, 153])), (0.8 + 0.4 + 0.1) / 3.0);
}

#[test]
fn luma_and_gray601() {
    for (channels, expected) in
        [("luma", 0.2126 * 0.2 + 0.7152 * 0.4 + 0.0722 * 0.6), ("gray601", 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6)]
    {
        let contract =
            kit::NR_CONTRACT.replace("tensor = \"x\"", &format!("tensor = \"x\"\nchannels = \"{channels}\""));
        near(
            raw(&kit::mean_graph(Element::Float, "N 1 H W").contract(&contract), flat(8, 8, [51, 102, 153])),
            expected,
        );
    }
}

#[test]
fn element_types() {
    for element in [Element::Float, Element::Float16] {
        let onnx = kit::mean_graph(element, "N 3 H W").contract(kit::NR_CONTRACT);
        assert!((raw(&onnx, flat(8, 8, [51, 102, 153])) - 0.4).abs() < 1e-3);
    }
    // uint8 tensors hold the samples themselves.
    let onnx = kit::mean_graph(Element::Uint8, "N 3 H W").contract(kit::NR_CONTRACT);
    near(raw(&onnx, flat(8, 8, [51, 102, 153])), 102.0);
    // With a mean and std, they are rounded and clamped.
    let contract = kit::NR_CONTRACT.replace("tensor = \"x\"", "tensor = \"x\"\nstd = [0.1, 0.001, -0.1]");
    let onnx = kit::mean_graph(Element::Uint8, "N 3 H W").contract(&contract);
    near(raw(&onnx, flat(8, 8, [64, 128, 64])), (3.0 + 255.0 + 0.0) / 3.0);
}

#[test]
fn half_and_double_outputs() {
    for (element, tolerance) in [(Element::Float16, 1e-3), (Element::Double, 1e-6)] {
        let onnx = kit::Onnx::new("cast")
            .input("x", Element::Float, "N 3 H W")
            .output("y", element, "N")
            .node(
                "ReduceMean",
                &["x"],
                &["m"],
                [kit::Attribute::ints("axes", &[1, 2, 3]), kit::Attribute::int("keepdims", 0)],
            )
            .node("Cast", &["m"], &["y"], [kit::Attribute::int("to", element as i64)])
            .contract(kit::NR_CONTRACT);
        assert!((raw(&onnx, flat(8, 8, [51, 102, 153])) - 0.4).abs() < tolerance);
    }
}

#[test]
fn nhwc() {
    let contract = kit::NR_CONTRACT.replace("tensor = \"x\"", "tensor = \"x\"\nlayout = \"nhwc\"");
    // The weights per channel prove the order: 1 R' + 10 G' + 100 B'.
    let onnx = kit::Onnx::new("nhwc")
        .input("x", Element::Float, "N H W 3")
        .output("y", Element::Float, "N")
        .floats("w", &[3], &[1.0, 10.0, 100.0])
        .node("Mul", &["x", "w"], &["p"], [])
        .node("ReduceSum", &["p", "last"], &["s"], [kit::Attribute::int("keepdims", 0)])
        .int64s("last", &[3])
        .node("ReduceMean", &["s"], &["y"], [kit::Attribute::ints("axes", &[1, 2]), kit::Attribute::int("keepdims", 0)])
        .contract(&contract);
    near(raw(&onnx, flat(6, 4, [51, 102, 153])), 0.2 + 4.0 + 60.0);
}

#[test]
fn resizes_into_a_fixed_graph() {
    let onnx = kit::mean_graph(Element::Float, "N 3 32 48").contract(&mean_contract("resize = [48, 32]"));
    near(raw(&onnx, halves(200, 70)), 0.5);
    near(raw(&onnx, flat(7, 5, [128, 128, 128])), 128.0 / 255.0);
}

#[test]
fn short_side() {
    // 40×20 becomes 20×10; the sum of the pixels shows the size.
    let onnx = kit::Onnx::new("sum")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .int64s("axes", &[1, 2, 3])
        .node("ReduceSum", &["x", "axes"], &["y"], [kit::Attribute::int("keepdims", 0)])
        .contract(&mean_contract("short-side = 10"));
    near(raw(&onnx, flat(40, 20, [255, 255, 255])), 3.0 * 20.0 * 10.0);
}

/// The sum of a white picture's channels and pixels shows its size.
#[track_caller]
fn pixels(geometry: &str, width: u32, height: u32) -> f64 {
    let onnx = kit::Onnx::new("sum")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .int64s("axes", &[1, 2, 3])
        .node("ReduceSum", &["x", "axes"], &["y"], [kit::Attribute::int("keepdims", 0)])
        .contract(&mean_contract(geometry));
    raw(&onnx, flat(width, height, [255; 3])) / 3.0
}

#[test]
fn a_scale_relative_to_the_frame() {
    near(pixels("scale = 0.5", 40, 20), 20.0 * 10.0);
    near(pixels("scale = 0.5\nfilter = \"bicubic\"", 9, 7), 5.0 * 4.0);
    near(pixels("scale = 0.5\nrounding = \"down\"", 9, 7), 4.0 * 3.0);
    near(pixels("scale = 0.01", 9, 7), 1.0);
    near(pixels("scale = 2.5", 4, 2), 10.0 * 5.0);
    near(pixels("scale = 0.5\ncrop = 4\ncrops = 2", 40, 20), 4.0 * 4.0);
    // A vast picture is an error, not a lack of memory.
    let onnx = kit::mean_graph(Element::Float, "N 3 H W").contract(&mean_contract("scale = 16"));
    let dir = kit::TempDir::new();
    let error = scorer(&onnx.write(dir.path(), "vast")).score_frame(flat(5000, 1, [0; 3]), None).unwrap_err();
    assert!(kit::chain(&error).contains("scaled to 80000x16"), "{}", kit::chain(&error));
}

#[test]
fn a_side_that_is_cut_off() {
    // 8 · 10 / 3 = 26.7
    near(pixels("short-side = 10", 8, 3), 27.0 * 10.0);
    near(pixels("short-side = 10\nrounding = \"down\"", 8, 3), 26.0 * 10.0);
    near(pixels("short-side = 10\nrounding = \"nearest\"", 3, 8), 10.0 * 27.0);
    near(pixels("long-side = 10\nrounding = \"down\"", 7, 6), 10.0 * 8.0);
}

#[test]
fn crops_in_whole_steps() {
    // Of one pixel each: a grid of 5 a side, 4 apart across and 1 apart down, of which the first 20 are taken.
    let contract = mean_contract("crop = 1\ncrops = 20\nsampling = \"steps\"");
    let onnx = kit::mean_graph(Element::Float, "N 3 H W").contract(&contract);
    let frame = gray(17 + 3, 5 + 2, |x, y| (x + 16 * y) as u8);
    near(raw(&onnx, frame), (8.0 + 16.0 * 1.5) / 255.0);
}

#[test]
fn multiple_of_pads_by_mirroring() {
    let onnx = kit::Onnx::new("sum")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .int64s("axes", &[1, 2, 3])
        .node("ReduceSum", &["x", "axes"], &["y"], [kit::Attribute::int("keepdims", 0)])
        .contract(&mean_contract("multiple-of = 8"));
    near(raw(&onnx, flat(13, 5, [255, 255, 255])), 3.0 * 16.0 * 8.0);
}

/// Five crops: the center is half white, three corners are black, one is white.
#[test]
fn crops_are_averaged_for_every_layout_of_the_graph() {
    let geometry = "crop = [20, 20]\ncrops = 5";
    let frame = || {
        gray(100, 60, |x, y| {
            let white = (x >= 50 && (20..40).contains(&y)) || (x >= 80 && y >= 40);
            if white { 255 } else { 0 }
        })
    };
    let expected = (0.5 + 1.0) / 5.0;
    for dims in ["N 3 H W", "N 3 20 20", "1 3 20 20", "5 3 20 20", "3 3 20 20", "7 3 H W"] {
        let onnx = kit::mean_graph(Element::Float, dims).contract(&mean_contract(geometry));
        near(raw(&onnx, frame()), expected);
    }
    for dims in ["N 5 3 20 20", "N K 3 H W", "1 5 3 20 20"] {
        let onnx =
            kit::mean_graph(Element::Float, dims).contract(&mean_contract(&format!("{geometry}\ncrops-axis = 1")));
        near(raw(&onnx, frame()), expected);
    }
}

#[test]
fn tiles_over_the_whole_picture() {
    let onnx = kit::mean_graph(Element::Float, "N 3 16 16")
        .contract(&mean_contract("crop = [16, 16]\ncrops = \"all\"\nstride = [16, 16]"));
    near(raw(&onnx, halves(64, 32)), 0.5);
    near(raw(&onnx, halves(96, 16)), 0.5);
}

#[test]
fn random_crops_stay_in_place() {
    let geometry = |seed: u32| format!("crop = [8, 8]\ncrops = 3\nsampling = \"random\"\nseed = {seed}");
    let frame = || gray(120, 90, |x, y| (x * 2).min(255) as u8 ^ (y as u8));
    let first = kit::mean_graph(Element::Float, "N 3 H W").contract(&mean_contract(&geometry(1)));
    let second = kit::mean_graph(Element::Float, "N 3 H W").contract(&mean_contract(&geometry(2)));
    assert_eq!(raw(&first, frame()), raw(&first, frame()));
    assert_ne!(raw(&first, frame()), raw(&second, frame()));
}

#[test]
fn frames_smaller_than_the_crop() {
    for small in ["upscale", "mirror"] {
        let onnx = kit::mean_graph(Element::Float, "N 3 32 32")
            .contract(&mean_contract(&format!("crop = [32, 32]\nsmall = \"{small}\"")));
        near(raw(&onnx, flat(7, 5, [51, 51, 51])), 0.2);
        near(raw(&onnx, flat(1, 1, [51, 51, 51])), 0.2);
    }
}

#[test]
fn a_distribution_and_logits() {
    let m = 0.4_f64;
    let contract = |lines: &str| kit::NR_CONTRACT.replace("tensor = \"y\"", lines);
    let onnx = kit::distribution_graph().contract(&contract("tensor = \"y\"\ndistribution = [1, 5]"));
    near(raw(&onnx, flat(8, 8, [51, 102, 153])), (1.0 - m) + 5.0 * m);
    let onnx =
        kit::distribution_graph().contract(&contract("tensor = \"logits\"\ndistribution = [1, 5]\nsoftmax = true"));
    near(raw(&onnx, flat(8, 8, [51, 102, 153])), (1.0 + 5.0 * m.exp()) / (1.0 + m.exp()));
    // Logits used as a distribution do not sum to 1.
    let onnx = kit::distribution_graph().contract(&contract("tensor = \"logits\"\ndistribution = [1, 5]"));
    let dir = kit::TempDir::new();
    let error = scorer(&onnx.write(dir.path(), "m")).score_frame(flat(8, 8, [51; 3]), None).unwrap_err();
    assert!(matches!(&error, ScoreError::Output { tensor, .. } if tensor == "logits"), "{error}");
}

#[test]
fn one_number_out_of_several_of_any_type() {
    let output = |lines: &str| kit::NR_CONTRACT.replace("worst = 0.0\nbest = 1.0", lines);
    let contract = |index: usize| output(&format!("worst = 0.0\nbest = 100.0\nindex = {index}"));
    // 20.39, 80.39 and 60.39 of 100; integers are truncated.
    let pixel = [52, 205, 154];
    for (element, first) in [
        (Element::Float, 52.0 / 2.55),
        (Element::Double, 52.0 / 2.55),
        (Element::Float16, 20.390625),
        // 8 bits of mantissa.
        (Element::Bfloat16, 20.375),
        (Element::Int8, 20.0),
        (Element::Int16, 20.0),
        (Element::Int32, 20.0),
        (Element::Int64, 20.0),
        (Element::Uint8, 20.0),
        (Element::Uint16, 20.0),
        (Element::Uint32, 20.0),
        (Element::Uint64, 20.0),
    ] {
        let found = raw(&kit::percent_graph(element).contract(&contract(0)), flat(4, 4, pixel));
        assert!((found - first).abs() < 1e-4, "{element:?}: {found}");
    }

    let whole = |index| raw(&kit::percent_graph(Element::Int64).contract(&contract(index)), flat(4, 4, pixel));
    assert_eq!([whole(1), whole(2)], [80.0, 60.0]);
    // The mean over crops, whether in the batch or in their own dimension.
    let crops = |axis: u8| {
        output("worst = 0.0\nbest = 1.0\nindex = 2")
            + &format!("[geometry]\ncrop = [2, 2]\ncrops = 5\ncrops-axis = {axis}\n")
    };
    for onnx in [
        kit::outputs_graph().contract(&crops(0).replace("\"y\"", "\"channels\"")),
        kit::stacked_graph().contract(&crops(1)),
    ] {
        near(raw(&onnx, flat(8, 8, pixel)), 154.0 / 255.0);
    }
}

#[test]
fn a_curve() {
    let contract =
        kit::NR_CONTRACT.replace("worst = 0.0\nbest = 1.0", "curve = [[0.0, 100.0], [0.5, 80.0], [0.7, 0.0]]");
    let dir = kit::TempDir::new();
    let scorer = scorer(&kit::mean_model_with(dir.path(), "curve", &contract));
    for (gray, score) in [(0, 100.0), (51, 92.0), (153, 40.0), (204, 0.0), (255, 0.0)] {
        near(scorer.score_frame(flat(4, 4, [gray; 3]), None).unwrap().score, score);
    }
}

#[test]
fn attributes_and_a_map() {
    let lines = "worst = 0.0\nbest = 1.0\nmap = { tensor = \"map\", worst = 0.0, best = 1.0 }\n\
                 attributes = { tensor = \"channels\", names = [\"red\", \"green\", \"blue\"], worst = 1.0, best = 0.5 }";
    let contract = kit::NR_CONTRACT.replace("worst = 0.0\nbest = 1.0", lines);
    let dir = kit::TempDir::new();
    let whole = scorer(&kit::outputs_graph().contract(&contract).write(dir.path(), "whole"));
    let score = whole.score_frame(flat(8, 6, [51, 204, 153]), None).unwrap();
    let names: Vec<_> = score.attributes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["red", "green", "blue"]);
    near(score.attributes[0].1, 100.0);
    near(score.attributes[1].1, 40.0);
    near(score.attributes[2].1, 80.0);
    let map = score.map.unwrap();
    assert_eq!((map.width, map.height), (4, 3));
    // (0.2 + 0.8 + 0.6) / 3 × 255
    assert_eq!(map.data, vec![136; 12]);

    // Tiles of 4×4 with maps of 2×2, combined: one quadrant per value.
    let contract =
        contract.replace("[output]", "[geometry]\ncrop = [4, 4]\ncrops = \"all\"\nstride = [4, 4]\n[output]");
    let tiles = scorer(&kit::outputs_graph().contract(&contract).write(dir.path(), "tiles"));
    let values = [0, 50, 100, 200];
    let frame = gray(8, 8, |x, y| values[(x / 4 + y / 4 * 2) as usize]);
    let map = tiles.score_frame(frame, None).unwrap().map.unwrap();
    assert_eq!((map.width, map.height), (4, 4));
    #[rustfmt::skip]
    assert_eq!(map.data, [
        0, 0, 50, 50,
        0, 0, 50, 50,
        100, 100, 200, 200,
        100, 100, 200, 200,
    ]);

    // A single center crop: the rest has the mean.
    let contract = contract.replace("crops = \"all\"\nstride = [4, 4]", "crops = 1");
    let center = scorer(&kit::outputs_graph().contract(&contract).write(dir.path(), "centre"));
    let map = center.score_frame(gray(8, 8, |x, _| if x < 4 { 0 } else { 200 }), None).unwrap().map.unwrap();
    #[rustfmt::skip]
    assert_eq!(map.data, [
        100, 100, 100, 100,
        100, 0, 200, 100,
        100, 0, 200, 100,
        100, 100, 100, 100,
    ]);
}

#[test]
fn constants_are_fed() {
    let onnx = |dims: &str, element: Element| {
        kit::Onnx::new("gain")
            .input("x", Element::Float, "N 3 H W")
            .input("gain", element, dims)
            .output("y", Element::Float, "N")
            .node("Cast", &["gain"], &["g"], [kit::Attribute::int("to", Element::Float as i64)])
            .node(
                "ReduceMean",
                &["x"],
                &["m"],
                [kit::Attribute::ints("axes", &[1, 2, 3]), kit::Attribute::int("keepdims", 0)],
            )
            .node("Mul", &["m", "g"], &["y"], [])
    };
    let contract = kit::NR_CONTRACT.to_owned() + "[[constant]]\ntensor = \"gain\"\nvalue = [3]\n";
    let elements = [Element::Float, Element::Float16, Element::Double, Element::Int64, Element::Int32, Element::Uint8];
    // One value, one value per picture (the dimension has the batch's name), a scalar.
    for dims in ["1", "N", ""] {
        for element in elements {
            near(raw(&onnx(dims, element).contract(&contract), flat(4, 4, [51; 3])), 0.6);
        }
    }
}

/// The numbers are those of the frame, not of the picture that the model gets.
#[test]
fn an_input_with_the_size_of_the_frame() {
    let contract = |geometry: &str, sides: &str| {
        mean_contract(geometry) + &format!("[[constant]]\ntensor = \"size\"\nframe = [{sides}]\n")
    };
    let both = contract("resize = 4", "\"width\", \"height\"");
    for element in [Element::Float, Element::Double, Element::Int64, Element::Int32] {
        for dims in ["2", "N 2", "1 2", "K"] {
            let onnx = kit::sized_graph(element, dims).contract(&both);
            near(raw(&onnx, flat(30, 20, [51; 3])), 0.2 + 30.0 + 0.02);
        }
    }
    let turned = contract("resize = 4", "\"height\", \"width\"");
    near(raw(&kit::sized_graph(Element::Float, "N 2").contract(&turned), flat(30, 20, [51; 3])), 0.2 + 20.0 + 0.03);
    // The same for each crop, whether they run together or not.
    let crops = contract("crop = 4\ncrops = 5", "\"width\", \"height\"");
    for dims in ["2", "N 2"] {
        near(raw(&kit::sized_graph(Element::Float, dims).contract(&crops), flat(30, 20, [51; 3])), 0.2 + 30.0 + 0.02);
    }
    // With a reference it is the distorted frame's size.
    let dir = kit::TempDir::new();
    let onnx = kit::sized_graph(Element::Float, "N 2")
        .input("ref", Element::Float, "N 3 h w")
        .output("r", Element::Float, "N")
        .node(
            "ReduceMean",
            &["ref"],
            &["r"],
            [kit::Attribute::ints("axes", &[1, 2, 3]), kit::Attribute::int("keepdims", 0)],
        );
    let inputs = "[[input]]\ntensor = \"ref\"\nrole = \"reference\"\n[[input]]\ntensor = \"x\"\nrole = \"distorted\"";
    let contract = both.replace("no-reference", "full-reference").replace("[[input]]\ntensor = \"x\"", inputs);
    let compared = scorer(&onnx.contract(&contract).write(dir.path(), "compared"));
    near(compared.score_frame(flat(30, 20, [51; 3]), Some(flat(9, 8, [0; 3]))).unwrap().raw, 0.2 + 30.0 + 0.02);
}

#[test]
fn full_reference() {
    let dir = kit::TempDir::new();
    let plain = scorer(&kit::difference_model(dir.path(), "difference"));
    let score = plain.score_frame(flat(9, 7, [51, 102, 153]), Some(flat(9, 7, [102, 102, 102]))).unwrap();
    near(score.raw, 0.4 / 3.0);
    near(score.score, 100.0 - 40.0 / 3.0);
    let error = plain.score_frame(flat(9, 7, [0; 3]), None).unwrap_err();
    assert!(matches!(&error, ScoreError::Reference(text) if text.contains("needs a reference")), "{error}");
    let error = plain.score_frame(flat(9, 7, [0; 3]), Some(flat(9, 8, [0; 3]))).unwrap_err();
    assert!(matches!(&error, ScoreError::Reference(text) if text.contains("9×8")), "{error}");

    // Crops are at the same positions in both, so equal pictures do not differ, wherever random crops lie.
    let geometry = "[geometry]\ncrop = [8, 8]\ncrops = 4\nsampling = \"random\"\n[output]";
    let contract = kit::FR_CONTRACT.replace("[output]", geometry);
    let crops = scorer(&kit::difference_graph().contract(&contract).write(dir.path(), "crops"));
    let noise = || gray(97, 61, |x, y| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) as u8);
    near(crops.score_frame(noise(), Some(noise())).unwrap().raw, 0.0);

    // A model that resizes accepts pictures of different sizes.
    let contract = kit::FR_CONTRACT.replace("[output]", "[geometry]\nresize = [16, 16]\n[output]");
    let resized = scorer(&kit::difference_graph().contract(&contract).write(dir.path(), "resized"));
    near(resized.score_frame(flat(64, 48, [51; 3]), Some(flat(31, 17, [102; 3]))).unwrap().raw, 0.2);

    let no_reference = scorer(&kit::mean_model(dir.path(), "mean"));
    let error = no_reference.score_frame(flat(9, 7, [0; 3]), Some(flat(9, 7, [0; 3]))).unwrap_err();
    assert!(matches!(&error, ScoreError::Reference(text) if text.contains("takes no reference")), "{error}");
}

/// Two scales of one picture: a repeated role, with a geometry per input.
#[test]
fn a_role_may_repeat() {
    let contract = r#"
contract = 1
name = "scales"
kind = "no-reference"
[[input]]
tensor = "large"
[[input]]
tensor = "small"
geometry = { resize = [4, 4] }
[output]
tensor = "y"
worst = 0.0
best = 100.0
"#;
    let sum = |onnx: kit::Onnx, from: &str, to: &str| {
        onnx.node("ReduceSum", &[from, "axes"], &[to], [kit::Attribute::int("keepdims", 0)])
    };
    let onnx = kit::Onnx::new("scales")
        .input("large", Element::Float, "N 3 H W")
        .input("small", Element::Float, "N 3 4 4")
        .output("y", Element::Float, "N")
        .int64s("axes", &[1, 2, 3]);
    let onnx = sum(sum(onnx, "large", "a"), "small", "b").node("Sub", &["a", "b"], &["y"], []).contract(contract);
    near(raw(&onnx, flat(8, 8, [255; 3])), 3.0 * 64.0 - 3.0 * 16.0);
}

#[test]
fn nan_is_an_error() {
    let dir = kit::TempDir::new();
    let error = scorer(&kit::nan_model(dir.path(), "nan")).score_frame(flat(4, 4, [9; 3]), None).unwrap_err();
    assert!(matches!(&error, ScoreError::NotFinite { tensor, value } if tensor == "y" && value.is_nan()), "{error}");
}

/// A batch and a map that no memory holds, and a number beyond all: what a file says is not believed.
#[test]
fn what_is_too_large_is_an_error() {
    let dir = kit::TempDir::new();
    let error = |onnx: kit::Onnx, name: &str| {
        scorer(&onnx.write(dir.path(), name)).score_frame(flat(8, 8, [51; 3]), None).unwrap_err()
    };
    let batch = kit::mean_graph(Element::Float, "4294967296 3 8 8").contract(&mean_contract("resize = 8"));
    let error_of_batch = error(batch, "batch");
    assert!(matches!(&error_of_batch, ScoreError::Run(text) if text.contains("4294967296")), "{error_of_batch}");

    let map = kit::Onnx::new("map")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .output("map", Element::Float, "N 1 h w")
        .int64s("large", &[1, 1, 1024, 1024])
        .node(
            "ReduceMean",
            &["x"],
            &["y"],
            [kit::Attribute::ints("axes", &[1, 2, 3]), kit::Attribute::int("keepdims", 0)],
        )
        .node("ReduceMean", &["x"], &["gray"], [kit::Attribute::ints("axes", &[1]), kit::Attribute::int("keepdims", 1)])
        .node("Expand", &["gray", "large"], &["map"], []);
    let contract = mean_contract("resize = [65536, 65536]\ncrop = [1, 1]");
    let lines = "best = 1.0\nmap = { tensor = \"map\", worst = 0.0, best = 1.0 }";
    let error_of_map = error(map.contract(&contract.replace("best = 1.0", lines)), "map");
    assert!(matches!(&error_of_map, ScoreError::Output { tensor, .. } if tensor == "map"), "{error_of_map}");

    let contract = kit::NR_CONTRACT.replace("tensor = \"x\"", "tensor = \"x\"\nstd = -0.5");
    let contract = contract.replace("tensor = \"y\"", "tensor = \"y\"\ndistribution = [1.7e308, 0]");
    let error_of_bins = error(kit::distribution_graph().contract(&contract), "bins");
    assert!(matches!(&error_of_bins, ScoreError::NotFinite { tensor, .. } if tensor == "y"), "{error_of_bins}");
}

#[test]
fn the_error_of_a_failing_model_has_the_cause() {
    let dir = kit::TempDir::new();
    let scorer = scorer(&kit::failing_model(dir.path(), "failing"));
    let error = scorer.score_frame(flat(4, 4, [9; 3]), None).unwrap_err();
    assert!(matches!(&error, ScoreError::Run(text) if text.contains("Reshape")), "{error}");
    // The scorer keeps answering.
    assert!(scorer.score_frame(flat(5, 5, [9; 3]), None).is_err());
}

#[test]
fn a_sidecar_takes_precedence() {
    let dir = kit::TempDir::new();
    let path = kit::mean_model(dir.path(), "mean");
    assert_eq!(open(&path).contract().name, "mean");
    let other = kit::NR_CONTRACT.replace("name = \"mean\"", "name = \"sidecar\"").replace("best = 1.0", "best = 2.0");
    std::fs::write(dir.path().join("mean.toml"), &other).unwrap();
    let model = open(&path);
    assert_eq!(model.contract(), &Contract::parse(&other).unwrap());
    near(Scorer::with_queue(model, 1, 1).score_frame(flat(4, 4, [255; 3]), None).unwrap().score, 50.0);
}

#[test]
fn pictures_are_scored_in_place() {
    let dir = kit::TempDir::new();
    let (a, b) = (flat(9, 7, [51, 102, 153]), flat(9, 7, [102; 3]));
    let (a, b) = (a.picture().unwrap(), b.picture().unwrap());
    let single = Scorer::new(open(&kit::mean_model(dir.path(), "mean")));
    near(single.score(&a).unwrap().raw, 0.4);
    let part = a.crop(Rect { x: 1, y: 2, width: 3, height: 4 }).unwrap();
    near(single.score(&part).unwrap().raw, 0.4);
    assert!(matches!(single.score_pair(&b, &a), Err(ScoreError::Reference(_))));
    let pair = Scorer::new(open(&kit::difference_model(dir.path(), "difference")));
    near(pair.score_pair(&b, &a).unwrap().raw, 0.4 / 3.0);
    assert!(matches!(pair.score(&a), Err(ScoreError::Reference(_))));
}

#[test]
fn threads_are_an_option() {
    let dir = kit::TempDir::new();
    let path = kit::mean_model(dir.path(), "mean");
    for threads in [0, 1, 2] {
        let scorer = Scorer::with_queue(open_with(&path, threads), 1, 1);
        near(scorer.score_frame(flat(4, 4, [255; 3]), None).unwrap().raw, 1.0);
    }
}
