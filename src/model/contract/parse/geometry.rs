// SPDX-License-Identifier: MPL-2.0

//! Reading a geometry.

use super::super::geometry::{Crops, Geometry, Letterbox, Resize, Rounding, Sampling, Small};
use super::super::schema::{AllCrops, RawCrops, RawGeometry, RawLetterbox, RawSampling, RawSides};
use super::{Fault, fault};
use crate::resample::Filter;

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

/// The largest `scale`.
const LARGEST_FACTOR: f64 = 16.0;

/// Whichever of `short-side`, `long-side`, `scale`, `letterbox` and `resize` is given.
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
    if let Some(factor) = raw.scale {
        if factor == 1.0 {
            return fault(key("scale"), "has no effect: a frame that is scaled by 1 stays as it is");
        }
        if !(factor > 0.0 && factor <= LARGEST_FACTOR) {
            return fault(key("scale"), format!("is {factor}; it must be above 0 and at most {LARGEST_FACTOR}"));
        }
        one("scale", Resize::Factor(factor))?;
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

pub(super) fn geometry(mut raw: RawGeometry, prefix: &str) -> Result<Geometry, Fault> {
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
                "has no effect: nothing is scaled (`short-side`, `long-side`, `scale`, `letterbox`, `resize`)",
            );
        }
    }
    if raw.rounding.is_some() && !matches!(scale, Some(Resize::ShortSide(_) | Resize::LongSide(_) | Resize::Factor(_)))
    {
        return fault(key("rounding"), "has no effect without `short-side`, `long-side` or `scale`");
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
        Some(RawSampling::Steps) => Sampling::Steps,
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
        rounding: raw.rounding.unwrap_or(Rounding::Nearest),
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
