// SPDX-License-Identifier: MPL-2.0

//! Reading a contract: TOML to [`Contract`], each value checked by itself.

use super::error::ContractError;
use super::schema::{
    AllCrops, RawAttributes, RawConstant, RawContract, RawCrops, RawGeometry, RawInput, RawLetterbox, RawNumbers,
    RawOutput, RawReference, RawSampling, RawSides,
};
use super::types::{
    Attributes, Channels, Constant, Contract, Crops, Curve, Geometry, Input, Kind, Layout, Letterbox, MapOutput,
    Output, Resize, Role, Sampling, Small,
};
use crate::resample::Filter;

/// A larger `std` would make pixels from 0 to 1 vanish: such values are meant for pixels from 0 to 255.
const LARGEST_STD: f64 = 16.0;

/// An error in a key: its path and the sentence that follows it.
type Fault = (String, String);

fn fault<T>(key: impl Into<String>, problem: impl Into<String>) -> Result<T, Fault> {
    Err((key.into(), problem.into()))
}

/// A contract as read, before the graph completes it.
pub(in crate::model) struct Parsed {
    pub(in crate::model) contract: Contract,
    /// For each input: whether `std` was omitted, so that its default depends on the tensor's type.
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "only a graph says what the tensor's type is"))]
    pub(in crate::model) default_std: Vec<bool>,
}

impl Contract {
    /// Reads a contract and checks everything that can be checked without the graph.
    ///
    /// # Errors
    /// The first error, with its key and line.
    pub fn parse(text: &str) -> Result<Self, ContractError> {
        Ok(parse(text)?.contract)
    }
}

/// Reads and checks `text`.
pub(in crate::model) fn parse(text: &str) -> Result<Parsed, ContractError> {
    let raw: RawContract = toml::from_str(text).map_err(|error| ContractError::syntax(text, &error))?;
    convert(raw).map_err(|(key, problem)| ContractError::value(text, key, problem))
}

fn convert(raw: RawContract) -> Result<Parsed, Fault> {
    if raw.contract != 1 {
        return fault("contract", format!("is {}; this version reads contracts of version 1", raw.contract));
    }
    if raw.name.trim().is_empty() {
        return fault("name", "is empty");
    }
    if raw.input.is_empty() {
        return fault("input", "is missing: write one [[input]] for each ONNX input that takes a picture");
    }
    let default_std = raw.input.iter().map(|input| input.std.is_none()).collect();
    let shared = match raw.geometry {
        Some(shared) => geometry(shared, "geometry")?,
        None => Geometry::default(),
    };
    let mut inputs = Vec::with_capacity(raw.input.len());
    for (index, input) in raw.input.into_iter().enumerate() {
        inputs.push(convert_input(input, index, raw.kind, &shared)?);
    }
    inputs_together(&inputs, raw.kind)?;
    let output = convert_output(raw.output)?;
    if let Some(index) = inputs.iter().position(|input| matches!(input.geometry.scale, Some(Resize::Letterbox(_))))
        && output.map.is_some()
    {
        let problem = format!("is not possible with the letterbox of input[{index}]: its borders are no picture");
        return fault("output.map", problem);
    }
    let constants = constants(raw.constant, &inputs)?;
    let reference_model = raw.reference.map(|reference| reference_model(reference, raw.kind)).transpose()?;
    let (name, kind, license) = (raw.name, raw.kind, raw.license);
    let contract = Contract { name, kind, license, inputs, output, constants, reference_model };
    Ok(Parsed { contract, default_std })
}

fn convert_input(raw: RawInput, index: usize, kind: Kind, shared: &Geometry) -> Result<Input, Fault> {
    let key = |name: &str| format!("input[{index}].{name}");
    let role = match (raw.role, kind) {
        (Some(Role::Reference), Kind::NoReference) => {
            return fault(key("role"), "is \"reference\", but `kind` is \"no-reference\"");
        }
        (None, kind) if kind.compares() => {
            return fault(key("role"), "is missing: say \"reference\" or \"distorted\"");
        }
        (role, _) => role.unwrap_or(Role::Distorted),
    };
    let channels = raw.channels.unwrap_or(Channels::Rgb);
    let count = channels.count();
    let per_channel = |name: &str, given: Option<RawNumbers>, default: f64| -> Result<Vec<f64>, Fault> {
        let values = match given {
            None => vec![default; count],
            Some(RawNumbers::One(value)) => vec![value; count],
            Some(RawNumbers::Each(values)) => values,
        };
        if values.len() != count {
            return fault(key(name), format!("has {} values, the input has {count} channels", values.len()));
        }
        if values.iter().any(|v| !v.is_finite()) {
            return fault(key(name), "must hold finite numbers");
        }
        Ok(values)
    };
    let mean = per_channel("mean", raw.mean, 0.0)?;
    let std = per_channel("std", raw.std, 1.0)?;
    if std.contains(&0.0) {
        return fault(key("std"), "holds 0, by which nothing can be divided");
    }
    for (name, values, most) in [("mean", &mean, 1.0), ("std", &std, LARGEST_STD)] {
        if let Some(value) = values.iter().find(|value| **value > most) {
            return fault(
                key(name),
                format!(
                    "holds {value}, but a pixel is from 0 to 1 here: divide `mean` and `std` by 255 \
                     (a tensor from 0 to 255 has `std = 0.00392157`, which is 1/255)"
                ),
            );
        }
    }
    let geometry = match raw.geometry {
        Some(own) => geometry(own, &key("geometry"))?,
        None => shared.clone(),
    };
    Ok(Input { tensor: raw.tensor, role, layout: raw.layout.unwrap_or(Layout::Nchw), channels, mean, std, geometry })
}

fn inputs_together(inputs: &[Input], kind: Kind) -> Result<(), Fault> {
    for (index, input) in inputs.iter().enumerate() {
        if inputs[..index].iter().any(|other| other.tensor == input.tensor) {
            return fault(format!("input[{index}].tensor"), format!("is \"{}\" a second time", input.tensor));
        }
        let (first, own) = (&inputs[0].geometry, &input.geometry);
        if first.crop.is_some() != own.crop.is_some() || first.crops != own.crops {
            return fault(
                format!("input[{index}].geometry"),
                "cuts another number of crops than input[0]: scores are averaged over crops, each of which needs all inputs",
            );
        }
        if first.crops_axis != own.crops_axis {
            return fault(format!("input[{index}].geometry.crops-axis"), "must be the same for all inputs");
        }
    }
    if kind.compares() {
        for (role, name) in [(Role::Reference, "reference"), (Role::Distorted, "distorted")] {
            if !inputs.iter().any(|input| input.role == role) {
                return fault("input", format!("has none with role \"{name}\", but `kind` is \"{kind}\""));
            }
        }
    }
    Ok(())
}

fn sides(value: Option<RawSides>, key: String) -> Result<Option<[u32; 2]>, Fault> {
    let value = value.map(|value| match value {
        RawSides::One(side) => [side, side],
        RawSides::Two(sides) => sides,
    });
    match value {
        Some([w, h]) if !(1..=1 << 16).contains(&w) || !(1..=1 << 16).contains(&h) => {
            fault(key, format!("is [{w}, {h}]; both must be from 1 to 65536"))
        }
        value => Ok(value),
    }
}

fn letterbox(raw: RawLetterbox, prefix: &str) -> Result<Letterbox, Fault> {
    let key = |name: &str| format!("{prefix}.letterbox.{name}");
    let size = sides(Some(raw.size), key("size"))?.unwrap_or([1, 1]);
    let color = raw.colour.unwrap_or([0.0; 3]);
    if let Some(value) = color.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        return fault(key("colour"), format!("holds {value}; each must be from 0 to 1 (114 of 255 is 0.447)"));
    }
    Ok(Letterbox { size, color, at: raw.at.unwrap_or_default() })
}

/// Whichever of `short-side`, `long-side`, `letterbox` and `resize` is given.
fn scale(raw: &mut RawGeometry, prefix: &str) -> Result<Option<Resize>, Fault> {
    let key = |name: &str| format!("{prefix}.{name}");
    let mut found: Option<(&str, Resize)> = None;
    let mut one = |name: &'static str, scale: Resize| match found.replace((name, scale)) {
        Some((other, _)) => fault(key(other), format!("and `{name}` exclude each other")),
        None => Ok(()),
    };
    for (name, side, scale) in [
        ("short-side", raw.short_side, Resize::ShortSide as fn(u32) -> Resize),
        ("long-side", raw.long_side, Resize::LongSide),
    ] {
        match side {
            Some(side) if !(1..=1 << 16).contains(&side) => {
                return fault(key(name), format!("is {side}; it must be from 1 to 65536"));
            }
            Some(side) => one(name, scale(side))?,
            None => {}
        }
    }
    if let Some(raw) = raw.letterbox.take() {
        one("letterbox", Resize::Letterbox(letterbox(raw, prefix)?))?;
    }
    if let (Some(RawSides::One(side)), Some(_)) = (raw.resize, raw.crop) {
        return fault(
            key("resize"),
            format!(
                "is one number beside `crop`, which can mean two things: `short-side = {side}`, as torchvision's \
                 Resize({side}), or the square `resize = [{side}, {side}]`"
            ),
        );
    }
    if let Some(size) = sides(raw.resize, key("resize"))? {
        one("resize", Resize::Size(size))?;
    }
    Ok(found.map(|(_, scale)| scale))
}

fn geometry(mut raw: RawGeometry, prefix: &str) -> Result<Geometry, Fault> {
    let key = |name: &str| format!("{prefix}.{name}");
    let scale = scale(&mut raw, prefix)?;
    let crop = sides(raw.crop, key("crop"))?;
    if matches!(scale, Some(Resize::Letterbox(_))) && crop.is_some() {
        return fault(key("letterbox"), "and `crop` exclude each other: a letterbox is what the model gets");
    }
    let scales = scale.is_some() || (crop.is_some() && raw.small != Some(Small::Mirror));
    for (given, name) in
        [(raw.filter.is_some(), "filter"), (raw.antialias.is_some(), "antialias"), (raw.round.is_some(), "round")]
    {
        if given && !scales {
            return fault(
                key(name),
                "has no effect: nothing is scaled (`short-side`, `long-side`, `letterbox`, `resize`)",
            );
        }
    }
    let filter = raw.filter.unwrap_or_default();
    if filter == Filter::Nearest && raw.antialias == Some(true) {
        return fault(key("antialias"), "is true, but the filter \"nearest\" takes one sample");
    }
    if filter == Filter::Lanczos && raw.antialias == Some(false) {
        return fault(key("antialias"), "is false, but the filter \"lanczos\" is Pillow's, which always widens it");
    }
    for (given, name) in [
        (raw.crops.is_some(), "crops"),
        (raw.stride.is_some(), "stride"),
        (raw.sampling.is_some(), "sampling"),
        (raw.seed.is_some(), "seed"),
        (raw.small.is_some(), "small"),
        (raw.crops_axis.is_some_and(|axis| axis != 0), "crops-axis"),
    ] {
        if given && crop.is_none() {
            return fault(key(name), "has no effect without `crop`");
        }
    }
    let stride = sides(raw.stride, key("stride"))?;
    let crops = match (raw.crops, stride) {
        (Some(RawCrops::Word(AllCrops::All)), Some(stride)) => Crops::All { stride },
        (Some(RawCrops::Word(AllCrops::All)), None) => {
            return fault(key("crops"), "is \"all\", which needs `stride = [w, h]`");
        }
        (_, Some(_)) => return fault(key("stride"), "has no effect without `crops = \"all\"`"),
        (Some(RawCrops::Count(count)), None) if !(1..=4096).contains(&count) => {
            return fault(key("crops"), format!("is {count}; it must be from 1 to 4096"));
        }
        (Some(RawCrops::Count(count)), None) => Crops::Count(count),
        (None, None) => Crops::Count(1),
    };
    if matches!(crops, Crops::All { .. }) && raw.sampling.is_some() {
        return fault(key("sampling"), "has no effect with `crops = \"all\"`");
    }
    if raw.seed.is_some() && raw.sampling != Some(RawSampling::Random) {
        return fault(key("seed"), "has no effect without `sampling = \"random\"`");
    }
    let sampling = match raw.sampling {
        Some(RawSampling::Center) if crops != Crops::Count(1) => {
            return fault(key("sampling"), "is \"centre\", where there is room for one crop only");
        }
        Some(RawSampling::Center) => Sampling::Center,
        Some(RawSampling::Random) => Sampling::Random { seed: raw.seed.unwrap_or(0) },
        Some(RawSampling::Grid) | None => Sampling::Grid,
    };
    let multiple_of = raw.multiple_of.unwrap_or(1);
    if !(1..=1 << 12).contains(&multiple_of) {
        return fault(key("multiple-of"), format!("is {multiple_of}; it must be from 1 to 4096"));
    }
    if multiple_of > 1 && crop.is_some() {
        return fault(key("multiple-of"), "and `crop` exclude each other: cut crops of such a size");
    }
    let crops_axis = raw.crops_axis.unwrap_or(0);
    if crops_axis > 1 {
        return fault(key("crops-axis"), format!("is {crops_axis}; it can be 0 (the batch) or 1 (N×K×C×H×W)"));
    }
    Ok(Geometry {
        scale,
        filter,
        antialias: raw.antialias.unwrap_or(filter != Filter::Nearest),
        round: raw.round.unwrap_or(false),
        crop,
        crops,
        sampling,
        small: raw.small.unwrap_or_default(),
        multiple_of,
        crops_axis,
    })
}

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

fn convert_output(raw: RawOutput) -> Result<Output, Fault> {
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
    let map = match raw.map {
        Some(map) => {
            ends(map.worst, map.best, "output.map")?;
            Some(MapOutput { tensor: map.tensor, worst: map.worst, best: map.best })
        }
        None => None,
    };
    let attributes = match raw.attributes {
        Some(attributes) => {
            ends(attributes.worst, attributes.best, "output.attributes")?;
            names(&attributes.names)?;
            let RawAttributes { tensor, names, worst, best } = attributes;
            Some(Attributes { tensor, names, worst, best })
        }
        None => None,
    };
    Ok(Output {
        tensor: raw.tensor,
        index: raw.index.map(|index| index as usize),
        curve,
        distribution: raw.distribution,
        softmax: raw.softmax.unwrap_or(false),
        map,
        attributes,
    })
}

fn reference_model(raw: RawReference, kind: Kind) -> Result<String, Fault> {
    const KEY: &str = "reference.model";
    if kind != Kind::FullReference {
        return fault(KEY, "has no effect: `kind` is not \"full-reference\"");
    }
    let is_name = std::path::Path::new(&raw.model).file_name().is_some_and(|name| name == raw.model.as_str());
    if !is_name {
        return fault(KEY, format!("is \"{}\"; it is the name of a file beside the model's", raw.model));
    }
    Ok(raw.model)
}

fn names(names: &[String]) -> Result<(), Fault> {
    const KEY: &str = "output.attributes.names";
    if names.is_empty() {
        return fault(KEY, "is empty");
    }
    for (index, name) in names.iter().enumerate() {
        // They become field names of a GstStructure.
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return fault(KEY, format!("has \"{name}\"; a name is a letter, then letters, digits, - and _"));
        }
        if names[..index].contains(name) {
            return fault(KEY, format!("has \"{name}\" twice"));
        }
    }
    Ok(())
}

fn constants(raw: Vec<RawConstant>, inputs: &[Input]) -> Result<Vec<Constant>, Fault> {
    let mut constants: Vec<Constant> = Vec::with_capacity(raw.len());
    for (index, constant) in raw.into_iter().enumerate() {
        let key = |name: &str| format!("constant[{index}].{name}");
        if inputs.iter().any(|input| input.tensor == constant.tensor) {
            return fault(key("tensor"), format!("is \"{}\", which an [[input]] already feeds", constant.tensor));
        }
        if constants.iter().any(|other| other.tensor == constant.tensor) {
            return fault(key("tensor"), format!("is \"{}\" a second time", constant.tensor));
        }
        if constant.value.is_empty() {
            return fault(key("value"), "is empty");
        }
        if constant.value.iter().any(|v| !v.is_finite()) {
            return fault(key("value"), "must hold finite numbers");
        }
        constants.push(Constant { tensor: constant.tensor, value: constant.value });
    }
    Ok(constants)
}
