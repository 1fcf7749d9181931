// SPDX-License-Identifier: MPL-2.0

//! State between READY→PAUSED and PAUSED→READY: the model, and the comparer, which a flush replaces.

use super::category::CAT;
use super::settings::Settings;
use super::still::doubts;
use super::wakeup::Wakeup;
use crate::scoring::{Fields, ModelInfo, NO_MODEL};
use crate::{lock, scoring};
use onnx_iqa::align::Suspicions;
use onnx_iqa::align::time::Ledger;
use onnx_iqa::comparer::{CompareError, Comparer};
use onnx_iqa::metrics::VmafModel;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::Finding;
use onnx_iqa::scorer::Selection;
use std::sync::{Arc, Mutex};

/// Parameters of a session.
struct Open {
    settings: Settings,
    model: Option<scoring::Session>,
    model_info: Arc<ModelInfo>,
    vmaf_model: Option<Arc<VmafModel>>,
}

#[derive(Default)]
struct Inner {
    open: Option<Open>,
    comparer: Option<Arc<Comparer>>,
    /// Counts of replaced comparers and of references that no comparer was given; kept after the session to be read.
    past: Ledger,
}

/// The model and the comparer.
#[derive(Default)]
pub(super) struct Session(Mutex<Inner>);

impl Session {
    /// READY→PAUSED: opens the model. The comparer is created by [`renew`](Self::renew).
    pub(super) fn open(&self, element: &gst::Element, settings: Settings) -> Result<(), gst::ErrorMessage> {
        let model = match settings.has_model() {
            false => None,
            true => Some(scoring::Session::open(*CAT, element, &settings.model, Kind::FullReference)?),
        };
        let model_info = match &model {
            Some(model) => model.model_info(),
            None => ModelInfo { model: NO_MODEL.into(), kind: Kind::FullReference },
        };
        let vmaf_model = match settings.has_vmaf() {
            false => None,
            true => Some(Arc::new(scoring::open_vmaf(element, &settings.vmaf_model)?)),
        };
        let open = Open { settings, model, model_info: Arc::new(model_info), vmaf_model };
        let before = std::mem::replace(&mut *lock(&self.0), Inner { open: Some(open), ..Inner::default() });
        drop(before);
        Ok(())
    }

    /// Replaces the comparer, if any, with a new one that uses the current values of changeable properties. `work` is
    /// notified of its progress. Returns `None` if no session is open.
    pub(super) fn renew(
        &self,
        (offset, selection): (i64, Selection),
        work: Arc<Wakeup>,
    ) -> Result<Option<Arc<Comparer>>, CompareError> {
        let inner = lock(&self.0);
        let Some(Open { settings, model, vmaf_model, .. }) = &inner.open else { return Ok(None) };
        let scorer = model.as_ref().map(|model| model.scorer(1));
        let mut engine = settings.comparer();
        engine.vmaf_model.clone_from(vmaf_model);
        // The settings may have changed since.
        (engine.time.offset, engine.selection) = (offset, selection);
        drop(inner);
        let comparer = Arc::new(Comparer::new(engine, scorer, move || work.tell())?);
        self.replace(Some(comparer.clone()));
        Ok(Some(comparer))
    }

    /// Drops the previous comparer without holding the lock: it sends notifications, releases frames and joins its
    /// threads.
    fn replace(&self, comparer: Option<Arc<Comparer>>) {
        let mut inner = lock(&self.0);
        let before = std::mem::replace(&mut inner.comparer, comparer);
        if let Some(before) = &before {
            inner.past += before.ledger().decided();
        }
        drop(inner);
        if let Some(before) = before {
            before.cancel();
        }
    }

    /// Counts references that arrived after the last distorted frame had left.
    pub(super) fn count_late(&self, references: u64) {
        lock(&self.0).past += Ledger { reference: references, outside: references, ..Ledger::default() };
    }

    /// Cancels all work; no thread waits for the comparer after this.
    pub(super) fn cancel(&self) {
        let comparer = lock(&self.0).comparer.clone();
        if let Some(comparer) = comparer {
            comparer.cancel();
        }
    }

    /// PAUSED→READY, after data flow has stopped. The counts remain readable.
    pub(super) fn close(&self) {
        self.replace(None);
        let open = lock(&self.0).open.take();
        drop(open);
    }

    /// Sets the offset from the next distorted frame on.
    pub(super) fn set_offset(&self, offset: i64) {
        let comparer = lock(&self.0).comparer.clone();
        if let Some(comparer) = comparer {
            comparer.set_offset(offset);
        }
    }

    /// Sets which pairs the model scores from the next one on.
    pub(super) fn set_selection(&self, selection: Selection) {
        let comparer = lock(&self.0).comparer.clone();
        if let Some(comparer) = comparer {
            comparer.set_selection(selection);
        }
    }

    /// Describes the model for records and messages.
    pub(super) fn model_info(&self) -> Arc<ModelInfo> {
        lock(&self.0).open.as_ref().map(|open| open.model_info.clone()).unwrap_or_default()
    }

    /// Fields that frames carry.
    pub(super) fn fields(&self) -> Fields {
        let inner = lock(&self.0);
        let fields = |open: &Open| Fields {
            vmaf_model: open.vmaf_model.as_ref().map(|model| model.name().to_owned()),
            vmaf_model_hash: open.vmaf_model.as_ref().map(|model| model.hash().to_owned()),
            ..open.settings.fields(open.model.as_ref().map(scoring::Session::fields))
        };
        inner.open.as_ref().map(fields).unwrap_or_default()
    }

    /// Maximum number of following pairs a frame waits for.
    pub(super) fn following_pairs(&self) -> u32 {
        let inner = lock(&self.0);
        let model = inner.open.as_ref().and_then(|open| open.vmaf_model.as_ref());
        model.map_or(0, |model| model.following_pairs())
    }

    /// Settings that have no effect or limit the significance of scores.
    pub(super) fn doubts(&self) -> Vec<Finding> {
        let inner = lock(&self.0);
        let Some(open) = &inner.open else { return Vec::new() };
        let model = open.model.as_ref().map(scoring::Session::model_info);
        doubts(&open.settings, model.as_ref())
    }

    /// Provider that runs the model.
    pub(super) fn provider(&self) -> Option<String> {
        let inner = lock(&self.0);
        inner.open.as_ref()?.model.as_ref().map(scoring::Session::active_provider)
    }

    /// What currently appears to prevent alignment.
    pub(super) fn suspicions(&self) -> Suspicions {
        lock(&self.0).comparer.as_ref().map(|comparer| comparer.suspicions()).unwrap_or_default()
    }

    /// Counts of all frames since READY→PAUSED.
    pub(super) fn ledger(&self) -> Ledger {
        let inner = lock(&self.0);
        let mut ledger = inner.past;
        if let Some(comparer) = &inner.comparer {
            // What was in progress when it was cancelled is dropped.
            ledger += if comparer.is_cancelled() { comparer.ledger().decided() } else { comparer.ledger() };
        }
        ledger
    }
}
