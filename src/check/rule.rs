//! The rules: what is looked for, why it hurts, and what helps.

use std::fmt;

use serde::Serialize;

/// How grave a finding is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// A runtime computes nonsense with it, or refuses the file.
    Error,
    /// It costs accuracy, or is most likely a mistake.
    Warning,
    /// It is worth knowing.
    Note,
}

impl Rank {
    /// `error`, `warning` or `note`.
    pub const fn word(self) -> &'static str {
        match self {
            Rank::Error => "error",
            Rank::Warning => "warning",
            Rank::Note => "note",
        }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its word, which stays.
    pub id: &'static str,
    /// How grave it is.
    pub rank: Rank,
    /// What it finds.
    pub what: &'static str,
    /// Why that hurts: a clause.
    pub why: &'static str,
    /// What to do: a clause.
    pub remedy: &'static str,
}

macro_rules! rules {
    ($($name:ident $rank:ident $id:literal: $what:literal, $why:literal, $remedy:literal;)*) => {
        $(
            #[doc = $what]
            pub(super) static $name: Rule =
                Rule { id: $id, rank: Rank::$rank, what: $what, why: $why, remedy: $remedy };
        )*

        /// All rules, in the order in which they are listed.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    FILE_UNREAD Error "file-unread": "A file, or a part of it, that cannot be read",
        "nothing of it was checked",
        "write it anew, or name its format with --from";
    FILE_EMPTY Error "file-empty": "A file without any scale",
        "a runtime calibrates anew or stays in float, in silence",
        "export it anew";
    LINE_MALFORMED Error "line-malformed": "A line or an entry that is not what the format wants",
        "readers stop at it or take something else for its scale",
        "mend it, or write the file anew";
    CACHE_HEADER Error "cache-header": "A TensorRT cache whose first line does not begin with TRT-",
        "TensorRT passes over the whole file and calibrates anew",
        "put TRT-<version>-EntropyCalibration2 first";
    HEX_DIGITS Error "hex-digits": "A TensorRT cache entry that is not 8 hex digits",
        "some readers pad it and others raise, so that its scale is another one in each",
        "write all 8 digits of the float";
    TABLE_BREAK Error "table-break": "An ncnn table with a blank line before its end",
        "ncnn stops reading there, and the layers behind it stay in float",
        "take the blank line out";
    DIGITS_LOST Warning "digits-lost": "A table's number with so few digits that its scale is off by more than 0.1 %",
        "the table prints six or seven decimals, and a small number has no digits left",
        "check the layer's range, or leave it in float";
    VERSION_DIFFERS Warning "version-differs": "Encodings whose version is not that of their entries",
        "readers go by one or the other, and offsets mean something else in each",
        "set the version that the entries have";
    NAME_TWICE Warning "name-twice": "A name that stands twice with one scale",
        "readers take the first or the last, and a change to one of them goes unseen",
        "leave one of them";
    TWO_SCALES Error "two-scales": "One tensor under two scales",
        "which one counts depends on the reader, so that two runtimes give two results",
        "leave the right one";
    NAME_MANGLED Warning "name-mangled": "A cache entry whose name ModelOpt's import changes",
        "it takes every \"_scale\" out of a name, so that the scale finds no tensor and the import fails",
        "rename the tensor in the model and in the cache";
    NAME_COLON Warning "name-colon": "A cache entry with a colon in its name",
        "ONNX Runtime's readers split a line at its first colon, and ModelOpt's wants exactly one \": \"",
        "rename the tensor in the model and in the cache";
    NAME_LONG Error "name-long": "An ncnn key of more than 255 bytes",
        "ncnn reads 255 and takes the rest for a number",
        "shorten the layer's name";

    SCALE_ZERO Error "scale-zero": "A scale or an absolute maximum of 0",
        "every value divided by it is infinite or NaN, and TensorRT's INT8 build fails at it",
        "calibrate it on values that are not all 0, or leave it in float";
    SCALE_INFINITE Error "scale-infinite": "A scale or an absolute maximum that is infinite",
        "every value becomes 0 in it, and 0 times infinity NaN; a channel or blob of zeros was divided by",
        "give the channel a scale of 1, or calibrate it anew";
    SCALE_NAN Error "scale-nan": "A scale or an absolute maximum that is no number",
        "everything that it touches is NaN",
        "look for NaN in the calibration data and calibrate it anew";
    SCALE_NEGATIVE Error "scale-negative": "A scale below 0",
        "signs turn round, or the runtime refuses it",
        "calibrate it anew";
    SCALE_DENORMAL Error "scale-denormal": "A scale below the smallest normal float32",
        "runtimes flush it to 0 and then divide by 0",
        "leave the tensor in float; it holds nothing but zeros";
    SCALE_BELOW_FP16 Warning "scale-below-fp16": "A scale that float16 holds with less than 1 % of accuracy, or as 0",
        "runtimes that keep scales in float16 round it to another scale or to 0",
        "keep scales in float32, or widen the range";
    SCALE_ABOVE_FP16 Warning "scale-above-fp16": "A scale above the largest float16",
        "runtimes that keep scales in float16 make it infinite",
        "look at what the range holds: a mask's value, most likely";
    SCALE_ONE Warning "scale-one": "An activation's scale of exactly 1",
        "it is what tools write where they have seen nothing, so that most values round to a few integers",
        "calibrate it, or leave it in float";
    SCALES_IDENTICAL Warning "scales-identical": "One scale for all activations of a file",
        "tensors never agree to the last digit: it is a default that nobody has calibrated",
        "calibrate the network";
    AMAX_NEGATIVE Error "amax-negative": "An absolute maximum below 0",
        "ONNX Runtime's write_calibration_table has written the largest value in its place; a runtime takes a \
             wrong range",
        "write the larger of |lowest| and |highest|";
    MAX_FOR_AMAX Error "max-for-amax": "A symmetric range by the largest value where the lowest is larger in magnitude",
        "all that lies below its negative saturates",
        "take the larger of |min| and |max|";
    RANGE_NOT_FINITE Error "range-not-finite": "An end of a range that is infinite or no number",
        "no scale follows from it",
        "take infinities out of the calibration data (a mask, most likely) and calibrate it anew";
    RANGE_INVERTED Error "range-inverted": "A range whose low end lies above its high end",
        "its scale is negative",
        "swap the ends";
    RANGE_EMPTY Warning "range-empty": "A range without any width",
        "the tensor held one value in all of the calibration data, and anything else saturates",
        "calibrate it on other data, or leave it in float";
    RANGE_WITHOUT_ZERO Warning "range-without-zero": "A range that does not hold 0",
        "0 is then no code: padding and the zeros of a Relu become something else, and runtimes shift or widen \
             the range",
        "widen it to hold 0";
    RANGE_COLLAPSED Warning "range-collapsed": "A range so far from 0 for its width that a few codes remain once \
         it holds 0",
        "runtimes widen it to hold 0, and all of its values fall on a few integers",
        "leave the tensor in float, or force its known range (a sigmoid's is 0 to 1)";
    ENDS_DIFFER Warning "ends-differ": "Ends of a range that its scale and offset do not reach, by more than a step",
        "one of the two is of another calibration, and converters go by either",
        "write both from one calibration";

    ZERO_POINT_OUTSIDE Error "zero-point-outside": "A zero point that is none of the format's integers",
        "0 then has no code, and runtimes wrap it round or refuse it",
        "choose the range anew so that it holds 0";
    ZERO_POINT_SYMMETRIC Error "zero-point-symmetric": "A zero point that is not 0 in a symmetric format",
        "kernels for symmetric formats leave it out, and every value is off by it",
        "set it to 0, or say that it is asymmetric";
    ZERO_POINT_FRACTION Error "zero-point-fraction": "A zero point that is no whole number",
        "it is an integer's place: readers cut or refuse it",
        "round it";
    OFFSET_POSITIVE Error "offset-positive": "An offset above 0 in encodings up to 1.0.0",
        "their offsets count from the lowest code and are 0 or less: this one is a zero point's, of the other sign",
        "write minus the zero point of the unsigned grid";
    UINT8_MIDDLE Note "uint8-middle": "Unsigned integers around a zero point of 127",
        "symmetric uint8 is around 128 in most runtimes, and 127 in some versions of ONNX Runtime: one step of \
             difference",
        "write signed integers around 0";

    CHANNELS_DIFFER Error "channels-differ": "Scales, zero points and channels that are not as many",
        "readers repeat the last, read beyond the end or refuse it",
        "write one of each for every output channel";
    CHANNEL_OUTLIER Note "channel-outlier": "A channel whose scale is 1,000 times the median of its tensor's, or \
         below a thousandth",
        "a dead channel, or one that was never calibrated",
        "look at the channel's values";

    RECIPROCAL Error "reciprocal-scale": "A scale that looks like one over the scale",
        "one tool multiplies with what another divides by: values come out wrong by orders of magnitude",
        "write what an integer is multiplied with (ModelOpt), or one over it (compressed-tensors' global scales), \
             as the loader wants";
    SIBLING_OUTLIER Warning "sibling-outlier": "A scale 30 times its siblings' in other layers or experts, or \
         below a thirtieth",
        "siblings seldom differ so much: it was calibrated on a few tokens or on an outlier",
        "calibrate it on more data, or copy the siblings' median";
    KV_ONE Warning "kv-scale-one": "A KV cache scale of exactly 1",
        "nobody has calibrated it: keys and values beyond 448 saturate, small ones lose their digits",
        "calibrate the KV cache, or let the runtime compute the scales";
    KV_MISSING Error "kv-missing": "A layer without the KV cache scale that others have",
        "loaders fill in 1, so that one layer runs on another range than its neighbours",
        "calibrate all layers";
    EXPERT_MISSING Error "expert-missing": "An expert without the scale that others have",
        "no token of the calibration data went to it; loaders fill in 1 or fail",
        "calibrate on more data, or give it the largest scale of its layer's experts";
    SIBLING_MISSING Warning "sibling-missing": "A quantized layer without the scale that its siblings have",
        "loaders fill in 1, or quantize it at run time while its siblings are static",
        "calibrate it, or leave all of its kind without";
    WEIGHT_SCALE_MISSING Error "weight-scale-missing": "A weight in 8 bits or fewer without a scale",
        "its codes are taken for values",
        "export the checkpoint anew";
    SCALE_ORPHAN Warning "scale-orphan": "A scale whose weight is not there",
        "loaders refuse keys that they do not know, or the weight is in a file that is missing",
        "look for the missing shard";
    BLOCK_SCALES_ZERO Warning "block-scales-zero": "More than 1 % of a tensor's block scales are 0",
        "the blocks' values are lost: the scale of the whole tensor is too large for them",
        "recompute the tensor's global scale";

    NAME_UNKNOWN Warning "name-unknown": "A name that the model does not have (with --model)",
        "the runtime passes over it in silence, and the tensor stays without a scale",
        "map names with --names of convert, or calibrate this very model";
    TENSOR_WITHOUT_SCALE Warning "tensor-without-scale": "A tensor that an integer operator takes, without a \
         scale (with --model)",
        "the runtime runs the operator in float; DLA takes its neighbours to FP16 as well, and ModelOpt's import fails",
        "calibrate it, or leave the operator in float on purpose";
    WEIGHT_AS_ACTIVATION Error "weight-as-activation": "A constant of the model among the activations' encodings \
         (with --model)",
        "Qualcomm's converters refuse the file",
        "move it to param_encodings";
    WEIGHT_CLIPPED Warning "weight-clipped": "A weight whose largest value lies more than 10 % beyond its clip \
         (with --model)",
        "its largest values saturate; the scale may be of the weight before batch norms were folded",
        "calibrate the weights as they are deployed";
    WEIGHT_TOO_WIDE Warning "weight-too-wide": "A weight's clip 10 times its largest value or more (with --model)",
        "three of its bits are never used",
        "calibrate the weights as they are deployed";
    CONCAT_DIFFERS Warning "concat-differs": "Inputs of a Concat, or its output, on different scales (with --model)",
        "integer runtimes want one: they quantize again, or take one input's scale for all",
        "give them one range (--tie)";
    MOVE_DIFFERS Warning "move-differs": "An operator that only moves values, with one scale before it and \
         another behind (with --model)",
        "MaxPool, Reshape or Transpose change no value: the second rounding is lost accuracy, and some runtimes \
             refuse it",
        "give both one scale";

    PAIR_DIFFERS Error "pair-differs": "A QuantizeLinear and its DequantizeLinear on different scales or zero points",
        "every value is multiplied by their ratio",
        "give both the same constants";
    BIAS_SCALE Warning "bias-scale": "A bias in int32 whose scale is not that of its input times that of its weight",
        "integer kernels add it as it stands, so that it is off by the ratio",
        "quantize the bias with input scale times weight scale";
    FEW_CODES Warning "few-codes": "A tensor that uses fewer than 16 integers of its 8 bits",
        "it has the accuracy of 4 bits",
        "narrow its range";

    SATURATES Warning "saturates": "More than 1 % of an activation's values lie beyond its clip (with --data)",
        "they all become the clip's end",
        "widen the range, or calibrate it anew on this data";
    NEGATIVES_CUT Warning "negatives-cut": "A range that begins at 0 for values of which more than 1 % are below \
         (with --data)",
        "all of them become 0: a Relu that the network no longer has",
        "choose a signed or an affine format";
    CLIP_FAR Warning "clip-far": "A clip 10 times what the data reaches, or more (with --data)",
        "most integers are never used",
        "calibrate it anew on this data";
    NO_DATA Note "no-data": "Activations whose values are not in the data (with --data)",
        "nothing can be said of what saturates",
        "give all activations, or the model and samples";
}
