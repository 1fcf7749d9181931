// SPDX-License-Identifier: MPL-2.0

//! Every target for 20 s or 400,000 inputs: first the seeds, then random changes of them, in the same order in every
//! run, so that what passes here passes elsewhere.
//!
//! `ONNX_IQA_FUZZ_SECONDS` is another time, without a limit on inputs. Unlike libFuzzer this does not see what an input
//! reaches in the code, so it finds less; it needs no special compiler.

use onnx_iqa_fuzz_targets::{TARGETS, Target};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest input.
const LONGEST: usize = 4096;

/// The time for each target in an ordinary run.
const SECONDS: f64 = 20.0;
/// Inputs of each target in an ordinary run, at most.
const INPUTS: usize = 400_000;

/// xorshift64*: the same inputs in every run, as far as the time goes.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit.max(1)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = folder("seeds").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort_unstable();
    files.iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

/// The words of the target's dictionary, if it has one.
fn words(target: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(folder("dictionaries").join(format!("{target}.dict"))).unwrap_or_default();
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(plain).collect()
}

/// A word of a dictionary without its escapes: `\\`, `\"` and `\x0a`.
fn plain(word: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), word.as_bytes());
    while let Some((&first, more)) = rest.split_first() {
        let hexadecimal = || u8::from_str_radix(std::str::from_utf8(more.get(1..3)?).ok()?, 16).ok();
        let (byte, taken) = match (first, more.first()) {
            (b'\\', Some(b'x')) => (hexadecimal().expect("two digits"), 3),
            (b'\\', Some(&next)) => (next, 1),
            _ => (first, 0),
        };
        bytes.push(byte);
        rest = &more[taken..];
    }
    bytes
}

/// Changes an input at a few places.
fn change(chance: &mut Chance, input: &mut Vec<u8>, others: &[Vec<u8>], words: &[Vec<u8>]) {
    for _ in 0..1 + chance.below(4) {
        let at = chance.below(input.len() + 1);
        let end = (at + chance.below(16)).min(input.len());
        match chance.below(8) {
            0 | 1 if at < input.len() => input[at] = chance.next() as u8,
            2 if at < input.len() => input[at] ^= 1 << chance.below(8),
            3 => drop(input.drain(at..end)),
            4 => {
                let part = input[at..end].to_vec();
                input.splice(at..at, part);
            }
            5 => {
                let count = chance.below(9);
                let fresh = chance.bytes(count);
                input.splice(at..at, fresh);
            }
            6 if !words.is_empty() => {
                let word = words[chance.below(words.len())].clone();
                input.splice(at..at, word);
            }
            _ => {
                let other = &others[chance.below(others.len())];
                let from = chance.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
    input.truncate(LONGEST);
}

fn fuzz(target: &Target) {
    if target.onnx_runtime && onnx_iqa::model::environment(None).is_err() {
        return onnx_iqa_testkit::skipped(&format!("fuzzing {}: there is no ONNX Runtime", target.name));
    }
    let (seconds, most) = match std::env::var("ONNX_IQA_FUZZ_SECONDS") {
        Ok(text) => (text.parse().expect("ONNX_IQA_FUZZ_SECONDS is a number"), usize::MAX),
        Err(_) => (SECONDS, INPUTS),
    };
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let (seeds, words) = (seeds(target.name), words(target.name));
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut runs = 0;
    while runs < seeds.len() || (runs < most && Instant::now() < end) {
        let mut input = seeds[if runs < seeds.len() { runs } else { chance.below(seeds.len()) }].clone();
        if runs >= seeds.len() {
            change(&mut chance, &mut input, &seeds, &words);
        }
        runs += 1;
        if catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).is_err() {
            let kept = std::env::temp_dir().join(format!("onnx-iqa-fuzz-{}-{}", target.name, std::process::id()));
            std::fs::write(&kept, &input).expect("the input can be kept");
            panic!("{}: run {runs} panics, its input is {}", target.name, kept.display());
        }
    }
    println!("{}: {runs} runs", target.name);
}

/// The target of that name.
fn named(name: &str) {
    fuzz(TARGETS.iter().find(|target| target.name == name).expect("a target"));
}

macro_rules! targets {
    ($($name:ident)+) => {
        $(#[test] fn $name() { named(stringify!($name)); })+

        #[test]
        fn every_target_is_tested() {
            assert_eq!(TARGETS.map(|target| target.name), [$(stringify!($name)),+]);
            for target in TARGETS {
                let binary = folder("fuzz_targets").join(format!("{}.rs", target.name));
                assert!(binary.is_file(), "{}", binary.display());
            }
        }
    };
}

targets! {
    contract csv dash graph hls http json_lines model_file onnx picture video_meta vmaf_json vmaf_model watch_config
}
