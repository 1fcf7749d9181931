// SPDX-License-Identifier: MPL-2.0

//! Ready-made models with known arithmetic.

use std::path::{Path, PathBuf};

use crate::onnx::{Element, Onnx};
use crate::proto::Attribute;

/// The contract of [`mean_model`] and others: R'G'B' as it is, raw 0 is worst and 1 best.
pub const NR_CONTRACT: &str = r#"
contract = 1
name = "mean"
kind = "no-reference"
[[input]]
tensor = "x"
[output]
tensor = "y"
worst = 0.0
best = 1.0
"#;

/// The contract of [`difference_model`].
pub const FR_CONTRACT: &str = r#"
contract = 1
name = "difference"
kind = "full-reference"
[[input]]
tensor = "ref"
role = "reference"
[[input]]
tensor = "dist"
role = "distorted"
[output]
tensor = "y"
worst = 1.0
best = 0.0
"#;

/// The contract of [`reduced_model`].
pub const RR_CONTRACT: &str = r#"
contract = 1
name = "reduced"
kind = "reduced-reference"
[[input]]
tensor = "ref"
role = "reference"
[[input]]
tensor = "dist"
role = "distorted"
[output]
tensor = "y"
worst = 1.0
best = 0.0
"#;

fn reduce(from: &str, to: &str, axes: &[i64]) -> (&'static str, [String; 2], [Attribute; 2]) {
    let attributes = [Attribute::ints("axes", axes), Attribute::int("keepdims", 0)];
    ("ReduceMean", [from.into(), to.into()], attributes)
}

/// A graph whose output `y` is the mean of each picture of its input `x`.
///
/// `dims` are those of `x`: four, or five with crops second (then `y` is N×K). No contract yet.
pub fn mean_graph(element: Element, dims: &str) -> Onnx {
    let names: Vec<&str> = dims.split_whitespace().collect();
    let (first, axes): (_, &[i64]) =
        if names.len() == 5 { (names[..2].join(" "), &[2, 3, 4]) } else { (names[..1].join(" "), &[1, 2, 3]) };
    let (op, [from, to], attributes) = reduce("f", "m", axes);
    Onnx::new("mean")
        .input("x", element, dims)
        .output("y", Element::Float, &first)
        .node("Cast", &["x"], &["f"], [Attribute::int("to", Element::Float as i64)])
        .node(op, &[&from], &[&to], attributes)
        .node("Identity", &["m"], &["y"], [])
}

/// score = 100 × the mean of R', G' and B' (0 to 1), of frames of any size, in batches of any size.
pub fn mean_model(dir: &Path, name: &str) -> PathBuf {
    mean_graph(Element::Float, "N 3 H W").contract(NR_CONTRACT).write(dir, name)
}

/// [`mean_model`] with another contract, for its input `x` and output `y`.
pub fn mean_model_with(dir: &Path, name: &str, contract: &str) -> PathBuf {
    mean_graph(Element::Float, "N 3 H W").contract(contract).write(dir, name)
}

/// raw = the mean of |reference − distorted| over R', G' and B' (0 to 1); score = 100 × (1 − raw).
pub fn difference_model(dir: &Path, name: &str) -> PathBuf {
    difference_graph().contract(FR_CONTRACT).write(dir, name)
}

/// The graph of [`difference_model`]: inputs `ref` and `dist`, outputs `y` (N) and `map` (N×1×H×W, the mean over
/// channels of |reference − distorted|).
pub fn difference_graph() -> Onnx {
    let (op, [from, to], attributes) = reduce("a", "y", &[1, 2, 3]);
    Onnx::new("difference")
        .input("ref", Element::Float, "N 3 H W")
        .input("dist", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .output("map", Element::Float, "N 1 H W")
        .node("Sub", &["ref", "dist"], &["d"], [])
        .node("Abs", &["d"], &["a"], [])
        .node(op, &[&from], &[&to], attributes)
        .node("ReduceMean", &["a"], &["map"], [Attribute::ints("axes", &[1]), Attribute::int("keepdims", 1)])
}

/// raw = |mean of the reference − mean of the distorted picture| over R', G' and B' (0 to 1), each of its own size;
/// score = 100 × (1 − raw).
pub fn reduced_model(dir: &Path, name: &str) -> PathBuf {
    reduced_graph().contract(RR_CONTRACT).write(dir, name)
}

/// The graph of [`reduced_model`]: inputs `ref` and `dist` of different sizes, output `y` (N).
pub fn reduced_graph() -> Onnx {
    let mean = |from: &str, to: &str| reduce(from, to, &[1, 2, 3]);
    let (op, [ref_from, ref_to], attributes) = mean("ref", "r");
    let onnx = Onnx::new("reduced")
        .input("ref", Element::Float, "N 3 H W")
        .input("dist", Element::Float, "N 3 h w")
        .output("y", Element::Float, "N")
        .node(op, &[&ref_from], &[&ref_to], attributes);
    let (op, [dist_from, dist_to], attributes) = mean("dist", "d");
    onnx.node(op, &[&dist_from], &[&dist_to], attributes).node("Sub", &["r", "d"], &["s"], []).node(
        "Abs",
        &["s"],
        &["y"],
        [],
    )
}

/// `y` (N): the mean of each picture of `x`, from 0 to 1, plus two numbers of the input `size` (`dims` are its
/// dimensions, of which the last is 2): the first, and a thousandth of the second. No contract yet.
pub fn sized_graph(element: Element, dims: &str) -> Onnx {
    let (op, [from, to], attributes) = reduce("x", "m", &[1, 2, 3]);
    Onnx::new("sized")
        .input("x", Element::Float, "N 3 H W")
        .input("size", element, dims)
        .output("y", Element::Float, "N")
        .floats("factors", &[2], &[1.0, 0.001])
        .int64s("last", &[-1])
        .node(op, &[&from], &[&to], attributes)
        .node("Cast", &["size"], &["numbers"], [Attribute::int("to", Element::Float as i64)])
        .node("Mul", &["numbers", "factors"], &["weighed"], [])
        .node("ReduceSum", &["weighed", "last"], &["sum"], [Attribute::int("keepdims", 0)])
        .node("Add", &["m", "sum"], &["y"], [])
}

/// Always NaN (0/0), for frames of any size.
pub fn nan_model(dir: &Path, name: &str) -> PathBuf {
    let (op, [from, to], attributes) = reduce("x", "m", &[1, 2, 3]);
    Onnx::new("nan")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .node(op, &[&from], &[&to], attributes)
        .node("Sub", &["m", "m"], &["z"], [])
        .node("Div", &["z", "z"], &["y"], [])
        .contract(NR_CONTRACT)
        .write(dir, name)
}

/// A model that loads and then fails in every run: it reshapes each picture to 7 numbers.
pub fn failing_model(dir: &Path, name: &str) -> PathBuf {
    Onnx::new("failing")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .int64s("seven", &[7])
        .node("Reshape", &["x", "seven"], &["r"], [])
        .node("ReduceMean", &["r"], &["y"], [Attribute::ints("axes", &[0]), Attribute::int("keepdims", 1)])
        .contract(NR_CONTRACT)
        .write(dir, name)
}

/// [`mean_model`] after `work` products of 512×512 matrices in a row: about 3 to 30 ms each on one core.
///
/// For tests of queues; none may depend on how long it takes.
pub fn slow_model(dir: &Path, name: &str, work: usize) -> PathBuf {
    const SIDE: usize = 512;
    let (op, [from, to], attributes) = reduce("x", "m", &[1, 2, 3]);
    let mut onnx = Onnx::new("slow")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .floats("w", &[SIDE as i64, SIDE as i64], &vec![0.0; SIDE * SIDE])
        .node(op, &[&from], &[&to], attributes)
        // Something that depends on the input, or the chain would be folded when the model is loaded.
        .node("ReduceMax", &["m"], &["top"], [Attribute::int("keepdims", 0)])
        .node("Add", &["w", "top"], &["h0"], []);
    for step in 0..work {
        onnx = onnx.node("MatMul", &[&format!("h{step}"), "w"], &[&format!("h{}", step + 1)], []);
    }
    let last = format!("h{work}");
    onnx.node("ReduceMean", &[&last], &["end"], [Attribute::int("keepdims", 0)])
        .node("Sub", &["end", "end"], &["zero"], [])
        .node("Add", &["m", "zero"], &["y"], [])
        .contract(NR_CONTRACT)
        .write(dir, name)
}

/// Three outputs over R'G'B' of any size: `y` (N, the mean), `channels` (N×3, the means of R', G' and B') and `map`
/// (N×3×H/2×W/2 reduced to N×1×H/2×W/2: the mean of 2×2 pixels and of the channels). No contract yet.
pub fn outputs_graph() -> Onnx {
    let mean = |axes: &[i64], keep: i64| [Attribute::ints("axes", axes), Attribute::int("keepdims", keep)];
    Onnx::new("outputs")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .output("channels", Element::Float, "N 3")
        .output("map", Element::Float, "N 1 h w")
        .node("ReduceMean", &["x"], &["y"], mean(&[1, 2, 3], 0))
        .node("ReduceMean", &["x"], &["channels"], mean(&[2, 3], 0))
        .node("ReduceMean", &["x"], &["grey"], mean(&[1], 1))
        .node(
            "AveragePool",
            &["grey"],
            &["map"],
            [Attribute::ints("kernel_shape", &[2, 2]), Attribute::ints("strides", &[2, 2])],
        )
}

/// `y` (N×3): the means of R', G' and B' from 0 to 100, cut to whole numbers where `element` is an integer. No contract
/// yet.
pub fn percent_graph(element: Element) -> Onnx {
    let mean = [Attribute::ints("axes", &[2, 3]), Attribute::int("keepdims", 0)];
    Onnx::new("percent")
        .input("x", Element::Float, "N 3 H W")
        .output("y", element, "N 3")
        .floats("hundred", &[1, 1], &[100.0])
        .node("ReduceMean", &["x"], &["m"], mean)
        .node("Mul", &["m", "hundred"], &["percent"], [])
        .node("Cast", &["percent"], &["y"], [Attribute::int("to", element as i64)])
}

/// `y` (N×K×3): the means of R', G' and B' of each of a frame's K crops. No contract yet.
pub fn stacked_graph() -> Onnx {
    let mean = [Attribute::ints("axes", &[3, 4]), Attribute::int("keepdims", 0)];
    Onnx::new("stacked").input("x", Element::Float, "N K 3 H W").output("y", Element::Float, "N K 3").node(
        "ReduceMean",
        &["x"],
        &["y"],
        mean,
    )
}

/// A histogram over two bins, `y` (N×2) = [1 − m, m] with m the mean of a picture; `logits` (N×2) = [0, m]. No
/// contract yet.
pub fn distribution_graph() -> Onnx {
    let mean = [Attribute::ints("axes", &[1, 2, 3]), Attribute::int("keepdims", 0)];
    Onnx::new("distribution")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N 2")
        .output("logits", Element::Float, "N 2")
        .int64s("one", &[1])
        .floats("signs", &[1, 2], &[-1.0, 1.0])
        .floats("start", &[1, 2], &[1.0, 0.0])
        .floats("second", &[1, 2], &[0.0, 1.0])
        .node("ReduceMean", &["x"], &["m"], mean)
        .node("Unsqueeze", &["m", "one"], &["column"], [])
        .node("Mul", &["column", "signs"], &["signed"], [])
        .node("Add", &["signed", "start"], &["y"], [])
        .node("Mul", &["column", "second"], &["logits"], [])
}
