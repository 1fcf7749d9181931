// SPDX-License-Identifier: MPL-2.0

//! How the command ends.

use std::process::ExitCode;

/// What the command's exit status says. The derived order is that of importance: of two, the greater is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: everything was measured, and no threshold was missed.
    Good,
    /// 1: a threshold was missed.
    Missed,
    /// 3: something could not be measured.
    NotMeasurable,
    /// 2: wrong usage, or an input that cannot be read or gives no frame.
    Usage,
    /// 130: interrupted; what was finished is kept.
    Interrupted,
}

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Missed => 1,
            Self::Usage => 2,
            Self::NotMeasurable => 3,
            Self::Interrupted => 130,
        }
    }

    /// What a status of this command's says.
    pub fn from_code(code: u8) -> Self {
        let all = [Self::Good, Self::Missed, Self::NotMeasurable, Self::Interrupted];
        all.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Usage)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
