//! Where nothing is measured.

use super::{Choice, Planner};
use crate::lower::{Conv, Operation};

#[derive(Default)]
pub struct Choices {}

impl Choices {
    pub(super) fn find(&self, _: &Planner, _: &Conv, _: &Operation) -> Option<Choice> {
        None
    }
}
