// SPDX-License-Identifier: MPL-2.0

//! What is open between READY and PAUSED: the model, and the comparer, which a flush replaces.

use super::imp::{CAT, IqaCompare};
use super::settings::{NO_MODEL, Settings};
use super::state::State;
use crate::scoring::ModelInfo;
use crate::{describe, lock, scoring};
use gst::prelude::*;
use gst::subclass::prelude::*;
use onnx_iqa::comparer::{Comparer, Side};
use onnx_iqa::model::contract::Kind;
use std::sync::Arc;

/// What is open from READY to PAUSED and back.
pub(super) struct Session {
    settings: Settings,
    pub(super) model: Option<scoring::Session>,
}

impl IqaCompare {
    /// READY→PAUSED: opens the model.
    pub(super) fn open(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let model = match settings.has_model() {
            false => None,
            true => Some(scoring::Session::open(*CAT, self.obj().upcast_ref(), &settings.model, Kind::FullReference)?),
        };
        let model_info = match &model {
            Some(model) => model.model_info(),
            None => ModelInfo { model: NO_MODEL.into(), kind: Kind::FullReference },
        };
        lock(&self.report).restart();
        *self.state() = State { model_info: Arc::new(model_info), ..State::default() };
        for flag in self.woken.iter().chain(&self.flushing) {
            flag.store(false, std::sync::atomic::Ordering::Release);
        }
        *lock(&self.session) = Some(Session { settings, model });
        self.signal.halt(false);
        self.renew().map_err(|_| gst::error_msg!(gst::LibraryError::Init, ("no comparer could be started")))?;
        self.obj().notify("active-provider");
        Ok(())
    }

    /// Goes on with another comparer, which knows nothing of what came before.
    pub(super) fn renew(&self) -> Result<(), gst::FlowError> {
        let session = lock(&self.session);
        let Some(Session { settings, model }) = &*session else { return Err(gst::FlowError::Flushing) };
        let scorer = model.as_ref().map(|model| model.scorer(1));
        let mut engine = settings.comparer();
        // It may have changed since.
        engine.time.offset = lock(&self.settings).offset;
        drop(session);
        let element = self.obj().downgrade();
        let changed = move || {
            if let Some(element) = element.upgrade() {
                element.imp().wake();
            }
        };
        let comparer = Comparer::new(engine, scorer, changed).map_err(|error| {
            gst::element_imp_error!(self, gst::LibraryError::Init, ("{}", describe(&error)));
            gst::FlowError::Error
        })?;
        let comparer = Arc::new(comparer);
        let mut state = self.state();
        for (side, ended) in [Side::Reference, Side::Distorted].into_iter().zip(state.ended) {
            match side {
                Side::Reference if ended => comparer.end_reference(),
                Side::Distorted if ended => comparer.end_distorted(),
                _ => {}
            }
        }
        let before = state.replace_comparer(Some(comparer));
        drop(state);
        cancel(before);
        Ok(())
    }

    /// PAUSED→READY, when nothing flows any more. What the ledger says remains to be read.
    pub(super) fn close(&self) {
        let before = self.state().replace_comparer(None);
        cancel(before);
        let mut state = self.state();
        *state = State { past: state.past, ..State::default() };
        drop(state);
        let session = lock(&self.session).take();
        drop(session);
    }

    /// Everything was flushed: what is held is of no interest any more.
    pub(super) fn flush(&self) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut state = self.state();
        state.fifo.clear();
        state.ended = [false; 2];
        state.flow = Ok(gst::FlowSuccess::Ok);
        state.failing = false;
        state.announced.segment = None;
        state.announced.early.clear();
        state.announced.summary = false;
        state.announced.end = false;
        state.segments = [gst::FormattedSegment::new(), gst::FormattedSegment::new()];
        drop(state);
        lock(&self.report).discontinuity();
        self.renew()?;
        Ok(gst::FlowSuccess::Ok)
    }
}

/// Ends a comparer. Not under a lock: it says that it has changed.
pub(super) fn cancel(comparer: Option<Arc<Comparer>>) {
    if let Some(comparer) = comparer {
        comparer.cancel();
    }
}
