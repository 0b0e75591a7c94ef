//! What the screen shows of a tensor, as a Python script that computes it anew from the counts.

use crate::calibrate::{Coverage, Tensor, ZeroBin, start_bin};
use crate::histogram::{Histogram, NumpyHistogram};
use crate::quant::{Clip, Format, QuantParams};

/// What is shown, and so what a script is to compute.
#[derive(Clone, Debug, PartialEq)]
pub enum Computed {
    /// The KL divergence at the clip, and the least of its curve, by what bin 0 counts.
    Kl(ZeroBin),
    /// The same, bin by bin.
    Terms(ZeroBin),
    /// The mean squared error with its two parts, the SQNR and what saturates.
    Error,
    /// What becomes of these values.
    Mapping(Vec<f32>),
    /// The rule of 99 % after so many drops, and at its end.
    Coverage(usize),
}

/// A Python script that prints what is shown of `tensor` at `clip`, each number on a line behind its name, from the counts
/// alone: it needs NumPy and nothing else. Numbers are those of the screen, in all their digits.
pub fn script(name: &str, tensor: &Tensor, clip: Clip, shown: &Computed) -> String {
    let params = QuantParams::from_clip(clip, tensor.format());
    // Names are those of a file: nothing of them may end the comment.
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut out = format!(
        "# {name}: {}, as qviz {} shows it; from the counts, with NumPy only\nimport numpy as np\n\n",
        tensor.format(),
        env!("CARGO_PKG_VERSION")
    );
    out += &format!(
        "clip_min, clip_max = np.float32({}), np.float32({})\nscale, zero_point = np.float32({}), {}\n\
         print(\"clip\", clip_min, clip_max)\nprint(\"scale\", scale)\nprint(\"zero_point\", zero_point)\n\n",
        number(clip.min()),
        number(clip.max()),
        number(params.scale()),
        params.zero_point()
    );
    out += &match shown {
        Computed::Kl(zero) => kl(tensor, clip, *zero, CURVE),
        Computed::Terms(zero) => kl(tensor, clip, *zero, TERMS),
        Computed::Error => error(tensor, clip, &params),
        Computed::Mapping(values) => mapping(values, &params),
        Computed::Coverage(drops) => coverage(tensor, *drops),
    };
    out
}

/// A float as Python reads it, in the fewest digits that give it back.
fn number(x: f32) -> String {
    if x.is_finite() { x.to_string() } else { format!("float(\"{x}\")") }
}

/// Numbers between commas, in lines that an editor can show.
fn list(numbers: impl Iterator<Item = String>) -> String {
    const LINE: usize = 110;
    let (mut out, mut column) = (String::from("["), 0);
    for (i, number) in numbers.enumerate() {
        if i > 0 {
            out.push(',');
        }
        if column + number.len() > LINE {
            out.push_str("\n   ");
            column = 0;
        }
        if i > 0 {
            out.push(' ');
        }
        column += number.len() + 2;
        out += &number;
    }
    out + "]"
}

fn counts(of: &[u64]) -> String {
    format!("np.array({}, np.int64)", list(of.iter().map(u64::to_string)))
}

const DIVERGENCE: &str = "\
def divergence(kept):
    \"\"\"P, Q, expanded Q in counts, and the terms of the sum in nats, clipped at the upper end of bin kept - 1.\"\"\"
    inside = counts[:kept]
    p = inside.astype(float)
    p[-1] += counts[kept:].sum()  # what lies beyond is added to the last bin
    level = np.arange(kept) * levels // kept
    total = np.bincount(level, inside, levels)
    filled = np.bincount(level, inside > 0, levels)
    expanded = np.where(inside > 0, (total / np.maximum(filled, 1))[level], 0.0)
    with np.errstate(divide=\"ignore\", invalid=\"ignore\"):
        p, q = p / p.sum(), expanded / expanded.sum()
        terms = np.where((p == 0) & (q >= 0), 0.0, p * np.log(p / q))
    return p, q, expanded, terms

";

const CURVE: &str = "\
print(\"kl\", divergence(kept)[3].sum())
curve = [divergence(i)[3].sum() for i in range(start, len(counts) + 1)]
if curve:
    least = int(np.argmin(np.nan_to_num(curve, nan=np.inf)))
    print(\"least_kl\", curve[least])
    print(\"least_at_bin\", start + least)
";

const TERMS: &str = "\
p, q, expanded, terms = divergence(kept)
for i in range(kept) if kept <= 64 else np.argsort(-np.abs(terms), kind=\"stable\")[:32]:
    print(f\"# bin {i}: level {i * levels // kept}, P {p[i]:.6g}, Q {expanded[i]:.6g} = {q[i]:.6g}, term {terms[i]:+.6g}\")
print(\"kl\", terms.sum())
";

/// The divergence of the magnitudes at the bin edge that the clip means, then what is asked of it.
fn kl(tensor: &Tensor, clip: Clip, zero: ZeroBin, asked: &str) -> String {
    let (levels, kept) = (tensor.format().even_levels(), tensor.kl_edge(clip.amax()));
    let (Some(levels), Some(kept)) = (levels, kept.filter(|kept| *kept > 0)) else {
        return "print(\"kl\", float(\"nan\"))  # not defined here\n".to_owned();
    };
    let magnitude = &tensor.histogram().magnitude;
    let (own, seen) = (magnitude.counts(), tensor.kl_counts_with(zero));
    let rule = if own != seen { "counts[0] = counts[1]  # the method's rule: zeros do not decide\n" } else { "" };
    format!(
        "# |x| in {} equal bins from 0 to {}\ncounts = {}\n{rule}levels, kept, start = {levels}, {kept}, {}\n\n\n{DIVERGENCE}\n{asked}",
        own.len(),
        number(magnitude.amax),
        counts(&own),
        start_bin(own.len(), levels)
    )
}

const ERRORS: &str = "\
def errors(counts, cut, codes):
    \"\"\"Integrals of the squared error below and beyond the cut, the mass of each bin spread evenly over it.\"\"\"
    levels = codes * np.float64(scale)
    borders = (levels[1:] + levels[:-1]) / 2
    edges = np.arange(len(counts) + 1) * width
    places = np.unique(np.concatenate([edges, borders[borders < edges[-1]], [cut]]))
    low, high = places[:-1], places[1:]
    middle = (low + high) / 2
    mass = counts[np.minimum((middle / width).astype(int), len(counts) - 1)] / width
    level = levels[np.searchsorted(borders, middle)]
    error = mass * ((high - level) ** 3 - (low - level) ** 3) / 3
    beyond = middle > cut
    return error[~beyond].sum(), error[beyond].sum(), (mass * (high - low))[beyond].sum()


inside, outside, saturated = np.add(errors(pos, cut_max, codes_up), errors(neg, cut_min, codes_down))
mse = (inside + outside) / finite
print(\"clipping_error\", outside / finite)
print(\"rounding_error\", inside / finite)
print(\"mse\", mse)
print(\"sqnr_db\", 10 * np.log10(sum_of_squares / (mse * finite)) if mse > 0 else np.inf)
print(\"saturated\", saturated / finite)
";

/// The error that the screen states: each bin's mass spread evenly over it, exact zeros apart.
fn error(tensor: &Tensor, clip: Clip, params: &QuantParams) -> String {
    let Histogram { magnitude, stats, .. } = tensor.histogram();
    let mut pos = magnitude.pos.clone();
    if let Some(first) = pos.first_mut() {
        *first = first.saturating_sub(stats.zeros);
    }
    let (up, down) = (params.qmax() - params.zero_point(), params.zero_point() - params.qmin());
    let codes = |codes: i32| match params.format() {
        Format::Int(_) => format!("np.arange({})", codes + 1),
        Format::Fp8(fp8) => format!("np.array({})", list(fp8.magnitudes().into_iter().map(number))),
    };
    // A clip at or beyond the largest value of its side cuts nothing off, wherever in the last bin it lies.
    let edges = tensor.edges();
    let cut = |clip: f32, most: f32| {
        let end = edges.last().copied().unwrap_or(0.0);
        if clip >= most { format!("{} * width", magnitude.bins()) } else { place(edges, clip.min(end)) }
    };
    let most = stats.max.unwrap_or(0.0).max(0.0);
    let least = -stats.min.unwrap_or(0.0).min(0.0);
    format!(
        "# x > 0 and x < 0 in {} equal bins of |x| from 0 to {}; {} exact zeros apart\npos = {}\nneg = {}\n\
         width = {:?} / {}\nfinite, sum_of_squares = {}, {:?}\ncut_max, cut_min = {}, {}\ncodes_up, codes_down = {}, {}\n\n\n{ERRORS}",
        magnitude.bins(),
        number(magnitude.amax),
        stats.zeros,
        counts(&pos),
        counts(&magnitude.neg),
        f64::from(magnitude.amax),
        magnitude.bins(),
        stats.finite().max(1),
        stats.sum_of_squares(),
        cut(clip.max(), most),
        cut(-clip.min(), least),
        codes(up),
        codes(down)
    )
}

/// Where a clip cuts, as its bin and the share of that which is kept: edges are rounded to f32, and bins lie evenly.
fn place(edges: &[f32], clip: f32) -> String {
    let above = edges.partition_point(|&edge| edge < clip).clamp(1, edges.len() - 1);
    let [low, high, clip] = [edges[above - 1], edges[above], clip].map(f64::from);
    let kept = if high > low { ((clip - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
    format!("({} + {kept:?}) * width", above - 1)
}

/// What becomes of some values, step by step.
fn mapping(values: &[f32], params: &QuantParams) -> String {
    let x = format!("x = np.array({}, np.float32)\n", list(values.iter().map(|x| number(*x))));
    let tail = "for row in zip(x, x / scale, q, y, y - x):\n    print(\"value\", *row)\n";
    match params.format() {
        Format::Int(_) => format!(
            "{x}q = np.clip(np.rint(x / scale).astype(np.int64) + zero_point, {}, {})\n\
             y = (q - zero_point).astype(np.float32) * scale\n# x, x / scale, its code, what comes back, the error\n{tail}",
            params.qmin(),
            params.qmax()
        ),
        Format::Fp8(fp8) => format!(
            "{x}magnitudes = np.array({}, np.float32)\nt = np.clip(x / scale, -{most}, {most})\n\
             # the nearest value, of two the one whose last bit is 0: every other one\n\
             above = np.searchsorted(magnitudes, np.abs(t)).clip(1, len(magnitudes) - 1)\n\
             far = (np.abs(t) - magnitudes[above - 1]) - (magnitudes[above] - np.abs(t))\n\
             at = np.where((far > 0) | ((far == 0) & (above % 2 == 0)), above, above - 1)\n\
             q = np.copysign(magnitudes[at], t)\ny = q * scale\n\
             # x, x / scale, the FP8 value, what comes back, the error\n{tail}",
            list(fp8.magnitudes().into_iter().map(number)),
            most = fp8.max()
        ),
    }
}

const WHILE: &str = "\
left, right, kept, drops = 0, len(hist) - 1, hist.sum(), 0


def say(what):
    clip = max(abs(bin_edges[left]), abs(bin_edges[right]))
    print(what, drops, left, right, kept, kept / hist.sum(), bin_edges[left], bin_edges[right], clip)


while kept / hist.sum() > 0.99:
    if drops == shown:
        say(\"shown\")
    if hist[left] < hist[right]:
        kept -= hist[left]
        left += 1
    else:
        kept -= hist[right]
        right -= 1
    drops += 1
# drops, left, right, values that stay, their share, the two left edges, the larger magnitude of these
say(\"end\")
";

/// The rule of 99 % as the article has it.
fn coverage(tensor: &Tensor, drops: usize) -> String {
    let Ok((NumpyHistogram { edges, counts: hist }, _)) = Coverage::trace(tensor) else {
        return "# there are no 100 bins of this tensor\n".to_owned();
    };
    let edges = list(edges.iter().map(|edge| number(*edge)));
    format!(
        "# np.histogram(x, {}): counts and edges of the signed values\nhist = {}\nbin_edges = np.array({edges}, np.float32)\n\
         shown = {drops}\n\n{WHILE}",
        hist.len(),
        counts(hist)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GridSpec;
    use std::sync::Arc;

    fn tensor(format: Format) -> Tensor {
        let values: Vec<f32> = (0..500).map(|i| ((i as f32) * 0.37).sin().powi(3) * 2.0).collect();
        Tensor::new(Arc::new(Histogram::of(&values, 64, &[GridSpec::Numpy { bins: 100 }])), format)
    }

    #[test]
    fn a_script_stands_alone_and_a_name_does_not_break_out() {
        let tensor = tensor(Format::INT8);
        let clip = Clip::symmetric(1.5);
        for shown in [
            Computed::Kl(ZeroBin::Copied),
            Computed::Terms(ZeroBin::AsItIs),
            Computed::Error,
            Computed::Mapping(vec![1.37, -9.0]),
            Computed::Coverage(3),
        ] {
            let text = script("a\nimport os", &tensor, clip, &shown);
            assert!(text.starts_with("# a import os: int8 symmetric, as qviz"), "{text}");
            assert!(text.contains("clip_max = np.float32(-1.5), np.float32(1.5)") && text.contains("print("), "{text}");
            assert_eq!(text.matches("import").count(), 2, "{text}");
            assert!(text.lines().all(|line| line.len() <= 140), "{text}");
        }
        assert!(script("x", &tensor, clip, &Computed::Coverage(3)).contains("shown = 3\n"));
        let kl = |zero| script("x", &tensor, clip, &Computed::Kl(zero)).contains("counts[0] = counts[1]");
        assert!(kl(ZeroBin::Copied) && !kl(ZeroBin::AsItIs));
    }

    #[test]
    fn what_is_not_defined_is_said() {
        let tensor = tensor(crate::quant::Fp8::E4m3.into());
        assert!(script("x", &tensor, Clip::symmetric(1.0), &Computed::Kl(ZeroBin::Copied)).contains("not defined"));
        assert_eq!(number(f32::INFINITY), "float(\"inf\")");
        assert_eq!(list((0..3).map(|i| i.to_string())), "[0, 1, 2]");
    }
}
