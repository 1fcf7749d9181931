// SPDX-License-Identifier: MPL-2.0

//! What a contract makes of a model's outputs: attributes of several of them, spreads, and crops that are pooled.

mod common;

use common::{flat, near, scorer};
use onnx_iqa::picture::OwnedFrame;
use onnx_iqa::scorer::{Score, ScoreError};
use onnx_iqa_testkit::{self as kit, Attribute, Element};

/// `NR_CONTRACT` whose output has these lines in addition.
fn output(lines: &str) -> String {
    kit::NR_CONTRACT.replace("best = 1.0", &format!("best = 1.0\n{lines}"))
}

/// The same with four crops, one after another along frames of 16×4.
fn four_crops(lines: &str) -> String {
    output(lines) + "[geometry]\ncrop = 4\ncrops = \"all\"\nstride = 4\n"
}

/// A frame of four squares of 4×4 pixels, each of one color.
fn squares(colors: [[u8; 3]; 4]) -> Box<OwnedFrame> {
    let row: Vec<u8> = colors.iter().flat_map(|color| color.repeat(4)).collect();
    Box::new(OwnedFrame::rgb(16, 4, row.repeat(4)).unwrap())
}

fn try_score(onnx: &kit::Onnx, frame: Box<OwnedFrame>) -> Result<Score, ScoreError> {
    let dir = kit::TempDir::new();
    scorer(&onnx.write(dir.path(), "model")).score_frame(frame, None)
}

#[track_caller]
fn score(onnx: &kit::Onnx, frame: Box<OwnedFrame>) -> Score {
    try_score(onnx, frame).unwrap_or_else(|error| panic!("{}", kit::chain(&error)))
}

#[track_caller]
fn attributes(score: &Score, expected: &[(&str, f64)]) {
    let names: Vec<_> = score.attributes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((_, actual), (_, expected)) in score.attributes.iter().zip(expected) {
        near(*actual, *expected);
    }
}

/// `y` (N) is the mean of green, `w` (N) is red − blue, `level` (N×1) is red, `types` (N×3) are the means of R', G' and
/// B'. `batch` is the first dimension of all.
fn weighted(batch: &str) -> kit::Onnx {
    let mean = || [Attribute::ints("axes", &[2, 3]), Attribute::int("keepdims", 0)];
    let last = || [Attribute::ints("axes", &[1]), Attribute::int("keepdims", 0)];
    kit::Onnx::new("weighted")
        .input("x", Element::Float, &format!("{batch} 3 H W"))
        .output("y", Element::Float, batch)
        .output("w", Element::Float, batch)
        .output("level", Element::Float, &format!("{batch} 1"))
        .output("types", Element::Float, &format!("{batch} 3"))
        .floats("green", &[1, 3], &[0.0, 3.0, 0.0])
        .floats("difference", &[1, 3], &[3.0, 0.0, -3.0])
        .floats("red", &[3, 1], &[1.0, 0.0, 0.0])
        .node("ReduceMean", &["x"], &["types"], mean())
        .node("Mul", &["types", "green"], &["g"], [])
        .node("ReduceMean", &["g"], &["y"], last())
        .node("Mul", &["types", "difference"], &["d"], [])
        .node("ReduceMean", &["d"], &["w"], last())
        .node("MatMul", &["types", "red"], &["level"], [])
}

#[test]
fn attributes_of_several_outputs() {
    let lines = "attributes = [
        { tensor = \"types\", names = [\"r\", \"g\", \"b\"], worst = 0.0, best = 1.0, softmax = true },
        { tensor = \"level\", names = [\"level\"], worst = 1.0, best = 0.0 },
    ]";
    let frame = || flat(8, 8, [51, 102, 153]);
    let sum: f64 = [0.2_f64, 0.4, 0.6].iter().map(|v| v.exp()).sum();
    let expected = [
        ("r", 100.0 * 0.2_f64.exp() / sum),
        ("g", 100.0 * 0.4_f64.exp() / sum),
        ("b", 100.0 * 0.6_f64.exp() / sum),
        ("level", 80.0),
    ];
    attributes(&score(&weighted("N").contract(&output(lines)), frame()), &expected);
    // As an array of tables; and a list of one.
    let tables = "[[output.attributes]]\ntensor = \"level\"\nnames = [\"level\"]\nworst = 1.0\nbest = 0.0\n";
    attributes(&score(&weighted("N").contract(&output(tables)), frame()), &[("level", 80.0)]);
    // One table alone may have a softmax too.
    let one =
        "attributes = { tensor = \"types\", names = [\"r\", \"g\", \"b\"], worst = 0.0, best = 1.0, softmax = true }";
    attributes(&score(&weighted("N").contract(&output(one)), frame()), &expected[..3]);
}

#[test]
fn a_softmax_is_that_of_each_crop() {
    let lines =
        "attributes = { tensor = \"types\", names = [\"r\", \"g\", \"b\"], worst = 0, best = 1, softmax = true }";
    let frame = squares([[255, 0, 0], [0, 0, 0], [255, 0, 0], [0, 0, 0]]);
    let e = 1.0_f64.exp();
    let expected = [
        ("r", 50.0 * (e / (e + 2.0) + 1.0 / 3.0)),
        ("g", 50.0 * (1.0 / (e + 2.0) + 1.0 / 3.0)),
        ("b", 50.0 * (1.0 / (e + 2.0) + 1.0 / 3.0)),
    ];
    attributes(&score(&weighted("N").contract(&four_crops(lines)), frame), &expected);
}

#[test]
fn the_spread_of_a_distribution() {
    // [1 − m, m] over 1 and 5: the deviation is 4 √(m (1 − m)), 2 at most.
    let lines = |tensor: &str, more: &str| {
        let lines = format!("spread = \"spread\"\ndistribution = [1, 5]\n{more}");
        output(&lines).replace("tensor = \"y\"", &format!("tensor = \"{tensor}\""))
    };
    let frame = || flat(8, 8, [51, 102, 153]);
    let found = score(&kit::distribution_graph().contract(&lines("y", "")), frame());
    near(found.raw, 0.6 + 5.0 * 0.4);
    attributes(&found, &[("spread", 200.0 * (0.4_f64 * 0.6).sqrt())]);
    let p = 0.4_f64.exp() / (1.0 + 0.4_f64.exp());
    let logits = lines("logits", "softmax = true\n");
    attributes(
        &score(&kit::distribution_graph().contract(&logits), frame()),
        &[("spread", 200.0 * (p * (1.0 - p)).sqrt())],
    );
    // All in one value, and half in each of the outermost.
    for (value, spread) in [(0, 0.0), (255, 0.0)] {
        let flat = flat(8, 8, [value; 3]);
        attributes(&score(&kit::distribution_graph().contract(&lines("y", "")), flat), &[("spread", spread)]);
    }
    // After the attributes of outputs. Of crops it is the mean of their spreads, not the spread of their mean.
    let more = "attributes = { tensor = \"logits\", names = [\"zero\", \"m\"], worst = 0, best = 1 }\n";
    let contract = lines("y", more) + "[geometry]\ncrop = 4\ncrops = \"all\"\nstride = 4\n";
    let found = score(&kit::distribution_graph().contract(&contract), squares([[0; 3], [255; 3], [0; 3], [255; 3]]));
    near(found.raw, 3.0);
    attributes(&found, &[("zero", 0.0), ("m", 50.0), ("spread", 0.0)]);
}

/// Green is the score and blue something else: the attributes show which crops count.
const CROPS: [[u8; 3]; 4] = [[0, 204, 51], [0, 51, 102], [0, 102, 204], [0, 255, 0]];

#[test]
fn crops_are_pooled() {
    let table = "attributes = { tensor = \"types\", names = [\"r\", \"g\", \"b\"], worst = 0, best = 1 }";
    for (pool, raw, [green, blue]) in [
        ("", 0.6, [60.0, 35.0]),
        ("pool = \"mean\"", 0.6, [60.0, 35.0]),
        // Each has its own median: between 0.4 and 0.8, between 0.2 and 0.4.
        ("pool = \"median\"", 0.6, [60.0, 30.0]),
        // The attributes are those of the crop with the lowest, or highest, raw value.
        ("pool = \"min\"", 0.2, [20.0, 40.0]),
        ("pool = \"max\"", 1.0, [100.0, 0.0]),
    ] {
        for batch in ["N", "1", "4", "3"] {
            let onnx = weighted(batch).contract(&four_crops(&format!("{pool}\n{table}")));
            let found = score(&onnx, squares(CROPS));
            near(found.raw, raw);
            attributes(&found, &[("r", 0.0), ("g", green), ("b", blue)]);
        }
    }
    // Of three, the one in the middle.
    let three = output("pool = \"median\"") + "[geometry]\ncrop = 4\ncrops = 3\nsampling = \"steps\"\n";
    near(score(&weighted("N").contract(&three), squares(CROPS)).raw, 0.8);
}

#[test]
fn crops_are_pooled_by_weights_of_the_graph() {
    let table = "attributes = { tensor = \"types\", names = [\"r\", \"g\", \"b\"], worst = 0, best = 1 }";
    let contract = four_crops(&format!("pool = {{ weights = \"w\" }}\n{table}"));
    // Weights 0.6, 0, 0.2 and 0, by which the last score is not seen.
    let frame = || squares([[153, 102, 0], [51, 0, 51], [102, 204, 51], [0, 255, 0]]);
    for batch in ["N", "1", "4", "3"] {
        let found = score(&weighted(batch).contract(&contract), frame());
        near(found.raw, (0.6 * 0.4 + 0.2 * 0.8) / 0.8);
        attributes(&found, &[("r", 100.0 * (0.36 + 0.08) / 0.8), ("g", 50.0), ("b", 100.0 * 0.04 / 0.8)]);
    }
    let error = |colors| try_score(&weighted("1").contract(&contract), squares(colors)).unwrap_err();
    for (colors, words) in [
        ([[51, 9, 51]; 4], "sum is 0"),
        ([[102, 9, 51], [102, 9, 51], [0, 9, 51], [102, 9, 51]], "negative weight -0.2"),
    ] {
        let error = error(colors);
        assert!(matches!(&error, ScoreError::Output { tensor, .. } if tensor == "w"), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    // A weight that is no number fails its frame alone.
    let onnx = weighted("N")
        .output("broken", Element::Float, "N")
        .node("Div", &["w", "w"], &["broken"], [])
        .contract(&contract.replace("\"w\"", "\"broken\""));
    let dir = kit::TempDir::new();
    let broken = scorer(&onnx.write(dir.path(), "broken"));
    let error = broken.score_frame(squares([[51, 9, 51], [102, 9, 51], [0, 9, 51], [9; 3]]), None).unwrap_err();
    assert!(
        matches!(&error, ScoreError::NotFinite { tensor, value } if tensor == "broken" && value.is_nan()),
        "{error}"
    );
    let frame = squares([[102, 204, 51], [102, 204, 51], [102, 0, 51], [102, 0, 51]]);
    near(broken.score_frame(frame, None).unwrap().raw, 0.4);
}

#[test]
fn expectations_and_spreads_are_weighted_too() {
    let onnx = kit::distribution_graph().output("w", Element::Float, "N").node("Identity", &["m"], &["w"], []);
    let contract = four_crops("distribution = [1, 5]\nspread = \"spread\"\npool = { weights = \"w\" }");
    // Weights 0.2, 0, 0.6 and 0.
    let found = score(&onnx.contract(&contract), squares([[51; 3], [0; 3], [153; 3], [0; 3]]));
    near(found.raw, 0.25 * (0.8 + 5.0 * 0.2) + 0.75 * (0.4 + 5.0 * 0.6));
    attributes(&found, &[("spread", 200.0 * (0.25 * 0.16_f64.sqrt() + 0.75 * 0.24_f64.sqrt()))]);
}

/// MANIQA's patches: each crop has several scores, and each of these a weight.
#[test]
fn the_numbers_of_a_crop_have_weights_too() {
    let mean = || [Attribute::ints("axes", &[1]), Attribute::int("keepdims", 0)];
    let onnx = || {
        kit::Onnx::new("patches")
            .input("x", Element::Float, "N 3 4 4")
            .output("s", Element::Float, "N 4 4")
            .output("w", Element::Float, "N 4 4")
            .output("one", Element::Float, "N 1")
            .output("m", Element::Float, "N 2")
            .floats("green", &[1, 3, 1, 1], &[0.0, 3.0, 0.0])
            .floats("red", &[1, 3, 1, 1], &[3.0, 0.0, 0.0])
            .floats("two", &[3, 2], &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
            .node("Mul", &["x", "green"], &["g"], [])
            .node("ReduceMean", &["g"], &["s"], mean())
            .node("Mul", &["x", "red"], &["r"], [])
            .node("ReduceMean", &["r"], &["w"], mean())
            .node("ReduceMean", &["x"], &["c"], [Attribute::ints("axes", &[2, 3]), Attribute::int("keepdims", 0)])
            .node("MatMul", &["c", "two"], &["m"], [])
            .node("ReduceMean", &["m"], &["one"], [Attribute::ints("axes", &[1]), Attribute::int("keepdims", 1)])
    };
    let lines = "pool = { weights = \"w\" }\n\
                 attributes = { tensor = \"m\", names = [\"red\", \"green\"], worst = 0, best = 1 }";
    let contract = four_crops(lines).replace("tensor = \"y\"", "tensor = \"s\"");
    let frame = || squares([[153, 102, 0], [0, 255, 0], [51, 204, 0], [0, 255, 0]]);
    let found = score(&onnx().contract(&contract), frame());
    near(found.raw, (0.6 * 0.4 + 0.2 * 0.8) / 0.8);
    attributes(&found, &[("red", 100.0 * (0.36 + 0.04) / 0.8), ("green", 50.0)]);
    let error = common::try_open(
        &onnx().contract(&contract.replace("\"w\"", "\"one\"")).write(kit::TempDir::new().path(), "x"),
        1,
    );
    let error = kit::chain(&error.unwrap_err());
    for words in ["output.pool.weights", "a weight for each number of the score (16 a picture)", "1 numbers a picture"]
    {
        assert!(error.contains(words), "no {words:?} in {error}");
    }
}
