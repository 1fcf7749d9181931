// SPDX-License-Identifier: MPL-2.0

//! What a model's outputs mean, as types.

/// The mapping from raw values to 0..100.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Curve {
    /// Linear between the two, clamped outside.
    Line {
        /// The raw value shown as 0.
        worst: f64,
        /// The raw value shown as 100.
        best: f64,
    },
    /// (raw, score) points, raw ascending, scores monotone; linear between, clamped outside.
    Points(Vec<[f64; 2]>),
}

impl Curve {
    /// The score, 0 to 100, of a raw value.
    pub fn score(&self, raw: f64) -> f64 {
        match self {
            Self::Line { worst, best } => scale_100(raw, *worst, *best),
            Self::Points(points) => {
                let after = points.partition_point(|[x, _]| *x <= raw);
                let Some(&[x1, y1]) = points.get(after) else {
                    return points.last().map_or(0.0, |point| point[1]);
                };
                let Some(&[x0, y0]) = after.checked_sub(1).and_then(|before| points.get(before)) else { return y1 };
                (y0 + (y1 - y0) * (raw - x0) / (x1 - x0)).clamp(0.0, 100.0)
            }
        }
    }

    /// The smallest and the largest raw value that is not clamped.
    pub fn raw_range(&self) -> [f64; 2] {
        match self {
            Self::Line { worst, best } => [worst.min(*best), worst.max(*best)],
            Self::Points(points) => {
                let ends = points.first().zip(points.last()).map(|(first, last)| [first[0], last[0]]);
                ends.unwrap_or([f64::NEG_INFINITY, f64::INFINITY])
            }
        }
    }
}

/// `raw` between `worst` (0) and `best` (100), clamped.
fn scale_100(raw: f64, worst: f64, best: f64) -> f64 {
    ((raw - worst) / (best - worst) * 100.0).clamp(0.0, 100.0)
}

/// A map of quality among the outputs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MapOutput {
    /// The ONNX output's name.
    pub tensor: String,
    /// The raw value shown as 0 (black).
    pub worst: f64,
    /// The raw value shown as 100 (white).
    pub best: f64,
}

impl MapOutput {
    /// The quality, 0 to 100, for a raw value of the map.
    pub fn score(&self, raw: f64) -> f64 {
        scale_100(raw, self.worst, self.best)
    }
}

/// Named numbers of one output.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Attributes {
    /// The ONNX output's name.
    pub tensor: String,
    /// One name per value.
    pub names: Vec<String>,
    /// The raw value shown as 0.
    pub worst: f64,
    /// The raw value shown as 100.
    pub best: f64,
    /// Whether the output's numbers are logits, of which a softmax over all of them makes the raw values.
    pub softmax: bool,
}

impl Attributes {
    /// The quality, 0 to 100, for a raw attribute.
    pub fn score(&self, raw: f64) -> f64 {
        scale_100(raw, self.worst, self.best)
    }
}

/// The standard deviation of a distribution, as an attribute.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Spread {
    /// The attribute's name.
    pub name: String,
    /// The standard deviation shown as 100: the largest possible one, which is half of the distance between the
    /// smallest and the largest value of the distribution. 0 is shown as 0.
    pub largest: f64,
}

impl Spread {
    /// 0 to 100 for a standard deviation.
    pub fn score(&self, deviation: f64) -> f64 {
        scale_100(deviation, 0.0, self.largest)
    }
}

/// How the raw values of a frame's crops become one.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Pooling {
    /// Their mean.
    #[default]
    Mean,
    /// Their median; of an even number, the mean of the two in the middle.
    Median,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Σ w·s / Σ w over all crops, with the weights w in the ONNX output of that name.
    Weights(String),
}

/// The model's output.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Output {
    /// The ONNX output's name.
    pub tensor: String,
    /// The index of the raw value among a picture's numbers; `None` if there is only one, or a distribution.
    pub index: Option<usize>,
    /// The mapping from raw value to score.
    pub curve: Curve,
    /// If the output is a histogram: its values. The raw value is the expectation.
    pub distribution: Option<Vec<f64>>,
    /// Whether the histogram is given as logits.
    pub softmax: bool,
    /// The spread of the histogram, as an attribute.
    pub spread: Option<Spread>,
    /// How the raw values of a frame's crops become one.
    pub pooling: Pooling,
    /// A map of quality.
    pub map: Option<MapOutput>,
    /// Named numbers: the only table of them, or the first one.
    pub attributes: Option<Attributes>,
    /// The other tables of named numbers, each of another output.
    pub more_attributes: Vec<Attributes>,
}

impl Output {
    /// All tables of attributes, in the contract's order.
    pub fn attribute_tables(&self) -> impl Iterator<Item = &Attributes> {
        self.attributes.iter().chain(&self.more_attributes)
    }

    /// The names of a score's attributes, in its order: those of the tables, then that of the spread.
    pub fn attribute_names(&self) -> impl Iterator<Item = &str> {
        let named = self.attribute_tables().flat_map(|table| table.names.iter().map(String::as_str));
        named.chain(self.spread.iter().map(|spread| spread.name.as_str()))
    }

    /// The ONNX outputs that it refers to, each once: the score's, then the others.
    pub fn tensors(&self) -> Vec<&str> {
        let mut tensors = vec![self.tensor.as_str()];
        let weights = match &self.pooling {
            Pooling::Weights(tensor) => Some(tensor.as_str()),
            _ => None,
        };
        let map = self.map.iter().map(|map| map.tensor.as_str());
        let tables = self.attribute_tables().map(|table| table.tensor.as_str());
        for tensor in map.chain(tables).chain(weights) {
            if !tensors.contains(&tensor) {
                tensors.push(tensor);
            }
        }
        tensors
    }
}
