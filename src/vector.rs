//! The widest vector instructions that this processor has, found out at run time: a plain build is for every x86-64.
//!
//! A [`Kernel`] is safe, portable code. [`Width::run`] holds the same code compiled several times, for several sets of
//! instructions, and runs the widest that the processor has. The results are the same to the last bit: Rust never
//! reorders or contracts floating-point operations, so that wider registers change how many are done at once and
//! nothing else. A fused multiply-add is fused where `mul_add` says so, and only there: the wider sets have an
//! instruction for it, the plain one calls the system's function. Tests hold every width against the plain one.

/// A loop that is worth wide registers. `run` has to be `#[inline(always)]`: only what is inlined into the functions
/// below is compiled with their instructions.
pub(crate) trait Kernel {
    type Out;

    fn run(self) -> Self::Out;
}

/// A set of instructions that this processor has. Made by [`Width::all`] only, which asks the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Width(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Default for Width {
    /// The widest.
    fn default() -> Width {
        let [plain, wider @ ..] = Width::all();
        wider.into_iter().flatten().next_back().or(plain).expect("every processor has the plain set")
    }
}

impl Width {
    /// Every set that this processor has, from plain to wide.
    pub fn all() -> [Option<Width>; 3] {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("fma");
            [Some(Width(Set::Plain)), avx2.then_some(Width(Set::Avx2)), avx512.then_some(Width(Set::Avx512))]
        }
        #[cfg(not(target_arch = "x86_64"))]
        [Some(Width(Set::Plain)), None, None]
    }

    /// What the set is called.
    #[cfg(feature = "tui")]
    pub fn name(self) -> &'static str {
        match self.0 {
            Set::Plain => "plain instructions",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "AVX-512",
        }
    }

    /// Runs the kernel with these instructions.
    #[inline]
    #[allow(
        unsafe_code,
        reason = "the program's only two calls that the compiler cannot check; the proof stands there"
    )]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Out {
        match self.0 {
            Set::Plain => kernel.run(),
            // SAFETY: what is unsafe about calling `avx2` and `avx512` is running instructions that the processor may
            // not have; their bodies are safe code. This `Width` says that it has them: the field is private,
            // `Width::all` alone fills it, after the processor was asked for each feature named below.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2(kernel) },
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { avx512(kernel) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Out {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn avx512<K: Kernel>(kernel: K) -> K::Out {
    kernel.run()
}
