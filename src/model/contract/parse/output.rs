// SPDX-License-Identifier: MPL-2.0

//! Reading what a model's outputs mean.

use super::super::geometry::{Crops, Geometry};
use super::super::output::{Attributes, Curve, MapOutput, Output, Pooling, Spread};
use super::super::schema::{RawAttributeTables, RawAttributes, RawOutput, RawPooling, RawPoolingWord};
use super::{Fault, fault};

fn ends(worst: f64, best: f64, prefix: &str) -> Result<(), Fault> {
    if !worst.is_finite() || !best.is_finite() {
        return fault(format!("{prefix}.worst"), "and `best` must be finite");
    }
    if worst == best {
        return fault(format!("{prefix}.worst"), format!("and `best` are both {worst}; they must differ"));
    }
    if !(best - worst).is_finite() {
        return fault(format!("{prefix}.worst"), format!("is {worst} and `best` {best}; that is too far apart"));
    }
    Ok(())
}

fn curve(points: Vec<[f64; 2]>) -> Result<Curve, Fault> {
    const KEY: &str = "output.curve";
    if points.len() < 2 {
        return fault(KEY, format!("has {} points; it needs two or more", points.len()));
    }
    if points.iter().flatten().any(|v| !v.is_finite()) {
        return fault(KEY, "must hold finite numbers");
    }
    if let Some([raw, score]) = points.iter().find(|[_, score]| !(0.0..=100.0).contains(score)) {
        return fault(KEY, format!("gives raw {raw} the score {score}, which is not from 0 to 100"));
    }
    if let Some(pair) = points.windows(2).find(|pair| pair[1][0] <= pair[0][0]) {
        return fault(KEY, format!("has raw {} after {}; raw values must ascend", pair[1][0], pair[0][0]));
    }
    if let [first, .., last] = points.as_slice()
        && !(last[0] - first[0]).is_finite()
    {
        return fault(KEY, format!("has raw {} and {}; that is too far apart", first[0], last[0]));
    }
    let rises = points.windows(2).any(|pair| pair[1][1] > pair[0][1]);
    let falls = points.windows(2).any(|pair| pair[1][1] < pair[0][1]);
    match (rises, falls) {
        (true, true) => fault(KEY, "rises and falls; it must be monotone"),
        (false, false) => fault(KEY, "gives every raw value the same score"),
        _ => Ok(Curve::Points(points)),
    }
}

/// `raw`, of a model whose first input has this geometry.
pub(super) fn output(raw: RawOutput, geometry: &Geometry) -> Result<Output, Fault> {
    let curve = match (raw.worst, raw.best, raw.curve) {
        (Some(worst), Some(best), None) => {
            ends(worst, best, "output")?;
            Curve::Line { worst, best }
        }
        (None, None, Some(points)) => curve(points)?,
        (None, None, None) => return fault("output", "says neither `worst` and `best` nor `curve`"),
        (_, _, Some(_)) => return fault("output.curve", "and `worst`, `best` exclude each other"),
        (None, Some(_), None) => return fault("output", "says `best` but not `worst`"),
        (Some(_), None, None) => return fault("output", "says `worst` but not `best`"),
    };
    if let Some(values) = &raw.distribution {
        if raw.index.is_some() {
            return fault("output.index", "and `distribution` exclude each other");
        }
        if values.len() < 2 {
            return fault("output.distribution", format!("has {} values; it needs two or more", values.len()));
        }
        if values.iter().any(|v| !v.is_finite()) {
            return fault("output.distribution", "must hold finite numbers");
        }
    } else if raw.softmax.is_some() {
        return fault("output.softmax", "has no effect without `distribution`");
    }
    let pooling = raw.pool.map(|pool| pooling(pool, &raw.tensor, geometry)).transpose()?.unwrap_or_default();
    let map = match raw.map {
        Some(map) => {
            ends(map.worst, map.best, "output.map")?;
            Some(MapOutput { tensor: map.tensor, worst: map.worst, best: map.best })
        }
        None => None,
    };
    let mut tables = raw.attributes.map(attribute_tables).transpose()?.unwrap_or_default().into_iter();
    let (attributes, more_attributes) = (tables.next(), tables.collect());
    let mut output = Output {
        tensor: raw.tensor,
        index: raw.index.map(|index| index as usize),
        curve,
        distribution: raw.distribution,
        softmax: raw.softmax.unwrap_or(false),
        spread: None,
        pooling,
        map,
        attributes,
        more_attributes,
    };
    output.spread = raw.spread.map(|name| spread(name, &output)).transpose()?;
    Ok(output)
}

fn pooling(raw: RawPooling, score: &str, geometry: &Geometry) -> Result<Pooling, Fault> {
    const KEY: &str = "output.pool";
    if geometry.crop.is_none() || geometry.crops == Crops::Count(1) {
        return fault(KEY, "has no effect: the geometry makes one picture of a frame (`crop`, `crops`)");
    }
    if geometry.crops_axis == 1 {
        return fault(KEY, "has no effect with `crops-axis = 1`: the graph gets all crops of a frame and pools them");
    }
    match raw {
        RawPooling::Word(RawPoolingWord::Mean) => Ok(Pooling::Mean),
        RawPooling::Word(RawPoolingWord::Median) => Ok(Pooling::Median),
        RawPooling::Word(RawPoolingWord::Min) => Ok(Pooling::Min),
        RawPooling::Word(RawPoolingWord::Max) => Ok(Pooling::Max),
        RawPooling::By { weights } if weights == score => {
            fault(format!("{KEY}.weights"), format!("is \"{score}\", the output that `tensor` names already"))
        }
        RawPooling::By { weights } => Ok(Pooling::Weights(weights)),
    }
}

fn attribute_tables(raw: RawAttributeTables) -> Result<Vec<Attributes>, Fault> {
    const KEY: &str = "output.attributes";
    let (raw, listed) = match raw {
        RawAttributeTables::One(table) => (vec![table], false),
        RawAttributeTables::Several(tables) => (tables, true),
    };
    if raw.is_empty() {
        return fault(KEY, "is empty");
    }
    let mut tables: Vec<Attributes> = Vec::with_capacity(raw.len());
    for (index, table) in raw.into_iter().enumerate() {
        let key = if listed { format!("{KEY}[{index}]") } else { KEY.to_owned() };
        let RawAttributes { tensor, names, worst, best, softmax } = table;
        ends(worst, best, &key)?;
        if tables.iter().any(|other| other.tensor == tensor) {
            return fault(format!("{key}.tensor"), format!("is \"{tensor}\" a second time"));
        }
        attribute_names(&names, &tables, &format!("{key}.names"))?;
        let softmax = softmax.unwrap_or(false);
        if softmax && names.len() < 2 {
            return fault(format!("{key}.softmax"), "has no effect on one number, of which it always makes 1");
        }
        tables.push(Attributes { tensor, names, worst, best, softmax });
    }
    Ok(tables)
}

/// Checks the names of one table; `others` come before it.
fn attribute_names(names: &[String], others: &[Attributes], key: &str) -> Result<(), Fault> {
    if names.is_empty() {
        return fault(key, "is empty");
    }
    for (index, name) in names.iter().enumerate() {
        attribute_name(name, key)?;
        if names[..index].contains(name) {
            return fault(key, format!("has \"{name}\" twice"));
        }
        if others.iter().any(|other| other.names.contains(name)) {
            return fault(key, format!("has \"{name}\", which another table has too"));
        }
    }
    Ok(())
}

fn attribute_name(name: &str, key: &str) -> Result<(), Fault> {
    // They become field names of a GstStructure.
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        return fault(key, format!("has \"{name}\"; a name is a letter, then letters, digits, - and _"));
    }
    Ok(())
}

/// `spread` in `output`, which is complete otherwise.
fn spread(name: String, output: &Output) -> Result<Spread, Fault> {
    const KEY: &str = "output.spread";
    let Some(values) = &output.distribution else { return fault(KEY, "has no effect without `distribution`") };
    attribute_name(&name, KEY)?;
    if output.attribute_names().any(|other| other == name) {
        return fault(KEY, format!("is \"{name}\", which `attributes` has too"));
    }
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if smallest == largest {
        return fault(KEY, format!("is always 0: all values of `distribution` are {smallest}"));
    }
    if !(largest - smallest).is_finite() {
        return fault(KEY, format!("is of values from {smallest} to {largest}, which are too far apart"));
    }
    Ok(Spread { name, largest: (largest - smallest) / 2.0 })
}
