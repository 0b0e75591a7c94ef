use crate::calibrate::Calibrator;
use crate::histogram::GridSpec;

/// Which grids a layer's values are counted on.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Number of magnitude bins.
    pub bins: usize,
    /// The further grids that the methods ask for.
    pub grids: Vec<GridSpec>,
}

impl Recipe {
    /// The grids that `methods` need, each once.
    pub fn new<'a>(bins: usize, methods: impl IntoIterator<Item = &'a dyn Calibrator>) -> Recipe {
        let mut grids = Vec::new();
        for grid in methods.into_iter().flat_map(|m| m.grids()) {
            if !grids.contains(&grid) {
                grids.push(grid);
            }
        }
        Recipe { bins, grids }
    }

    /// Magnitude bins only.
    pub fn magnitudes(bins: usize) -> Recipe {
        Recipe { bins, grids: Vec::new() }
    }

    /// Whether a grid wants to know where one batch ends and the next begins.
    pub(super) fn by_batches(&self) -> bool {
        self.grids.iter().any(|grid| grid.by_batches())
    }
}
