// SPDX-License-Identifier: MPL-2.0

//! Invalid contracts, and their error messages.

use onnx_iqa::model::contract::{
    Contract, Crops, Filter, FrameSide, Geometry, Kind, Letterbox, LetterboxAt, Pooling, Resize, Rounding, Sampling,
    Sizes,
};
use onnx_iqa::model::{ContractError, Dim, GraphInfo, Model, ModelError, Provider, TensorInfo};
use onnx_iqa_testkit::{self as kit, Element};
use ort::value::TensorElementType::Float32;

/// A valid contract for `mean_graph`.
fn good() -> String {
    kit::NR_CONTRACT.to_owned()
}

/// `good` with `old` replaced by `new`.
fn with(old: &str, new: &str) -> String {
    let text = good();
    assert!(text.contains(old), "{old}");
    text.replace(old, new)
}

/// `good` with a geometry before its output.
fn geometry(lines: &str) -> String {
    with("[output]", &format!("[geometry]\n{lines}\n[output]"))
}

/// `good` with an output of these lines.
fn output(lines: &str) -> String {
    with("worst = 0.0\nbest = 1.0", lines)
}

/// `good` with these tables of attributes.
fn tables(tables: &[&str]) -> String {
    let tables: Vec<_> = tables.iter().map(|table| format!("{{ {table} }}")).collect();
    output(&format!("worst = 0\nbest = 1\nattributes = [\n{}\n]\n", tables.join(",\n")))
}

/// `good` with a geometry and this pooling.
fn pool(lines: &str, pool: &str) -> String {
    geometry(lines).replace("best = 1.0", &format!("best = 1.0\npool = {pool}"))
}

/// Contracts that are invalid by themselves, and words that the error must contain.
fn wrong() -> Vec<(String, &'static [&'static str])> {
    let fr = |role_a: &str, role_b: &str| {
        kit::FR_CONTRACT.replace("\"reference\"\n[[", &format!("\"{role_a}\"\n[[")).replace("\"distorted\"", role_b)
    };
    vec![
        ("not toml [".into(), &["line 1"]),
        (with("contract = 1", "contract = 2"), &["`contract`", "is 2", "version 1", "line 2"]),
        (with("contract = 1\n", ""), &["missing field `contract`"]),
        (with("name = \"mean\"\n", ""), &["missing field `name`"]),
        (with("name = \"mean\"", "name = \" \""), &["`name` is empty"]),
        (with("no-reference", "some-reference"), &["some-reference", "no-reference", "full-reference", "line 4"]),
        (with("worst", "wurst"), &["unknown field `wurst`", "line 9"]),
        (with("name", "nam"), &["unknown field `nam`", "line 3"]),
        (with("[[input]]\ntensor = \"x\"", ""), &["`input` is missing", "[[input]]"]),
        (with("\"x\"", "\"x\"\nrole = \"reference\""), &["input[0].role", "no-reference", "line 7"]),
        (with("\"x\"", "\"x\"\nmean = [0.5]"), &["input[0].mean", "1 values", "3 channels"]),
        (with("\"x\"", "\"x\"\nchannels = \"luma\"\nstd = [1, 1, 1]"), &["input[0].std", "3 values", "1 channels"]),
        (with("\"x\"", "\"x\"\nstd = [1, 0, 1]"), &["input[0].std", "0"]),
        (with("\"x\"", "\"x\"\nmean = [nan, 0, 0]"), &["input[0].mean", "finite"]),
        (with("\"x\"", "\"x\"\nlayout = \"chw\""), &["chw", "nchw", "nhwc"]),
        (with("[output]", "[[input]]\ntensor = \"x\"\n[output]"), &["input[1].tensor", "\"x\" a second time"]),
        (fr("reference", "\"reference\""), &["`input`", "none with role \"distorted\""]),
        (kit::FR_CONTRACT.replace("role = \"distorted\"\n", ""), &["input[1].role", "missing"]),
        (kit::RR_CONTRACT.replace("role = \"distorted\"\n", ""), &["input[1].role", "missing"]),
        (kit::RR_CONTRACT.replace("\"distorted\"", "\"reference\""), &["none with role", "\"reduced-reference\""]),
        (geometry("short-side = 0"), &["geometry.short-side", "is 0"]),
        (geometry("short-side = 5\nresize = [5, 5]"), &["geometry.short-side", "exclude"]),
        (geometry("resize = [0, 5]"), &["geometry.resize", "[0, 5]", "65536"]),
        (geometry("filter = \"bicubic\""), &["geometry.filter", "no effect"]),
        (geometry("round = true"), &["geometry.round", "no effect"]),
        (geometry("resize = [8, 8]\nfilter = \"mitchell\""), &["mitchell", "lanczos"]),
        (geometry("resize = [8, 8]\nfilter = \"lanczos\"\nantialias = false"), &["geometry.antialias", "lanczos"]),
        (geometry("long-side = 0"), &["geometry.long-side", "is 0"]),
        (geometry("short-side = 5\nlong-side = 5"), &["geometry.short-side", "`long-side`", "exclude"]),
        (geometry("resize = 0"), &["geometry.resize", "[0, 0]"]),
        (geometry("resize = \"large\""), &["sides are a whole number of pixels"]),
        (geometry("resize = 8\ncrop = [4, 4]"), &["geometry.resize", "short-side = 8", "resize = [8, 8]"]),
        (geometry("letterbox = { size = [0, 4] }"), &["geometry.letterbox.size", "[0, 4]"]),
        (geometry("letterbox = { size = 4, colour = [114, 114, 114] }"), &["letterbox.colour", "114", "0.447"]),
        (geometry("letterbox = { size = 4, at = \"left\" }"), &["left", "centre", "top-left"]),
        (geometry("letterbox = { size = 4, shade = 3 }"), &["unknown field `shade`"]),
        (geometry("letterbox = { size = 4 }\nresize = 4"), &["geometry.letterbox", "`resize`", "exclude"]),
        (geometry("letterbox = { size = 4 }\ncrop = [4, 4]"), &["geometry.letterbox", "`crop`", "exclude"]),
        (
            geometry("letterbox = { size = 4 }") + "map = { tensor = \"m\", worst = 0, best = 1 }",
            &["output.map", "letterbox"],
        ),
        (with("\"x\"", "\"x\"\nmean = [123.675, 116.28, 103.53]"), &["input[0].mean", "123.675", "by 255", "1/255"]),
        (with("\"x\"", "\"x\"\nmean = 127.5"), &["input[0].mean", "127.5", "by 255"]),
        (with("\"x\"", "\"x\"\nstd = 255"), &["input[0].std", "255", "by 255"]),
        (with("\"x\"", "\"x\"\nmean = \"half\""), &["`mean` and `std` are a number, or a list"]),
        (output("worst = 0\nbest = 1\nindex = -1"), &["-1", "line 11"]),
        (output("worst = 0\nbest = 1\nindex = 1\ndistribution = [1, 2]"), &["output.index", "exclude"]),
        (geometry("resize = [8, 8]\nfilter = \"nearest\"\nantialias = true"), &["geometry.antialias", "nearest"]),
        (geometry("crops = 5"), &["geometry.crops", "without `crop`"]),
        (geometry("small = \"mirror\""), &["geometry.small", "without `crop`"]),
        (geometry("crops-axis = 1"), &["geometry.crops-axis", "without `crop`"]),
        (geometry("crop = [8, 8]\ncrops = 0"), &["geometry.crops", "is 0"]),
        (geometry("crop = [8, 8]\ncrops = \"some\""), &["`crops` is a number or \"all\""]),
        (geometry("crop = [8, 8]\ncrops = \"all\""), &["geometry.crops", "stride"]),
        (geometry("crop = [8, 8]\nstride = [4, 4]"), &["geometry.stride", "without"]),
        (geometry("crop = [8, 8]\ncrops = \"all\"\nstride = [0, 4]"), &["geometry.stride", "[0, 4]"]),
        (
            geometry("crop = [8, 8]\ncrops = \"all\"\nstride = [4, 4]\nsampling = \"grid\""),
            &["geometry.sampling", "all"],
        ),
        (geometry("crop = [8, 8]\ncrops = 2\nsampling = \"centre\""), &["geometry.sampling", "one crop"]),
        (geometry("crop = [8, 8]\nseed = 3"), &["geometry.seed", "random"]),
        (with("name", "sizes = \"own\"\nname"), &["`sizes` has no effect", "\"no-reference\"", "line 3"]),
        (
            kit::RR_CONTRACT.replace("name", "sizes = \"own\"\nname"),
            &["`sizes` has no effect", "\"reduced-reference\""],
        ),
        (kit::FR_CONTRACT.replace("name", "sizes = \"any\"\nname"), &["any", "equal", "own"]),
        (
            kit::FR_CONTRACT
                .replace("name", "sizes = \"own\"\nname")
                .replace("[output]", "[geometry]\nresize = 8\n[output]"),
            &["`sizes` has no effect", "`resize`"],
        ),
        (geometry("scale = 0"), &["geometry.scale", "is 0", "above 0", "line 8"]),
        (geometry("scale = -0.5"), &["geometry.scale", "is -0.5"]),
        (geometry("scale = nan"), &["geometry.scale", "is NaN"]),
        (geometry("scale = 16.5"), &["geometry.scale", "is 16.5", "at most 16"]),
        (geometry("scale = 1"), &["geometry.scale", "no effect"]),
        (geometry("scale = 0.5\nresize = 8"), &["geometry.scale", "`resize`", "exclude"]),
        (geometry("long-side = 8\nscale = 0.5"), &["geometry.long-side", "`scale`", "exclude"]),
        (geometry("scale = \"half\""), &["half", "line 8"]),
        (geometry("rounding = \"down\""), &["geometry.rounding", "no effect"]),
        (geometry("resize = 8\nrounding = \"down\""), &["geometry.rounding", "no effect", "short-side"]),
        (geometry("short-side = 8\nrounding = \"up\""), &["up", "nearest", "down"]),
        (geometry("sampling = \"steps\""), &["geometry.sampling", "without `crop`"]),
        (
            geometry("crop = [8, 8]\ncrops = \"all\"\nstride = [4, 4]\nsampling = \"steps\""),
            &["geometry.sampling", "all"],
        ),
        (geometry("crop = [8, 8]\nsampling = \"steps\"\nseed = 3"), &["geometry.seed", "random"]),
        (geometry("crop = [8, 8]\ncrops-axis = 2"), &["geometry.crops-axis", "is 2"]),
        (geometry("crop = [8, 8]\nmultiple-of = 4"), &["geometry.multiple-of", "exclude"]),
        (geometry("multiple-of = 0"), &["geometry.multiple-of", "is 0", "line 8"]),
        (output("worst = 0.0"), &["`output`", "not `best`"]),
        (output("best = 0.0"), &["`output`", "not `worst`"]),
        (output(""), &["`output`", "neither"]),
        (output("worst = 1\nbest = 1"), &["output.worst", "both 1", "line 9"]),
        (output("worst = inf\nbest = 1"), &["output.worst", "finite"]),
        (output("worst = -1e308\nbest = 1e308"), &["output.worst", "too far apart"]),
        (output("curve = [[-1e308, 0], [1e308, 100]]"), &["output.curve", "too far apart"]),
        (output("worst = 0\nbest = 1\ncurve = [[0, 0], [1, 100]]"), &["output.curve", "exclude"]),
        (output("curve = [[0, 0]]"), &["output.curve", "1 points"]),
        (output("curve = [[0, 0], [0, 100]]"), &["output.curve", "ascend"]),
        (output("curve = [[0, 0], [1, 50], [2, 40]]"), &["output.curve", "monotone"]),
        (output("curve = [[0, 7], [1, 7]]"), &["output.curve", "same score"]),
        (output("curve = [[0, 0], [1, 101]]"), &["output.curve", "101"]),
        (output("worst = 0\nbest = 1\ndistribution = [1]"), &["output.distribution", "1 values"]),
        (output("worst = 0\nbest = 1\nsoftmax = true"), &["output.softmax", "distribution"]),
        (output("worst = 0\nbest = 1\nmap = { tensor = \"m\", worst = 1, best = 1 }"), &["output.map.worst", "both 1"]),
        (
            output("worst = 0\nbest = 1\nattributes = { tensor = \"a\", names = [], worst = 0, best = 1 }"),
            &["output.attributes.names", "empty"],
        ),
        (
            output("worst = 0\nbest = 1\nattributes = { tensor = \"a\", names = [\"a\", \"a\"], worst = 0, best = 1 }"),
            &["output.attributes.names", "\"a\" twice"],
        ),
        (
            output("worst = 0\nbest = 1\nattributes = { tensor = \"a\", names = [\"a b\"], worst = 0, best = 1 }"),
            &["output.attributes.names", "\"a b\""],
        ),
        (tables(&[]), &["`output.attributes` is empty"]),
        (tables(&["tensor = \"a\", names = [\"a\"], worst = 0, best = 1, wurst = 0"]), &["unknown field `wurst`"]),
        (tables(&["tensor = \"a\", names = [\"a\"], worst = 0"]), &["missing field `best`"]),
        (output("worst = 0\nbest = 1\nattributes = \"a\""), &["a table with `tensor`", "list"]),
        (
            tables(&[
                "tensor = \"a\", names = [\"a\"], worst = 0, best = 1",
                "tensor = \"b\", names = [], worst = 0, best = 1",
            ]),
            &["output.attributes[1].names", "empty", "line 13"],
        ),
        (
            tables(&[
                "tensor = \"a\", names = [\"a\"], worst = 0, best = 1",
                "tensor = \"b\", names = [\"b\"], worst = 1, best = 1",
            ]),
            &["output.attributes[1].worst", "both 1"],
        ),
        (
            tables(&[
                "tensor = \"a\", names = [\"a\"], worst = 0, best = 1",
                "tensor = \"a\", names = [\"b\"], worst = 0, best = 1",
            ]),
            &["output.attributes[1].tensor", "\"a\" a second time"],
        ),
        (
            tables(&[
                "tensor = \"a\", names = [\"a\"], worst = 0, best = 1",
                "tensor = \"b\", names = [\"c\", \"a\"], worst = 0, best = 1",
            ]),
            &["output.attributes[1].names", "\"a\"", "another table"],
        ),
        (
            tables(&["tensor = \"a\", names = [\"a\"], worst = 0, best = 1, softmax = true"]),
            &["output.attributes[0].softmax", "one number"],
        ),
        (output("worst = 0\nbest = 1\nspread = \"s\""), &["output.spread", "without `distribution`", "line 11"]),
        (output("worst = 0\nbest = 1\ndistribution = [1, 2]\nspread = \"s s\""), &["output.spread", "\"s s\""]),
        (output("worst = 0\nbest = 1\ndistribution = [2, 2]\nspread = \"s\""), &["output.spread", "always 0"]),
        (output("worst = 0\nbest = 1\ndistribution = [-1e308, 1e308]\nspread = \"s\""), &["output.spread", "too far"]),
        (
            tables(&["tensor = \"a\", names = [\"a\"], worst = 0, best = 1"]) + "distribution = [1, 2]\nspread = \"a\"",
            &["output.spread", "\"a\"", "`attributes`"],
        ),
        (output("worst = 0\nbest = 1\npool = \"mean\""), &["output.pool", "no effect", "`crops`", "line 11"]),
        (pool("crop = 8", "\"min\""), &["output.pool", "no effect"]),
        (pool("crop = 8\ncrops = 5\ncrops-axis = 1", "\"min\""), &["output.pool", "crops-axis = 1"]),
        (pool("crop = 8\ncrops = 5", "\"mode\""), &["`pool` is \"mean\", \"median\"", "weights"]),
        (pool("crop = 8\ncrops = 5", "{ weight = \"w\" }"), &["`pool` is \"mean\", \"median\"", "weights"]),
        (pool("crop = 8\ncrops = 5", "{ weights = \"w\", by = 1 }"), &["`pool` is \"mean\", \"median\"", "weights"]),
        (pool("crop = 8\ncrops = 5", "{ weights = \"y\" }"), &["output.pool.weights", "\"y\""]),
        (good() + "[[constant]]\ntensor = \"c\"\n", &["`constant[0]`", "neither `value`", "`frame`"]),
        (
            good() + "[[constant]]\ntensor = \"c\"\nvalue = [1]\nframe = [\"width\"]\n",
            &["constant[0].value", "`frame`", "exclude"],
        ),
        (good() + "[[constant]]\ntensor = \"c\"\nframe = []\n", &["constant[0].frame", "empty"]),
        (good() + "[[constant]]\ntensor = \"c\"\nframe = [\"depth\"]\n", &["depth", "width", "height"]),
        (good() + "[[constant]]\ntensor = \"x\"\nvalue = [1]\n", &["constant[0].tensor", "[[input]]"]),
        (good() + "[[constant]]\ntensor = \"c\"\nvalue = []\n", &["constant[0].value", "empty"]),
        (
            good() + "[[constant]]\ntensor = \"c\"\nvalue = [1]\n[[constant]]\ntensor = \"c\"\nvalue = [1]\n",
            &["constant[1].tensor", "second time"],
        ),
        (
            with(
                "tensor = \"x\"",
                "tensor = \"x\"\n[[input]]\ntensor = \"z\"\ngeometry = { crop = [4, 4], crops = 2 }",
            ),
            &["input[1].geometry", "number of crops"],
        ),
    ]
}

#[test]
fn contracts_that_are_invalid_by_themselves() {
    Contract::parse(&good()).unwrap();
    Contract::parse(kit::FR_CONTRACT).unwrap();
    assert_eq!(Contract::parse(kit::RR_CONTRACT).unwrap().kind, Kind::ReducedReference);
    for (text, words) in wrong() {
        let error = match Contract::parse(&text) {
            Ok(contract) => panic!("this was accepted:\n{text}\n{contract:?}"),
            Err(error) => error.to_string(),
        };
        for word in words {
            assert!(error.contains(word), "no {word:?} in {error:?} for\n{text}");
        }
        assert!(!error.contains('\n'), "{error:?}");
    }
}

#[test]
fn the_example_of_the_interface_is_read() {
    let text = r#"
contract = 1
name = "lpips-alex"
kind = "full-reference"
licence = "BSD-2-Clause"

[[input]]
tensor = "ref"
role = "reference"
layout = "nchw"
channels = "rgb"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]

[[input]]
tensor = "dist"
role = "distorted"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]

[geometry]
short-side = 512
filter = "bicubic"
antialias = true
round = false
crop = [224, 224]
crops = 5
sampling = "random"
seed = 7
small = "upscale"
crops-axis = 0

[output]
tensor = "lpips"
curve = [[0.0, 100.0], [0.3, 50.0], [1.0, 0.0]]
map = { tensor = "ssim_map", worst = 0.0, best = 1.0 }
attributes = { tensor = "attributes", names = ["sharpness", "noise"], worst = 0.0, best = 1.0 }

[[constant]]
tensor = "fps"
value = [30.0]
"#;
    let contract = Contract::parse(text).unwrap();
    assert_eq!(contract.output.attribute_names().collect::<Vec<_>>(), ["sharpness", "noise"]);
    let geometry: &Geometry = &contract.inputs[1].geometry;
    assert_eq!(geometry.scale, Some(Resize::ShortSide(512)));
    assert_eq!((geometry.crop, geometry.crops), (Some([224, 224]), Crops::Count(5)));
    assert_eq!(geometry.sampling, Sampling::Random { seed: 7 });
    assert_eq!(contract.license.as_deref(), Some("BSD-2-Clause"));
    let curve = &contract.output.curve;
    for (raw, score) in [(-1.0, 100.0), (0.0, 100.0), (0.15, 75.0), (0.3, 50.0), (0.65, 25.0), (1.0, 0.0), (9.0, 0.0)] {
        assert!((curve.score(raw) - score).abs() < 1e-9, "{raw}: {}", curve.score(raw));
    }
}

#[test]
fn one_number_applies_to_all_channels_or_both_sides() {
    let input = |lines: &str| Contract::parse(&with("\"x\"", &format!("\"x\"\n{lines}"))).unwrap().inputs.remove(0);
    let scalar = input("mean = 0.5\nstd = 0.25");
    assert_eq!((scalar.mean, scalar.std), (vec![0.5; 3], vec![0.25; 3]));
    let luma = input("channels = \"luma\"\nmean = 1\nstd = 1");
    assert_eq!((luma.mean, luma.std), (vec![1.0], vec![1.0]));
    let geometry = |lines: &str| Contract::parse(&geometry(lines)).unwrap().inputs.remove(0).geometry;
    assert_eq!(geometry("resize = 224").scale, Some(Resize::Size([224, 224])));
    assert_eq!(geometry("resize = 224").fixed_size(), Some([224, 224]));
    assert_eq!(geometry("short-side = 256\ncrop = 224").crop, Some([224, 224]));
    assert_eq!(geometry("long-side = 640").scale, Some(Resize::LongSide(640)));
    assert_eq!(geometry("resize = 8\nfilter = \"lanczos\"").filter, Filter::Lanczos);
    assert_eq!(geometry("resize = 8").filter, Filter::Bilinear);
}

#[test]
fn keys_without_a_default_have_one_in_the_types() {
    let plain = Contract::parse(&good()).unwrap();
    assert_eq!(plain.sizes, Sizes::Equal);
    let own = kit::FR_CONTRACT.replace("name", "sizes = \"own\"\nname");
    assert_eq!(Contract::parse(&own).unwrap().sizes, Sizes::Own);
    assert_eq!((&plain.output.pooling, &plain.output.spread), (&Pooling::Mean, &None));
    assert_eq!(plain.output.attribute_names().next(), None);
    let geometry = |lines: &str| Contract::parse(&geometry(lines)).unwrap().inputs.remove(0).geometry;
    assert_eq!(
        (geometry("scale = 0.5").scale, geometry("scale = 2").scale),
        (Some(Resize::Factor(0.5)), Some(Resize::Factor(2.0)))
    );
    assert_eq!(geometry("scale = 0.5").fixed_size(), None);
    assert_eq!(geometry("scale = 0.5\ncrop = 8").fixed_size(), Some([8, 8]));
    assert_eq!(geometry("short-side = 8").rounding, Rounding::Nearest);
    assert_eq!(geometry("long-side = 8\nrounding = \"down\"").rounding, Rounding::Down);
    assert_eq!(geometry("crop = 8\ncrops = 20\nsampling = \"steps\"").sampling, Sampling::Steps);
    for (text, expected) in [
        ("\"mean\"", Pooling::Mean),
        ("\"median\"", Pooling::Median),
        ("\"min\"", Pooling::Min),
        ("\"max\"", Pooling::Max),
        ("{ weights = \"w\" }", Pooling::Weights("w".to_owned())),
    ] {
        assert_eq!(Contract::parse(&pool("crop = 8\ncrops = 5", text)).unwrap().output.pooling, expected);
    }
    let constant = "[[constant]]\ntensor = \"c\"\nframe = [\"height\", \"width\"]\n";
    let constant = Contract::parse(&(good() + constant)).unwrap().constants.remove(0);
    assert_eq!((constant.count(), constant.frame), (2, vec![FrameSide::Height, FrameSide::Width]));
    let spread = output("worst = 0\nbest = 1\ndistribution = [1, 10]\nspread = \"s\"");
    let spread = Contract::parse(&spread).unwrap().output.spread.unwrap();
    assert_eq!((spread.largest, spread.score(0.0), spread.score(2.25), spread.score(9.0)), (4.5, 0.0, 50.0, 100.0));
}

#[test]
fn a_letterbox_accepts_either_spelling() {
    let scale = |lines: &str| Contract::parse(&geometry(lines)).unwrap().inputs.remove(0).geometry.scale;
    let expected = |color, at| Some(Resize::Letterbox(Letterbox { size: [640, 320], color, at }));
    let gray = expected([0.5; 3], LetterboxAt::Center);
    assert_eq!(scale("letterbox = { size = [640, 320], colour = [0.5, 0.5, 0.5], at = \"centre\" }"), gray);
    assert_eq!(scale("letterbox = { size = [640, 320], color = [0.5, 0.5, 0.5], at = \"center\" }"), gray);
    assert_eq!(scale("letterbox = { size = [640, 320] }"), expected([0.0; 3], LetterboxAt::Center));
    let corner = scale("letterbox = { size = [640, 320], colour = [0, 0, 1], at = \"top-left\" }");
    assert_eq!(corner, expected([0.0, 0.0, 1.0], LetterboxAt::TopLeft));
    let centered = Contract::parse(&geometry("crop = [8, 8]\nsampling = \"center\"")).unwrap();
    assert_eq!(centered.inputs[0].geometry.sampling, Sampling::Center);
    assert_eq!(Contract::parse(&with("name", "license = \"MIT\"\nname")).unwrap().license.as_deref(), Some("MIT"));
}

fn open(onnx: &kit::Onnx) -> Result<(), ModelError> {
    let dir = kit::TempDir::new();
    let path = onnx.write(dir.path(), "model");
    Model::builder(path.to_string_lossy()).provider(Provider::Cpu).threads(1).open().map(drop)
}

#[track_caller]
fn refused(onnx: &kit::Onnx, words: &[&str]) {
    let error = match open(onnx) {
        Ok(()) => panic!("accepted; expected {words:?}"),
        Err(error) => kit::chain(&error),
    };
    for word in words {
        assert!(error.contains(word), "no {word:?} in {error:?}");
    }
}

#[test]
fn contracts_that_contradict_the_graph() {
    let plain = || kit::mean_graph(Element::Float, "N 3 H W");
    open(&plain().contract(&good())).unwrap_or_else(|error| panic!("{}", kit::chain(&error)));

    refused(&plain().contract(&with("\"x\"", "\"z\"")), &["input[0].tensor", "\"z\"", "\"x\"", "line 6"]);
    refused(&plain().contract(&with("\"y\"", "\"q\"")), &["output.tensor", "\"q\"", "\"y\""]);
    refused(&plain().contract(&with("\"x\"", "\"x\"\nchannels = \"luma\"")), &["input[0].channels", "1", "N×3×H×W"]);
    refused(
        &kit::mean_graph(Element::Float, "N 16 16 3").contract(&good()),
        &["input[0].channels", "N×16×16×3", "is the layout \"nhwc\"?"],
    );
    refused(&plain().contract(&with("\"x\"", "\"x\"\nlayout = \"nhwc\"")), &["nchw", "N×3×H×W"]);
    let fixed = || kit::mean_graph(Element::Float, "N 3 224 224");
    refused(&fixed().contract(&good()), &["input[0].geometry", "own size", "224", "`resize` or `crop`"]);
    refused(&fixed().contract(&geometry("resize = [224, 223]")), &["resize to 224×223", "height 224"]);
    refused(&fixed().contract(&geometry("crop = [200, 224]")), &["crop = [200, 224]", "width 224"]);
    open(&fixed().contract(&geometry("crop = [224, 224]"))).unwrap();
    open(&fixed().contract(&geometry("resize = [224, 224]"))).unwrap();

    // Frames in time, and five dimensions that are crops.
    let five = || kit::mean_graph(Element::Float, "N 8 3 H W");
    refused(&five().contract(&good()), &["\"x\"", "N×8×3×H×W", "frames in time", "not supported"]);
    refused(
        &five().contract(&geometry("crop = [4, 4]\ncrops = 5\ncrops-axis = 1")),
        &["input[0].geometry.crops", "says 5", "N×8×3×H×W"],
    );
    open(&five().contract(&geometry("crop = [4, 4]\ncrops = 8\ncrops-axis = 1"))).unwrap();
    refused(
        &plain().contract(&geometry("crop = [4, 4]\ncrops-axis = 1")),
        &["input[0].layout", "5 dimensions", "N×K×"],
    );

    // Types.
    refused(&kit::mean_graph(Element::Int32, "N 3 H W").contract(&good()), &["float32, float16 or uint8", "int32"]);
    let truths = kit::Onnx::new("int")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Bool, "N")
        .node(
            "ReduceMean",
            &["x"],
            &["m"],
            [kit::Attribute::ints("axes", &[1, 2, 3]), kit::Attribute::int("keepdims", 0)],
        )
        .node("Cast", &["m"], &["y"], [kit::Attribute::int("to", Element::Bool as i64)]);
    refused(&truths.contract(&good()), &["output.tensor", "float64", "bool"]);

    // Other inputs.
    let gain = || {
        plain().input("gain", Element::Float, "2").output("z", Element::Float, "2").node("Neg", &["gain"], &["z"], [])
    };
    refused(&gain().contract(&good()), &["an input \"gain\"", "nothing feeds", "[[constant]]"]);
    let constant = |lines: &str| gain().contract(&(good() + "[[constant]]\n" + lines));
    refused(&constant("tensor = \"gain\"\nvalue = [1, 2, 3]"), &["constant[0].value", "3 values", "shape 2"]);
    refused(&constant("tensor = \"gone\"\nvalue = [1, 2]"), &["constant[0].tensor", "\"gone\"", "\"gain\""]);
    open(&constant("tensor = \"gain\"\nvalue = [1, 2]")).unwrap();
    refused(&constant("tensor = \"gain\"\nframe = [\"width\"]"), &["constant[0].frame", "1 sides", "shape 2"]);
    open(&constant("tensor = \"gain\"\nframe = [\"width\", \"height\"]")).unwrap();
    let bytes = plain().input("gain", Element::Uint8, "2").output("z", Element::Uint8, "2");
    let bytes = bytes.node("Identity", &["gain"], &["z"], []);
    refused(
        &bytes.contract(&(good() + "[[constant]]\ntensor = \"gain\"\nframe = [\"width\", \"height\"]\n")),
        &["constant[0].frame", "int64", "uint8 there"],
    );

    // Outputs.
    let outputs = || kit::outputs_graph();
    refused(&outputs().contract(&with("\"y\"", "\"channels\"")), &["output.tensor", "one number", "3 numbers"]);
    refused(
        &outputs().contract(&with("tensor = \"y\"", "tensor = \"channels\"\ndistribution = [1, 2]")),
        &["output.distribution", "2 values", "3 numbers"],
    );
    let attributes = "attributes = { tensor = \"channels\", names = [\"r\", \"g\"], worst = 0, best = 1 }";
    refused(
        &outputs().contract(&output(&format!("worst = 0\nbest = 1\n{attributes}"))),
        &["output.attributes.names", "2 names", "3 numbers"],
    );
    let tables = |second: &str| {
        let first = "tensor = \"channels\", names = [\"r\", \"g\", \"b\"], worst = 0, best = 1";
        outputs().contract(&tables(&[first, second]))
    };
    refused(
        &tables("tensor = \"y\", names = [\"a\", \"c\"], worst = 0, best = 1"),
        &["output.attributes[1].names", "2 names", "1 numbers", "line 13"],
    );
    refused(
        &tables("tensor = \"z\", names = [\"a\"], worst = 0, best = 1"),
        &["output.attributes[1].tensor", "\"z\"", "\"channels\""],
    );
    open(&tables("tensor = \"y\", names = [\"a\"], worst = 0, best = 1")).unwrap();
    let weights =
        |tensor: &str| outputs().contract(&pool("crop = 8\ncrops = 5", &format!("{{ weights = \"{tensor}\" }}")));
    refused(&weights("channels"), &["output.pool.weights", "weight for each score (1 a picture)", "3 numbers"]);
    refused(&weights("w"), &["output.pool.weights", "\"w\"", "\"channels\""]);
    let channels = |lines: &str| outputs().contract(&output(lines).replace("tensor = \"y\"", "tensor = \"channels\""));
    refused(&channels("worst = 0\nbest = 1"), &["output.tensor", "3 numbers", "`index = 0`"]);
    refused(&channels("worst = 0\nbest = 1\nindex = 3"), &["output.index", "3, counted from 0", "3 numbers"]);
    open(&channels("worst = 0\nbest = 1\nindex = 2")).unwrap();
    refused(
        &outputs().contract(&output("worst = 0\nbest = 1\nmap = { tensor = \"y\", worst = 0, best = 1 }")),
        &["output.map.tensor", "a picture"],
    );
    refused(
        &outputs().contract(&output("worst = 0\nbest = 1\nmap = { tensor = \"n\", worst = 0, best = 1 }")),
        &["output.map.tensor", "\"n\"", "\"channels\""],
    );
}

/// A shape comes out of a file and can be anything; ONNX Runtime does not check it.
#[test]
fn shapes_that_no_memory_holds_fit_nothing() {
    let tensor = |name: &str, dims: Vec<Dim>| TensorInfo { name: name.to_owned(), element: Float32, dims: Some(dims) };
    let [free, three, huge] = [Dim::Any("N".to_owned()), Dim::Fixed(3), Dim::Fixed(usize::MAX)];
    let picture = tensor("x", vec![free.clone(), three, Dim::Any("H".to_owned()), Dim::Any("W".to_owned())]);
    let vast = || vec![free.clone(), huge.clone(), huge.clone()];
    let graph = GraphInfo { inputs: vec![picture.clone()], outputs: vec![tensor("y", vast())] };
    let error = Contract::for_graph(&good(), &graph).unwrap_err().to_string();
    assert!(error.contains("numbers a picture there"), "{error}");
    let (one, vast) = (tensor("y", vec![free.clone()]), tensor("c", vast()));
    let graph = GraphInfo { inputs: vec![picture, vast], outputs: vec![one] };
    let error = Contract::for_graph(&(good() + "[[constant]]\ntensor = \"c\"\nvalue = [1]"), &graph).unwrap_err();
    assert!(error.to_string().contains("constant[0].value"), "{error}");
}

#[test]
fn errors_can_be_distinguished() {
    let error = Contract::parse(&with("contract = 1", "contract = 3")).unwrap_err();
    assert!(matches!(&error, ContractError::Value { key, line: Some(2), .. } if key == "contract"), "{error:?}");
    let error = Contract::parse("contract = 1\n  nam = 2").unwrap_err();
    assert!(matches!(&error, ContractError::Syntax { line: 2, column: 3, .. }), "{error:?}");
}
