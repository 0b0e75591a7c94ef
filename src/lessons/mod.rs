//! What is taught: lessons on the real instrument, the words that they use, and the languages that they are told in.

mod glossary;
mod lang;
pub mod qat;

pub use glossary::{Glossary, GlossaryError, Idea, Words};
pub use lang::Lang;
