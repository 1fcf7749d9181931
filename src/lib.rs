// SPDX-License-Identifier: MPL-2.0

//! Picture and video quality: scores by ONNX models, fidelity measures, and the alignment of two streams.
//!
//! A frame enters as a borrowed [`Picture`]. A [`Model`](model) is an ONNX file with a contract that says what it takes
//! and returns; [`Scorer`] is a queue in front of it, [`Score`] its result. [`metrics`] compares a picture with its
//! reference. [`Comparer`] compares a stream with its reference stream: aligned in time and space, measured, and scored
//! by a model that takes a reference.
//!
//! # Reading order
//!
//! Each module page says what the module does, why it does it this way, and on which paper, standard or program its
//! arithmetic rests.
//!
//! 1. [`picture`] – a frame in memory: formats, planes, strides, matrix, range.
//! 2. [`metrics`] – PSNR, SSIM, MS-SSIM, VMAF, CAMBI: definitions, papers, agreement with other programs.
//! 3. [`model`] – the contract of an ONNX file, where files and ONNX Runtime are searched for, providers.
//! 4. [`preprocess`] – how a picture becomes a tensor: resampling, color, crops.
//! 5. [`scorer`] – queues, batches, threads, cancellation.
//! 6. [`align`] – [`align::time`]: which frames correspond; [`align::space`]: bars, scale, translation, orientation.
//! 7. [`comparer`] – the previous four put together for two streams, with bounded memory.
//! 8. [`record`] and [`stats`] – results as data: fields, windows, alarms, summaries, log formats, pools.
//! 9. [`overlay`] and [`evidence`] – results as pictures.
//! 10. [`sharing`] – what comparisons with one source share; for programs that run several at once.
//!
//! # Score a picture
//!
#![cfg_attr(feature = "onnx", doc = "```")]
#![cfg_attr(not(feature = "onnx"), doc = "```ignore")]
//! use onnx_iqa::picture::{Frame, OwnedFrame};
//! use onnx_iqa::{Model, Scorer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let bundled = onnx_iqa::model::Search::from_env(None).bundled();
//! # if onnx_iqa::model::environment(None).is_err() || !bundled.contains(&"metaiqa".to_owned()) {
//! #     eprintln!("SKIPPED: there is no ONNX Runtime, or no model `metaiqa`");
//! #     return Ok(());
//! # }
//! // A bundled model by its name, from the folders in ONNX_IQA_MODEL_PATH, or a file by its path.
//! let model = Model::builder("metaiqa").open()?;
//! let scorer = Scorer::new(model);
//!
//! // Any decoder's R'G'B' bytes will do; `Picture::new` borrows Y'CbCr and others where they lie.
//! let frame = OwnedFrame::rgb(320, 240, vec![128; 320 * 240 * 3])?;
//! let score = scorer.score(&frame.picture()?)?;
//! assert!((0.0..=100.0).contains(&score.score));
//! # Ok(())
//! # }
//! ```
//!
//! # PSNR and SSIM of two pictures
//!
//! ```
//! use onnx_iqa::picture::{Frame, OwnedFrame};
//! use onnx_iqa::{psnr, ssim};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let reference = OwnedFrame::rgb(64, 48, vec![100; 64 * 48 * 3])?;
//! let distorted = OwnedFrame::rgb(64, 48, vec![102; 64 * 48 * 3])?;
//!
//! let (reference, distorted) = (reference.picture()?, distorted.picture()?);
//! // 10 log₁₀(255² / 2²) dB.
//! assert!((psnr(&reference, &distorted)?.all.unwrap() - 42.11).abs() < 0.01);
//! assert!(ssim(&reference, &distorted)? > 0.999);
//! // For a whole stream, `metrics::Meter` keeps memory and threads from pair to pair.
//! # Ok(())
//! # }
//! ```
//!
//! # Align and compare two streams
//!
//! ```
//! use onnx_iqa::align::time::Timestamp;
//! use onnx_iqa::comparer::{Comparer, Settings};
//! use onnx_iqa::picture::OwnedFrame;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Blocks whose brightness changes from frame to frame.
//! let frame = |number: usize| {
//!     let shade = |i: usize| ((i % 64 / 8 * 31 + i / 512 * 17 + number * number * 7) % 200) as u8;
//!     OwnedFrame::rgb(64, 48, (0..64 * 48).flat_map(|i| [shade(i); 3]).collect()).expect("three bytes a pixel")
//! };
//! let reference = (0..60).map(|number| (Timestamp::at_rate(number as u64, 25, 1), frame(number)));
//! // The copy begins two frames later, which is not known.
//! let distorted = (0..58).map(|number| (Timestamp::at_rate(number as u64, 25, 1), frame(number + 2)));
//!
//! let comparer = Comparer::new(Settings::default(), None, || {})?;
//! for outcome in comparer.run(reference, distorted) {
//!     assert_eq!(outcome.pairing.reference(), Some(outcome.distorted + 2));
//!     let measured = outcome.result.transpose()?.expect("a pair is measured").metrics;
//!     assert_eq!(measured.psnr(), Some(100.0));
//! }
//! assert_eq!(comparer.ledger().matched, 58);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! * `onnx` (default): models and [`Scorer`]. ONNX Runtime is loaded when the first model is opened; nothing links to
//!   it. Without the feature there are measures, alignment, preprocessing, comparer, records and logs.
//! * `cuda`, `tensorrt`, `openvino` (default): execution providers. Requesting one that is not compiled in, not in the
//!   loaded ONNX Runtime, or without its hardware is an error, never a silent fallback.
//!
//! # Threads and memory
//!
//! Queues are bounded, in frames or in bytes. Measures give the same bits with any number of threads and on every
//! processor; a model's score depends on ONNX Runtime and the provider.
//!
//! # Errors
//!
//! An error's message does not contain its cause, which is its [`source`](std::error::Error::source).

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs, unsafe_code)]

pub mod align;
pub mod comparer;
pub mod evidence;
mod hash;
pub mod metrics;
pub mod model;
pub mod overlay;
mod panic;
pub mod picture;
pub mod preprocess;
pub mod record;
mod resample;
pub mod scorer;
pub mod sharing;
mod simd;
pub mod stats;
mod sync;

pub use comparer::Comparer;
pub use metrics::{psnr, ssim};
#[cfg(feature = "onnx")]
pub use model::Model;
#[doc(hidden)]
pub use panic::panic_text;
pub use picture::Picture;
pub use scorer::{Score, Scorer};

/// The README's examples, compiled with the documentation's.
#[cfg(all(doctest, feature = "onnx"))]
#[doc = include_str!("README.md")]
struct Readme;
