//! What requests and what came of them are told apart by.
mod labels;
mod outcome;
pub use self::{labels::Labels, outcome::Outcome};
