//! Where a network is quantized: what each way to place the quantizers makes of a tensor.

/// What each placement makes of one tensor, the same placements in the same order for all tensors of a session. Empty
/// where tensors come from files: each of them is to be quantized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Each placement's name, and why it leaves the tensor in float, if it does.
    of: Vec<(&'static str, Option<String>)>,
    /// The one that the session begins with.
    first: usize,
}

impl Places {
    /// Placements by name with the reason that each has to leave the tensor in float, and which of them it begins with.
    pub fn new(of: Vec<(&'static str, Option<String>)>, first: usize) -> Places {
        Places { of, first }
    }

    /// Why the placement that it begins with leaves it in float; `None` where it is quantized.
    pub fn first(&self) -> Option<&str> {
        self.of.get(self.first)?.1.as_deref()
    }

    /// The names of the placements, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.of.iter().map(|(name, _)| *name)
    }

    /// The name of the one that it begins with; `None` where there are none.
    pub fn first_name(&self) -> Option<&'static str> {
        self.of.get(self.first).map(|(name, _)| *name)
    }

    /// Why a placement leaves it in float; `None` where it is quantized.
    pub fn under(&self, placement: &str) -> Option<&str> {
        self.of.iter().find(|(name, _)| *name == placement)?.1.as_deref()
    }
}
