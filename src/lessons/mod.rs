//! What is taught: lessons on the real instrument, the words that they use, and the languages that they are told in.
//!
//! | file | what stands there |
//! |---|---|
//! | `lang.rs` | the languages |
//! | `said.rs` | a text in every language |
//! | `lesson.rs` | a lesson as it is played: data, steps, questions, goals |
//! | `read.rs` | from a file to a lesson, each complaint with its line; `table.rs` is the rows of such a file |
//! | `facts.rs` | what a lesson can see of the instrument, by name |
//! | `expr.rs` | what goals and questions say about facts |
//! | `data.rs` | the values that a lesson is about, made anew each time; `chance.rs` is NumPy's generator |
//! | `page.rs` | pieces of a photographed page, which the bundled network reads |
//! | `play.rs` | a lesson while it is played: answers, goals reached, where one stands |
//! | `progress.rs` | which lessons were played to their end, as text |
//! | `tell.rs` | a text with its keys and numbers in it, in lines of a width |
//! | `bundled.rs` | the lessons that travel inside the program |

mod bundled;
mod chance;
mod data;
mod expr;
mod facts;
mod glossary;
mod lang;
mod lesson;
mod page;
mod play;
mod progress;
pub mod qat;
mod read;
mod said;
mod table;
mod tell;

pub use bundled::bundled;
pub use data::Made;
pub use expr::Expr;
pub use facts::{FACTS, Fact, Kind, Seen, Value};
pub use glossary::{Glossary, GlossaryError, Idea, Words};
pub use lang::Lang;
pub use lesson::{Act, Ask, Asked, Brought, Lesson, Needs, Own, Region, Start, Step};
pub use page::{CROP, CROPS, batch, crop};
pub use play::{Answered, Play, Stage};
pub use progress::Progress;
pub use read::{Complaint, Known, read};
pub use said::Said;
pub use tell::{Ink, Run, tell, wrap};
