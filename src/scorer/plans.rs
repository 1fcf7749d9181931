// SPDX-License-Identifier: MPL-2.0

//! Plans for the latest kinds of pictures, so that tables are not recomputed for every frame.

use crate::model::contract::Input;
use crate::picture::Picture;
use crate::preprocess::{Plan, PreprocessError};

/// Plans kept per input. With frames of more sizes than this, tables are recomputed.
const KEPT_PER_INPUT: usize = 16;

/// The plans of one worker, the most recently used first.
#[derive(Default)]
pub(super) struct Plans {
    kept: Vec<(usize, Plan)>,
}

impl Plans {
    /// The plan for pictures like this one at the contract's input `index`.
    pub(super) fn get(
        &mut self,
        index: usize,
        input: &Input,
        picture: &Picture<'_>,
    ) -> Result<&mut Plan, PreprocessError> {
        match self.kept.iter().position(|(i, plan)| *i == index && plan.fits(picture)) {
            Some(0) => {}
            Some(at) => self.kept[..=at].rotate_right(1),
            None => {
                let plan =
                    Plan::new(input, picture.format(), picture.width(), picture.height(), picture.colorimetry())?;
                if self.kept.iter().filter(|(i, _)| *i == index).count() >= KEPT_PER_INPUT
                    && let Some(oldest) = self.kept.iter().rposition(|(i, _)| *i == index)
                {
                    self.kept.remove(oldest);
                }
                self.kept.insert(0, (index, plan));
            }
        }
        Ok(&mut self.kept[0].1)
    }

    /// Drops all plans, since a panic may have left one incomplete.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}
