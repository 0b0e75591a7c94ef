//! What a tensor of a network as it is deployed is there in the place of.

/// What stands in the file of a network, and in the network as it is deployed inside this tensor. Empty where tensors come
/// from files, and where a network is looked at as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// The tensors of the file that are none of their own, each with what became of it: half a sentence behind its name.
    pub absorbed: Vec<(String, String)>,
    /// The nodes that are folded into a weight, by operator and name.
    pub folded: Vec<String>,
}

impl Deployed {
    /// What is to be known of it, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let absorbed = self.absorbed.iter().map(|(name, how)| format!("The file's {name} {how}."));
        let folded = (!self.folded.is_empty()).then(|| {
            let nodes = self.folded.join(", ");
            format!("Holds {nodes}: these are the values that are deployed, not those in the file (--as-written).")
        });
        absorbed.chain(folded).collect()
    }
}
