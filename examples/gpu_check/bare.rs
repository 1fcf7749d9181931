// SPDX-License-Identifier: MPL-2.0

//! A session that is fed ready tensors: as fast as ONNX Runtime is with nothing around it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use onnx_iqa::model::contract::{Layout, Role};
use onnx_iqa::model::{Model, Provider, Search, environment};
use onnx_iqa::picture::Frame as _;
use onnx_iqa::preprocess::Plan;
use ort::session::{Session, SessionInputValue};
use ort::value::{Tensor, TensorElementType};

use crate::pictures::Pair;

/// A session with the tensors of one batch.
pub struct Bare {
    session: Session,
    inputs: Vec<(String, Tensor<f32>)>,
}

impl Bare {
    /// For `batch` copies of a picture.
    pub fn new(file: &Path, model: &Model, device: u32, threads: usize, batch: usize, pair: &Pair) -> Result<Self> {
        let contract = model.contract();
        ensure!(contract.constants.is_empty(), "a graph with constants is not compared with a bare session");
        let mut inputs = Vec::new();
        for input in &contract.inputs {
            let element = model.graph().input(&input.tensor).map(|tensor| tensor.element);
            ensure!(element == Some(TensorElementType::Float32), "\"{}\" takes {element:?}, not float32", input.tensor);
            let frame = if input.role == Role::Reference { &pair.reference } else { &pair.distorted };
            let picture = frame.picture()?;
            let (format, colorimetry) = (picture.format(), picture.colorimetry());
            let mut plan = Plan::new(input, format, picture.width(), picture.height(), colorimetry)?;
            let layout = plan.layout().clone();
            let mut values = vec![0.0; layout.len()];
            plan.run(&picture, &mut values)?;
            let (crops, stacked) = (layout.crops, input.geometry.crops_axis == 1);
            let picture_dims = match input.layout {
                Layout::Nchw => [layout.channels, layout.height, layout.width],
                Layout::Nhwc => [layout.height, layout.width, layout.channels],
            };
            let mut dims = if stacked { vec![batch, crops] } else { vec![batch * crops] };
            dims.extend(picture_dims);
            inputs.push((input.tensor.clone(), Tensor::from_array((dims, values.repeat(batch)))?));
        }
        let environment = environment(Search::for_program().runtime.first().map(std::path::PathBuf::as_path))?;
        let mut builder = Session::builder(&environment)?
            .with_intra_threads(threads)
            .map_err(|error| anyhow!("{error}"))?
            .with_intra_op_spinning(false)
            .map_err(|error| anyhow!("{error}"))?;
        let dispatch = match model.active_provider() {
            Provider::Cuda => Some(ort::ep::CUDA::default().with_device_id(i32::try_from(device)?).build()),
            Provider::TensorRt => Some(tensorrt(device)?),
            Provider::OpenVino => Some(ort::ep::OpenVINO::default().build()),
            _ => None,
        };
        if let Some(dispatch) = dispatch {
            builder =
                builder.with_execution_providers([dispatch.error_on_failure()]).map_err(|error| anyhow!("{error}"))?;
        }
        let session = builder.commit_from_file(file)?;
        Ok(Self { session, inputs })
    }

    /// Seconds for so many runs.
    pub fn time(&mut self, runs: usize) -> Result<f64> {
        let begin = Instant::now();
        for _ in 0..runs {
            let inputs: Vec<(&str, SessionInputValue<'_>)> =
                self.inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.view().into())).collect();
            self.session.run(inputs)?;
        }
        Ok(begin.elapsed().as_secs_f64())
    }
}

/// With the engines that the model's own session has made.
fn tensorrt(device: u32) -> Result<ort::ep::ExecutionProviderDispatch> {
    let cache = std::env::var("XDG_CACHE_HOME").context("TensorRT's engines are kept in XDG_CACHE_HOME: set it")?;
    let folder = format!("{cache}/onnx-iqa");
    let tensorrt = ort::ep::TensorRT::default().with_device_id(i32::try_from(device)?);
    Ok(tensorrt
        .with_engine_cache(true)
        .with_engine_cache_path(&folder)
        .with_timing_cache(true)
        .with_timing_cache_path(&folder)
        .build())
}
