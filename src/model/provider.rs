// SPDX-License-Identifier: MPL-2.0

//! Execution providers: what runs a model.

use std::fmt;
use std::str::FromStr;

/// What runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Provider {
    /// ONNX Runtime's own kernels.
    Cpu,
    /// NVIDIA GPUs; needs the feature `cuda`.
    Cuda,
    /// NVIDIA GPUs through TensorRT; engines are cached under `XDG_CACHE_HOME`. Needs the feature `tensorrt`.
    TensorRt,
    /// Intel CPUs, GPUs and NPUs; needs the feature `openvino`.
    OpenVino,
    /// The first of CUDA, OpenVINO and the CPU that is compiled in and actually available in the loaded runtime and on
    /// this machine.
    #[default]
    Auto,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Cpu, Self::Cuda, Self::TensorRt, Self::OpenVino, Self::Auto];

    /// As users type it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::OpenVino => "openvino",
            Self::Auto => "auto",
        }
    }

    /// Whether this crate was compiled with it: its Cargo feature has the provider's name.
    pub const fn is_compiled_in(self) -> bool {
        match self {
            Self::Cpu | Self::Auto => true,
            Self::Cuda => cfg!(feature = "cuda"),
            Self::TensorRt => cfg!(feature = "tensorrt"),
            Self::OpenVino => cfg!(feature = "openvino"),
        }
    }

    /// Whether it runs a convolution in 8-bit integers faster than one in float. Not for `Auto`.
    ///
    /// Measured with `metaiqa` and one thread, ONNX Runtime 1.26, on x86-64: the CPU's kernels are 2.7 to 2.9 times as
    /// fast with VNNI (AMX, AVX-512 or AVX), 1.6 times with AVX-512 or AVX2 alone; OpenVINO (1.24) 5.9 times. CUDA has
    /// no kernel for QLinearConv, and TensorRT does not accept activations with a zero point. Other processors were not
    /// measured.
    pub(super) fn is_fast_in_integers(self) -> bool {
        match self {
            Self::Cpu | Self::OpenVino => cfg!(target_arch = "x86_64"),
            Self::Cuda | Self::TensorRt | Self::Auto => false,
        }
    }

    /// Whether it supports convolutions in 8-bit integers with a zero point. Not for `Auto`. A provider that does not
    /// can still run such a graph if there is no other: operators run in float between roundings, and those that it
    /// rejects run on the CPU.
    pub(super) fn has_integer_kernels(self) -> bool {
        !matches!(self, Self::Cuda | Self::TensorRt)
    }

    /// The providers to try, in order.
    pub(super) fn candidates(self) -> &'static [Self] {
        match self {
            Self::Cpu => &[Self::Cpu],
            Self::Cuda => &[Self::Cuda],
            Self::TensorRt => &[Self::TensorRt],
            Self::OpenVino => &[Self::OpenVino],
            Self::Auto => &[Self::Cuda, Self::OpenVino, Self::Cpu],
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is not one of [`Provider::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no provider \"{0}\"; there are cpu, cuda, tensorrt, openvino and auto")]
pub struct UnknownProvider(pub String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

/// How a model is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Options {
    /// The execution provider.
    pub provider: Provider,
    /// The GPU to use, from 0.
    pub device_id: u32,
    /// ONNX Runtime's intra-op threads; 0 = one per core.
    pub threads: usize,
}
