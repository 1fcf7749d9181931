// SPDX-License-Identifier: MPL-2.0

//! Blocks a model's worker, so that tests of queues need neither a slow model nor a clock.

use super::LIMIT;
use onnx_iqa::model::{Model, Provider, Search};
use onnx_iqa::picture::{Frame, OwnedFrame, Picture, PictureError};
use onnx_iqa::scorer::{Job, Scorer};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// While this exists, the worker of a model scores nothing: it is busy reading a picture.
///
/// This works because elements and programs share an open model and its worker.
pub struct ScorerGate {
    gate: Option<Sender<()>>,
    pub model: Arc<Model>,
    _scorer: Scorer,
}

struct Slow {
    frame: OwnedFrame,
    entered: Sender<()>,
    gate: Mutex<Receiver<()>>,
}

impl Frame for Slow {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let _ = self.entered.send(());
        // Returns an error when the gate is dropped.
        let _ = self.gate.lock().unwrap().recv();
        self.frame.picture()
    }
}

impl ScorerGate {
    /// Blocks the model of elements with the properties `provider=cpu threads=1`.
    #[track_caller]
    pub fn new(path: &Path) -> Self {
        let model = Model::builder(path.to_str().unwrap()).search(Search::default()).provider(Provider::Cpu).threads(1);
        let model = model.open().unwrap();
        let scorer = Scorer::with_queue(model.clone(), 1, 1);
        let (entered, reached) = channel();
        let (gate, wait) = channel();
        let frame = OwnedFrame::rgb(1, 1, vec![0; 3]).unwrap();
        let slow = Slow { frame, entered, gate: Mutex::new(wait) };
        let other = || -> Box<dyn Frame> { Box::new(OwnedFrame::rgb(1, 1, vec![0; 3]).unwrap()) };
        let reference = model.contract().kind.compares().then(other);
        let job = Job { distorted: Box::new(slow), reference, done: Box::new(|_| ()) };
        scorer.try_submit(job).expect("an empty queue has room");
        reached.recv_timeout(LIMIT).expect("the worker starts on the picture");
        Self { gate: Some(gate), model, _scorer: scorer }
    }

    /// Lets the worker continue.
    pub fn release(mut self) {
        self.gate = None;
    }
}
