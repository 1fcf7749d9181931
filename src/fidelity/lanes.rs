//! What the loops have in common. They are written lane by lane so that the compiler turns them into vector code;
//! `pulp` compiles them once for each instruction set.

/// Numbers that are worked on together: the lanes of the widest vector.
pub(super) const LANES: usize = 16;

/// An instruction set, as far as the loops differ by it.
pub(super) trait Set: Copy {
    /// Has fused multiply-add.
    const FMA: bool;
}

/// Any processor.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Set for Plain {
    const FMA: bool = false;
}

/// A processor with fused multiply-add: every one that pulp knows beyond the plain.
#[derive(Clone, Copy)]
pub(super) struct Fused;

impl Set for Fused {
    const FMA: bool = true;
}

/// `a * b + c`, fused where the processor can do that.
#[inline(always)]
pub(super) fn multiply_add<I: Set>(a: f32, b: f32, c: f32) -> f32 {
    // Without the instruction, `mul_add` would be a call.
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Something that is compiled for each instruction set.
pub(super) trait Loops {
    type Output;

    fn run<I: Set>(self) -> Self::Output;
}

/// Runs `loops` with the best instructions there are.
pub(super) fn dispatch<L: Loops>(arch: pulp::Arch, loops: L) -> L::Output {
    struct Job<L>(L);

    impl<L: Loops> pulp::WithSimd for Job<L> {
        type Output = L::Output;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> L::Output {
            self.0.run::<Fused>()
        }
    }

    match arch {
        pulp::Arch::Scalar => loops.run::<Plain>(),
        arch => arch.dispatch(Job(loops)),
    }
}
