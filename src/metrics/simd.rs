// SPDX-License-Identifier: MPL-2.0

//! What the loops have in common. They are written lane by lane so that the compiler turns them into vector code;
//! `pulp` compiles them once for each instruction set.

/// Numbers that are worked on together: the lanes of the widest vector.
pub(super) const LANES: usize = 16;

/// An instruction set, as far as the loops differ by it.
pub(super) trait SimdLevel: Copy {
    /// Has fused multiply-add.
    const FMA: bool;
}

/// Any processor.
#[derive(Clone, Copy)]
pub(super) struct Scalar;

impl SimdLevel for Scalar {
    const FMA: bool = false;
}

/// A processor with fused multiply-add: every one that pulp knows beyond the plain.
#[derive(Clone, Copy)]
pub(super) struct Fma;

impl SimdLevel for Fma {
    const FMA: bool = true;
}

/// `a * b + c`, fused where the processor can do that.
#[inline(always)]
pub(super) fn multiply_add<I: SimdLevel>(a: f32, b: f32, c: f32) -> f32 {
    // Without the instruction, `mul_add` would be a call.
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Something that is compiled for each instruction set.
pub(super) trait Kernel {
    type Output;

    fn run<I: SimdLevel>(self) -> Self::Output;
}

/// Runs `loops` with the best instructions there are.
pub(super) fn dispatch<L: Kernel>(arch: pulp::Arch, loops: L) -> L::Output {
    struct Job<L>(L);

    impl<L: Kernel> pulp::WithSimd for Job<L> {
        type Output = L::Output;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> L::Output {
            self.0.run::<Fma>()
        }
    }

    match arch {
        pulp::Arch::Scalar => loops.run::<Scalar>(),
        arch => arch.dispatch(Job(loops)),
    }
}
