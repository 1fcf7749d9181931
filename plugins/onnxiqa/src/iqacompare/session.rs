// SPDX-License-Identifier: MPL-2.0

//! What is open between READY and PAUSED: the model, and the comparer, which a flush replaces.

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

/// What a session is opened with.
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
    /// What became of the frames of comparers that are gone; it outlives the session, to be read.
    past: Ledger,
}

/// The model and the comparer.
#[derive(Default)]
pub(super) struct Session(Mutex<Inner>);

impl Session {
    /// READY→PAUSED: opens the model. There is no comparer before [`renew`](Self::renew).
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

    /// Puts a comparer that knows nothing in the place of the one so far, if any, with what users want now of what may
    /// change while playing. `work` is told when it has something new. None: nothing is open.
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
        // They may have changed since.
        (engine.time.offset, engine.selection) = (offset, selection);
        drop(inner);
        let comparer = Arc::new(Comparer::new(engine, scorer, move || work.tell())?);
        self.replace(Some(comparer.clone()));
        Ok(Some(comparer))
    }

    /// Ends the comparer so far, not under the lock: it says that it has changed, lets go of frames, and waits for its
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

    /// What is under way is of no interest any more; nobody waits for the comparer after this.
    pub(super) fn cancel(&self) {
        let comparer = lock(&self.0).comparer.clone();
        if let Some(comparer) = comparer {
            comparer.cancel();
        }
    }

    /// PAUSED→READY, when nothing flows any more. What the ledger says remains to be read.
    pub(super) fn close(&self) {
        self.replace(None);
        let open = lock(&self.0).open.take();
        drop(open);
    }

    /// Added to running times from the next distorted frame on.
    pub(super) fn set_offset(&self, offset: i64) {
        let comparer = lock(&self.0).comparer.clone();
        if let Some(comparer) = comparer {
            comparer.set_offset(offset);
        }
    }

    /// Which pairs the model scores from the next one on.
    pub(super) fn set_selection(&self, selection: Selection) {
        let comparer = lock(&self.0).comparer.clone();
        if let Some(comparer) = comparer {
            comparer.set_selection(selection);
        }
    }

    /// Who scores, for what frames and messages say.
    pub(super) fn model_info(&self) -> Arc<ModelInfo> {
        lock(&self.0).open.as_ref().map(|open| open.model_info.clone()).unwrap_or_default()
    }

    /// What frames carry.
    pub(super) fn fields(&self) -> Fields {
        let inner = lock(&self.0);
        let fields = |open: &Open| Fields {
            vmaf_model: open.vmaf_model.as_ref().map(|model| model.name().to_owned()),
            vmaf_model_hash: open.vmaf_model.as_ref().map(|model| model.hash().to_owned()),
            ..open.settings.fields(open.model.as_ref().map(scoring::Session::fields))
        };
        inner.open.as_ref().map(fields).unwrap_or_default()
    }

    /// How many of the next pairs a frame waits for, at most.
    pub(super) fn following_pairs(&self) -> u32 {
        let inner = lock(&self.0);
        let model = inner.open.as_ref().and_then(|open| open.vmaf_model.as_ref());
        model.map_or(0, |model| model.following_pairs())
    }

    /// What of the settings does nothing, or makes scores doubtful.
    pub(super) fn doubts(&self) -> Vec<Finding> {
        let inner = lock(&self.0);
        let Some(open) = &inner.open else { return Vec::new() };
        let model = open.model.as_ref().map(scoring::Session::model_info);
        doubts(&open.settings, model.as_ref())
    }

    /// The provider that really runs the model.
    pub(super) fn provider(&self) -> Option<String> {
        let inner = lock(&self.0);
        inner.open.as_ref()?.model.as_ref().map(scoring::Session::active_provider)
    }

    /// What seems to keep the streams apart now.
    pub(super) fn suspicions(&self) -> Suspicions {
        lock(&self.0).comparer.as_ref().map(|comparer| comparer.suspicions()).unwrap_or_default()
    }

    /// Where all frames have gone since READY→PAUSED.
    pub(super) fn ledger(&self) -> Ledger {
        let inner = lock(&self.0);
        let mut ledger = inner.past;
        if let Some(comparer) = &inner.comparer {
            ledger += comparer.ledger();
        }
        ledger
    }
}
