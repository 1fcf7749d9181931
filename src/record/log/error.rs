// SPDX-License-Identifier: MPL-2.0

//! Errors of writing and reading logs.

use std::io;
use std::path::{Path, PathBuf};

/// Why a log cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file cannot be opened.
    #[error("cannot open {} for writing", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file cannot be renamed.
    #[error("cannot rename {} to {}", from.display(), to.display())]
    Rename {
        /// Its present name.
        from: PathBuf,
        /// Its new name.
        to: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another log of this process writes to it.
    #[error(
        "{owner} and {other} both write to {}: give each a location of its own, or let one of them log for both",
        path.display()
    )]
    Shared {
        /// The file.
        path: PathBuf,
        /// Who tried to write it.
        owner: String,
        /// Who is writing it.
        other: String,
    },
    /// Another process has locked it.
    #[error("another process writes to {}: stop it, or set location to another path", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Appending is possible with JSON lines only.
    #[error("append=true needs format=json-lines: the other formats have a beginning or an end of their own")]
    AppendFormat,
    /// The format needs a file.
    #[error(
        "format=vmaf-json takes its name only when it is complete, which standard output cannot; set location to a path"
    )]
    VmafStdout,
    /// The format uses a single file.
    #[error("format=vmaf-json is one document and cannot be rotated; set max-file-size=0 or another format")]
    VmafRotation,
    /// Standard output is not a file.
    #[error("standard output cannot be rotated; set max-file-size=0 or location to a path")]
    StdoutRotation,
}

impl LogError {
    pub(super) fn open(path: &Path, source: io::Error) -> Self {
        Self::Open { path: path.to_owned(), source }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// Whether there was no space left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Open { source, .. } | Self::Write { source, .. } | Self::Rename { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input cannot be read.
    #[error("the log cannot be read")]
    Io(#[from] io::Error),
    /// A line, or the document, is not JSON.
    #[error("line {line} is not JSON")]
    Json {
        /// Counted from 1.
        line: usize,
        /// The error.
        source: serde_json::Error,
    },
    /// It is not a log of this format.
    #[error("line {line} {problem}: not a log of iqalog")]
    Layout {
        /// Counted from 1.
        line: usize,
        /// The error.
        problem: String,
    },
}

impl ReadError {
    pub(super) fn layout(line: usize, problem: impl Into<String>) -> Self {
        Self::Layout { line, problem: problem.into() }
    }
}
