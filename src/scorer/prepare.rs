// SPDX-License-Identifier: MPL-2.0

//! Writing pictures into batches, in parallel if several are queued, on a few threads that all workers share.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use super::batch::{Batch, Cropping, Entry, Shape, Slot, append, tensor_dims};
use super::error::ScoreError;
use super::features::{self, Features};
use super::plans::Plans;
use super::queue::Pending;
use crate::model::contract::{Contract, Input, Kind, Role, Sizes};
use crate::model::{ConstantTensor, Model};
use crate::picture::Picture;
use crate::preprocess::TensorLayout;

/// Most threads: a model on a GPU processes no more pictures than a few cores can prepare.
const MOST_THREADS: usize = 8;

/// The threads that prepare pictures which are queued together; `None` if there would be a single one. A single picture
/// is prepared on the worker's own thread.
static THREADS: LazyLock<Option<rayon::ThreadPool>> = LazyLock::new(|| {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if threads == 1 {
        return None;
    }
    let named = |index| format!("iqa-prepare{index}");
    let started = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(named).build();
    started.map_err(|error| log::warn!("pictures are prepared one by one: {threads} threads: {error}")).ok()
});

/// Writes pictures into batches.
pub(super) struct Preprocessor {
    model: Arc<Model>,
    /// Whether an input of the model has the frame's size, so that a batch holds frames of one size.
    one_size: bool,
    /// For the shapes, which are computed one by one.
    plans: Plans,
    /// One per thread, locked by that thread alone.
    lanes: Vec<Mutex<Lane>>,
}

/// The memory of one thread.
#[derive(Default)]
struct Lane {
    plans: Plans,
    scratch: Vec<f32>,
}

/// The result of a job.
struct Written {
    entry: Entry,
    features: Option<Arc<Features>>,
    /// Whether it was given memory in the batch.
    placed: bool,
}

/// Whether the model's reference branch takes that input.
fn is_branch(model: &Model, input: &Input) -> bool {
    model.branch().is_some() && input.role == Role::Reference
}

/// A job and the memory for its pictures.
type Placed<'a> = (Pending, Result<Vec<Slot<'a>>, ScoreError>);

impl Preprocessor {
    pub(super) fn new(model: Arc<Model>) -> Self {
        let one_size = model.constants().iter().any(ConstantTensor::follows_frame);
        Self { model, one_size, plans: Plans::default(), lanes: vec![Mutex::default()] }
    }

    /// Adds the pictures of jobs to the batch, in order. The first job whose tensors have a different shape (or whose
    /// frame has a different size, if the model gets that) is returned, with all after it.
    pub(super) fn add(&mut self, batch: &mut Batch, jobs: Vec<Pending>) -> VecDeque<Pending> {
        let mut left = VecDeque::from(jobs);
        let mut taken = Vec::with_capacity(left.len());
        while let Some(pending) = left.front() {
            let shapes = self.guarded_shapes(pending);
            if let Ok((shapes, frame_size)) = &shapes {
                if batch.shapes.is_empty() {
                    batch.shapes.clone_from(shapes);
                    batch.frame_size = *frame_size;
                } else if batch.shapes != *shapes || batch.frame_size != *frame_size {
                    break;
                }
            }
            taken.extend(left.pop_front().map(|pending| (pending, shapes.map(drop))));
        }
        let first = batch.frames;
        let wanted = taken.iter().filter(|(_, shapes)| shapes.is_ok()).count();
        // The picture length of each input; `None` for inputs of the reference branch.
        let model = self.model.clone();
        let inputs = model.contract().inputs.iter().zip(&batch.shapes);
        let lengths: Vec<Option<usize>> =
            inputs.map(|(input, shape)| (!is_branch(&model, input)).then(|| shape.iter().product())).collect();
        let rooms = batch.buffers.inputs.iter_mut().zip(&lengths).map(|(input, length)| match length {
            Some(length) => input.slots(*length, first, wanted),
            None => (0..wanted).map(|_| Slot::Unused).collect(),
        });
        let mut rooms: Vec<_> = rooms.map(Vec::into_iter).collect();
        let placed = taken.into_iter().map(|(pending, shapes)| {
            let slots = shapes.map(|()| rooms.iter_mut().filter_map(Iterator::next).collect());
            (pending, slots)
        });
        let placed: Vec<Placed<'_>> = placed.collect();
        let written = self.write_all(placed);
        // A picture that failed leaves its place to the next one.
        let mut room = first;
        for Written { mut entry, features, placed } in written {
            if let (Ok(_), Some(features)) = (&entry.preprocessed, &features)
                && let Err(error) = append(&mut batch.features, features)
            {
                entry.preprocessed = Err(error);
            }
            if entry.preprocessed.is_ok() {
                if room != batch.frames {
                    for (input, length) in batch.buffers.inputs.iter_mut().zip(&lengths) {
                        length.iter().for_each(|&length| input.move_down(length, room, batch.frames));
                    }
                }
                batch.frames += 1;
            }
            room += usize::from(placed);
            batch.entries.push(entry);
        }
        if batch.frames == 0 {
            batch.shapes.clear();
        }
        left
    }

    fn write_all(&mut self, placed: Vec<Placed<'_>>) -> Vec<Written> {
        let threads = if placed.len() > 1 { THREADS.as_ref() } else { None };
        let lanes = threads.map_or(1, rayon::ThreadPool::current_num_threads);
        if self.lanes.len() < lanes {
            self.lanes.resize_with(lanes, Mutex::default);
        }
        let write = |placed: Placed<'_>| {
            let lane = rayon::current_thread_index().unwrap_or(0) % self.lanes.len();
            let mut lane = self.lanes[lane].lock().unwrap_or_else(PoisonError::into_inner);
            lane.write(&self.model, placed)
        };
        match threads {
            Some(threads) => threads.install(|| placed.into_par_iter().map(write).collect()),
            None => placed.into_iter().map(write).collect(),
        }
    }

    /// The tensors' shapes for a job that was not cancelled, and the frame's size if the model gets that. A panic in
    /// the frame's own code becomes the job's error.
    fn guarded_shapes(&mut self, pending: &Pending) -> Result<(Vec<Shape>, Option<[u32; 2]>), ScoreError> {
        if pending.ticket.is_cancelled() {
            return Err(ScoreError::Cancelled);
        }
        let found = catch_unwind(AssertUnwindSafe(|| {
            let model = self.model.clone();
            let pictures = Pictures::open(model.contract(), pending)?;
            let shapes = shapes(&mut self.plans, model.contract(), &pictures)?;
            Ok((shapes, self.one_size.then(|| [pictures.distorted.width(), pictures.distorted.height()])))
        }));
        found.unwrap_or_else(|panic| {
            self.plans.clear();
            Err(ScoreError::Internal(crate::panic::panic_text(&*panic)))
        })
    }
}

impl Lane {
    fn write(&mut self, model: &Model, (pending, slots): Placed<'_>) -> Written {
        let placed = slots.is_ok();
        let filled = slots.and_then(|slots| {
            let written = catch_unwind(AssertUnwindSafe(|| self.fill(model, &pending, slots)));
            written.unwrap_or_else(|panic| {
                self.plans.clear();
                Err(ScoreError::Internal(crate::panic::panic_text(&*panic)))
            })
        });
        let Pending { distorted, reference, ticket } = pending;
        // Upstream may be waiting for the frames' memory.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop((distorted, reference)))) {
            log::error!("letting go of a frame panicked: {}", crate::panic::panic_text(&*panic));
        }
        let (preprocessed, features) = match filled {
            Ok((cropping, features)) => (Ok(cropping), features),
            Err(error) => (Err(error), None),
        };
        Written { entry: Entry { ticket, preprocessed }, features, placed }
    }

    /// The positions of the crops, if needed, and the output of the model's reference branch.
    fn fill(
        &mut self,
        model: &Model,
        pending: &Pending,
        slots: Vec<Slot<'_>>,
    ) -> Result<(Option<Cropping>, Option<Arc<Features>>), ScoreError> {
        let contract = model.contract();
        let pictures = Pictures::open(contract, pending)?;
        let mut cropping = None;
        for ((index, input), slot) in contract.inputs.iter().enumerate().zip(slots) {
            let picture = pictures.of(input.role);
            let plan = self.plans.get(index, input, picture)?;
            if contract.output.map.is_some() && cropping.is_none() && input.role == Role::Distorted {
                let TensorLayout { scaled, crop_origins, width, height, .. } = plan.layout();
                let crop = [*width as u32, *height as u32];
                cropping = Some(Cropping { scaled: *scaled, crop, origins: crop_origins.clone() });
            }
            match slot {
                Slot::F32(values) => plan.run(picture, values)?,
                Slot::F16(values) => {
                    self.scratch.resize(values.len(), 0.0);
                    plan.run(picture, &mut self.scratch)?;
                    values.convert_from_f32_slice(&self.scratch);
                }
                Slot::U8(values) => {
                    self.scratch.resize(values.len(), 0.0);
                    plan.run(picture, &mut self.scratch)?;
                    for (to, from) in values.iter_mut().zip(&self.scratch) {
                        *to = from.round().clamp(0.0, 255.0) as u8;
                    }
                }
                Slot::Unused => {}
            }
        }
        let branch = model.branch().zip(pending.reference.as_deref()).zip(pictures.reference.as_ref());
        let features = branch.map(|((branch, frame), picture)| {
            features::of(branch, model.graph(), frame, picture, || self.tensors(contract, picture))
        });
        Ok((cropping, features.transpose()?))
    }

    /// The reference in the form that its branch takes.
    fn tensors(&mut self, contract: &Contract, picture: &Picture<'_>) -> Result<Vec<features::Tensor>, ScoreError> {
        let inputs = contract.inputs.iter().enumerate().filter(|(_, input)| input.role == Role::Reference);
        let tensor = |(index, input): (usize, &Input)| {
            let plan = self.plans.get(index, input, picture)?;
            let layout = plan.layout();
            let mut values = vec![0.0; layout.len()];
            let dims = tensor_dims(input, [layout.crops, layout.channels, layout.height, layout.width], 1);
            plan.run(picture, &mut values)?;
            Ok((input.tensor.clone(), dims, values))
        };
        inputs.map(tensor).collect()
    }
}

/// The pictures of a job.
struct Pictures<'a> {
    distorted: Picture<'a>,
    reference: Option<Picture<'a>>,
}

impl<'a> Pictures<'a> {
    fn open(contract: &Contract, pending: &'a Pending) -> Result<Self, ScoreError> {
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
        Ok(Self { distorted: pending.distorted.picture()?, reference })
    }

    fn of(&self, role: Role) -> &Picture<'a> {
        match (role, &self.reference) {
            (Role::Reference, Some(reference)) => reference,
            _ => &self.distorted,
        }
    }
}

/// The tensors' shapes; checks that the inputs are consistent.
fn shapes(plans: &mut Plans, contract: &Contract, pictures: &Pictures<'_>) -> Result<Vec<Shape>, ScoreError> {
    let mut shapes = Vec::with_capacity(contract.inputs.len());
    let mut layouts: Vec<TensorLayout> = Vec::new();
    for (index, input) in contract.inputs.iter().enumerate() {
        let layout = plans.get(index, input, pictures.of(input.role))?.layout();
        shapes.push([layout.crops, layout.channels, layout.height, layout.width]);
        // A single input has nothing to be consistent with.
        if contract.inputs.len() > 1 {
            layouts.push(layout.clone());
        }
    }
    for (index, layout) in layouts.iter().enumerate() {
        let input = &contract.inputs[index];
        // A reference of other content has a size of its own, and its crops are at different places.
        let of_own_size = contract.kind == Kind::ReducedReference || contract.sizes == Sizes::Own;
        let at_one_place = |earlier: &Input| !of_own_size || earlier.role == input.role;
        let differs = layouts[..index].iter().zip(&contract.inputs).find(|(other, earlier)| {
            let crop_origins = (&other.scaled, &other.crop_origins) != (&layout.scaled, &layout.crop_origins);
            let same_places = earlier.geometry == input.geometry && at_one_place(earlier);
            other.crops != layout.crops || (same_places && crop_origins)
        });
        if let Some((other, earlier)) = differs {
            let (a, b) = (pictures.of(earlier.role), pictures.of(input.role));
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
