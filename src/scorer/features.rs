// SPDX-License-Identifier: MPL-2.0

//! The output of a model's reference branch, computed once for a reference that several pictures are compared with.

use std::borrow::Cow;
use std::sync::Arc;

use ort::session::SessionInputValue;
use ort::value::TensorRef;

use super::error::ScoreError;
use crate::model::{Branch, GraphInfo, ort_message};
use crate::picture::{Frame, Picture};

/// An input of the branch: its name, its dimensions and its elements.
pub(super) type Tensor = (String, Vec<usize>, Vec<f32>);

/// The branch's output for one frame, in the order of the model's inputs.
pub(super) struct Features(pub(super) Vec<Feature>);

/// A tensor that is passed from one graph to the other.
#[derive(Default)]
pub(super) struct Feature {
    pub(super) name: String,
    /// The dimensions of a row.
    pub(super) dims: Vec<usize>,
    /// All rows, one after another.
    pub(super) values: Vec<f32>,
}

impl Feature {
    /// Numbers per row.
    pub(super) fn row(&self) -> usize {
        self.dims.iter().product()
    }

    /// `count` rows from `start` on, followed by copies of the last up to `step`.
    pub(super) fn rows(&self, start: usize, count: usize, step: usize) -> Cow<'_, [f32]> {
        let row = self.row();
        let values = &self.values[start * row..(start + count) * row];
        if count == step {
            return values.into();
        }
        let last = &values[values.len().saturating_sub(row)..];
        std::iter::once(values).chain((count..step).map(|_| last)).flatten().copied().collect::<Vec<_>>().into()
    }
}

/// The features of a reference: those computed for another comparison, or new ones. `tensors` prepares the frame.
pub(super) fn of(
    branch: &Branch,
    model: &GraphInfo,
    frame: &dyn Frame,
    picture: &Picture<'_>,
    tensors: impl FnOnce() -> Result<Vec<Tensor>, ScoreError>,
) -> Result<Arc<Features>, ScoreError> {
    let make = || {
        let features = run(branch, model, tensors()?).map_err(|error| ScoreError::Run(ort_message(&error)))?;
        let bytes = features.0.iter().map(|feature| size_of_val(&feature.values[..])).sum();
        Ok((features, bytes))
    };
    let Some(lease) = frame.lease() else { return make().map(|(features, _)| Arc::new(features)) };
    let colorimetry = picture.colorimetry();
    let site = colorimetry.chroma_site;
    let mut key = vec![branch.number(), picture.format() as u64, picture.width().into(), picture.height().into()];
    key.extend([colorimetry.matrix as u64, colorimetry.range as u64, site.cosited_x.into(), site.cosited_y.into()]);
    key.extend(picture.planes().iter().map(|plane| plane.stride as u64));
    lease.get_or_try(&key, make)
}

/// Runs the branch for one frame; several times if its first dimension is fixed.
fn run(branch: &Branch, model: &GraphInfo, tensors: Vec<Tensor>) -> ort::Result<Features> {
    let rows = tensors.first().and_then(|(_, dims, _)| dims.first()).copied().unwrap_or(1);
    let fixed = branch.graph().inputs.first().and_then(|input| input.dims.as_ref()?.first()?.fixed());
    let step = fixed.filter(|&fixed| fixed > 0 && rows.is_multiple_of(fixed)).unwrap_or(rows);
    let mut features: Vec<_> =
        branch.features(model).map(|name| Feature { name: name.to_owned(), ..Feature::default() }).collect();
    let mut session = branch.session();
    for start in (0..rows).step_by(step.max(1)) {
        let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::new();
        for (name, dims, values) in &tensors {
            let row = values.len() / rows.max(1);
            let dims: Vec<_> = std::iter::once(step).chain(dims.iter().skip(1).copied()).collect();
            let values = &values[start * row..(start + step) * row];
            inputs.push((name.as_str().into(), TensorRef::from_array_view((dims, values))?.into()));
        }
        let results = session.run(inputs)?;
        for feature in &mut features {
            let missing = || ort::Error::new(format!("no output \"{}\"", feature.name));
            let value = results.get(feature.name.as_str()).ok_or_else(missing)?;
            let (shape, values) = value.try_extract_tensor::<f32>()?;
            let dims: Vec<_> = shape.iter().map(|&side| side as usize).collect();
            if dims.first() != Some(&step) {
                let text = format!("the reference's \"{}\" is {dims:?} for {step} pictures", feature.name);
                return Err(ort::Error::new(text));
            }
            feature.dims = dims[1..].to_vec();
            feature.values.extend_from_slice(values);
        }
    }
    Ok(Features(features))
}
