// SPDX-License-Identifier: MPL-2.0

//! A batch: tensors filled picture by picture, and whose they are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt;
use ort::value::TensorElementType as Element;

use super::error::ScoreError;
use super::plans::Plans;
use super::queue::{Pending, Ticket};
use crate::model::Model;
use crate::model::contract::{Input, Kind, Role};
use crate::picture::Picture;
use crate::preprocess::TensorLayout;

/// A tensor's elements, of the type that the graph takes.
pub(super) enum Elements {
    F32(Vec<f32>),
    F16(Vec<f16>),
    U8(Vec<u8>),
}

/// Memory for a batch's inputs, used again and again.
pub(super) struct Buffers {
    pub(super) inputs: Vec<Elements>,
}

impl Buffers {
    pub(super) fn new(model: &Model) -> Self {
        let inputs = model.contract().inputs.iter().map(|input| {
            match model.graph().input(&input.tensor).map(|tensor| tensor.element) {
                Some(Element::Float16) => Elements::F16(Vec::new()),
                Some(Element::Uint8) => Elements::U8(Vec::new()),
                _ => Elements::F32(Vec::new()),
            }
        });
        Self { inputs: inputs.collect() }
    }
}

/// What pictures in one batch have in common, per input: crops, channels, height, width.
pub(super) type Shape = [usize; 4];

/// Where the crops of a frame lie, for putting their maps together.
pub(super) struct Cropping {
    /// Of the whole scaled picture.
    pub(super) scaled: [u32; 2],
    /// Of a crop.
    pub(super) crop: [u32; 2],
    /// Each crop's left upper corner.
    pub(super) origins: Vec<[u32; 2]>,
}

/// A job in a batch.
pub(super) struct Entry {
    pub(super) ticket: Ticket,
    /// Where its maps go, or why it takes no part.
    pub(super) preprocessed: Result<Option<Cropping>, ScoreError>,
}

/// Jobs that run together.
pub(super) struct Batch {
    pub(super) buffers: Buffers,
    /// Pictures in the buffers; entries that failed have none.
    pub(super) frames: usize,
    /// Of every input, once there is a picture.
    pub(super) shapes: Vec<Shape>,
    pub(super) entries: Vec<Entry>,
}

impl Batch {
    pub(super) fn new(buffers: Buffers) -> Self {
        Self { buffers, frames: 0, shapes: Vec::new(), entries: Vec::new() }
    }
}

/// Writes pictures into batches.
pub(super) struct Preprocessor {
    model: Arc<Model>,
    plans: Plans,
    scratch: Vec<f32>,
}

enum Written {
    Yes(Vec<Shape>, Option<Cropping>),
    OtherShape,
}

impl Preprocessor {
    pub(super) fn new(model: Arc<Model>) -> Self {
        Self { model, plans: Plans::default(), scratch: Vec::new() }
    }

    /// Adds a job's pictures to the batch. A job whose tensors have another shape comes back.
    pub(super) fn add(&mut self, batch: &mut Batch, pending: Pending) -> Option<Pending> {
        let written = if pending.ticket.is_cancelled() {
            Err(ScoreError::Cancelled)
        } else {
            // Frames are their users' code.
            catch_unwind(AssertUnwindSafe(|| self.write(batch, &pending))).unwrap_or_else(|panic| {
                self.plans.clear();
                Err(ScoreError::Internal(crate::panic::panic_text(&*panic)))
            })
        };
        let preprocessed = match written {
            Ok(Written::OtherShape) => return Some(pending),
            Ok(Written::Yes(shapes, cropping)) => {
                batch.shapes = shapes;
                batch.frames += 1;
                Ok(cropping)
            }
            Err(error) => Err(error),
        };
        let Pending { distorted, reference, ticket } = pending;
        // The frames' memory is wanted back upstream.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop((distorted, reference)))) {
            log::error!("letting go of a frame panicked: {}", crate::panic::panic_text(&*panic));
        }
        batch.entries.push(Entry { ticket, preprocessed });
        None
    }

    fn write(&mut self, batch: &mut Batch, pending: &Pending) -> Result<Written, ScoreError> {
        let model = self.model.clone();
        let contract = model.contract();
        let reference = match (contract.kind.compares(), &pending.reference) {
            (true, Some(frame)) => Some(frame.picture()?),
            (true, None) => {
                return Err(ScoreError::Reference(format!("{} needs a reference, none was given", contract.name)));
            }
            (false, Some(_)) => {
                return Err(ScoreError::Reference(format!("{} takes no reference, one was given", contract.name)));
            }
            (false, None) => None,
        };
        let distorted = pending.distorted.picture()?;
        let picture = |role: Role| match (role, &reference) {
            (Role::Reference, Some(reference)) => reference,
            _ => &distorted,
        };
        let shapes = self.shapes(&picture)?;
        if batch.frames > 0 && batch.shapes != shapes {
            return Ok(Written::OtherShape);
        }
        let mut cropping = None;
        for (index, input) in contract.inputs.iter().enumerate() {
            let picture = picture(input.role);
            let plan = self.plans.get(index, input, picture)?;
            let length = plan.layout().len();
            if contract.output.map.is_some() && cropping.is_none() && input.role == Role::Distorted {
                let TensorLayout { scaled, crop_origins, width, height, .. } = plan.layout();
                let crop = [*width as u32, *height as u32];
                cropping = Some(Cropping { scaled: *scaled, crop, origins: crop_origins.clone() });
            }
            let start = batch.frames * length;
            let range = start..start + length;
            match &mut batch.buffers.inputs[index] {
                Elements::F32(values) => plan.run(picture, room(values, range))?,
                Elements::F16(values) => {
                    let scratch = room(&mut self.scratch, 0..length);
                    plan.run(picture, scratch)?;
                    room(values, range).convert_from_f32_slice(scratch);
                }
                Elements::U8(values) => {
                    let scratch = room(&mut self.scratch, 0..length);
                    plan.run(picture, scratch)?;
                    for (to, from) in room(values, range).iter_mut().zip(scratch) {
                        *to = from.round().clamp(0.0, 255.0) as u8;
                    }
                }
            }
        }
        Ok(Written::Yes(shapes, cropping))
    }

    /// The tensors' shapes; checks that the inputs belong together.
    fn shapes<'a, 'p: 'a>(&mut self, picture: &impl Fn(Role) -> &'a Picture<'p>) -> Result<Vec<Shape>, ScoreError> {
        let model = self.model.clone();
        let contract = model.contract();
        let mut shapes = Vec::with_capacity(contract.inputs.len());
        let mut layouts: Vec<TensorLayout> = Vec::new();
        for (index, input) in contract.inputs.iter().enumerate() {
            let layout = self.plans.get(index, input, picture(input.role))?.layout();
            shapes.push([layout.crops, layout.channels, layout.height, layout.width]);
            // One input alone has nothing to agree with.
            if contract.inputs.len() > 1 {
                layouts.push(layout.clone());
            }
        }
        for (index, layout) in layouts.iter().enumerate() {
            let input = &contract.inputs[index];
            // A reference of other content has its own size, and no place in common with the frame.
            let at_one_place = |earlier: &Input| contract.kind != Kind::ReducedReference || earlier.role == input.role;
            let differs = layouts[..index].iter().zip(&contract.inputs).find(|(other, earlier)| {
                let crop_origins = (&other.scaled, &other.crop_origins) != (&layout.scaled, &layout.crop_origins);
                let same_places = earlier.geometry == input.geometry && at_one_place(earlier);
                other.crops != layout.crops || (same_places && crop_origins)
            });
            if let Some((other, earlier)) = differs {
                let (a, b) = (picture(earlier.role), picture(input.role));
                let needs = match at_one_place(earlier) {
                    true => "looks at the same places of both pictures, which must have one size".to_owned(),
                    false => format!(
                        "takes as many crops of one picture as of the other, here {} and {}: give `crops` a number, \
                         or pictures of one size",
                        other.crops, layout.crops
                    ),
                };
                return Err(ScoreError::Reference(format!(
                    "{} {needs}; \"{}\" gets {}×{}, \"{}\" {}×{}",
                    contract.name,
                    earlier.tensor,
                    a.width(),
                    a.height(),
                    input.tensor,
                    b.width(),
                    b.height()
                )));
            }
        }
        Ok(shapes)
    }
}

/// The range, for which the vector grows if it must.
fn room<T: Clone + Default>(values: &mut Vec<T>, range: std::ops::Range<usize>) -> &mut [T] {
    if values.len() < range.end {
        values.resize(range.end, T::default());
    }
    &mut values[range]
}
