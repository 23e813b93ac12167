//! Element by element: one value, or one with another operand.

use super::nodes::{Lowered1, Lowering, activation};
use super::{Kind, Operand};
use crate::graph::{Node, ValueId};
use crate::pointwise::Arithmetic;
use crate::tile::Clamp;

impl<'a> Lowering<'a, '_> {
    pub(super) fn arithmetic(&self, node: &'a Node, arithmetic: Arithmetic) -> Lowered1<'a> {
        let (a, b, output) = (self.input(node, 0)?, self.input(node, 1)?, node.outputs[0]);
        let clamp = activation(&node.attributes)?;
        let is_whole = |id: ValueId| !self.constants.contains_key(&id) && self.shapes[id] == self.shapes[output];
        let (value, other, is_reversed) = if is_whole(a) { (a, b, false) } else { (b, a, true) };
        self.expect_shape("an output", self.shapes[value], output)?;
        let channels = self.shapes[output][3];
        let pointwise = |other| Kind::Pointwise { arithmetic, other, is_reversed, term: Operand::Nothing, clamp };
        if let Some(constant) = self.constants.get(&other) {
            if self.shapes[other][..3] != [1, 1, 1] || ![1, channels].contains(&constant.len()) {
                return Err(format!("expected a constant per channel, [{channels}], got {:?}", self.shapes[other]));
            }
            let constant = if constant.len() == 1 { vec![constant[0]; channels] } else { constant.to_vec() };
            return Ok(Some((pointwise(Operand::Constant(constant)), vec![value])));
        }
        let is_pixel =
            self.graph.values[other].shape.len() == 4 && self.shapes[other] == [self.shapes[output][0], 1, 1, channels];
        if !is_pixel {
            self.expect_shape("a second operand", self.shapes[value], other)?;
        }
        Ok(Some((pointwise(Operand::Input(1)), vec![value, other])))
    }

    pub(super) fn scale_offset(&self, node: &'a Node) -> Lowered1<'a> {
        let (x, output) = (self.input(node, 0)?, node.outputs[0]);
        self.expect_shape("an output", self.shapes[x], output)?;
        let vector = |index: usize, what: &str| {
            let data = self.constant(self.input(node, index)?, what)?;
            match data.len() == self.shapes[x][3] {
                true => Ok(Operand::Constant(data.to_vec())),
                false => Err(format!("expected {what} of {}, got {}", self.shapes[x][3], data.len())),
            }
        };
        let (other, term) = (vector(1, "a scale")?, vector(2, "an offset")?);
        let clamp = activation(&node.attributes)?;
        let kind = Kind::Pointwise { arithmetic: Arithmetic::Multiply, other, is_reversed: false, term, clamp };
        Ok(Some((kind, vec![x])))
    }

    pub(super) fn unary(&self, node: &'a Node, arithmetic: Arithmetic, clamp: Clamp) -> Lowered1<'a> {
        let x = self.input(node, 0)?;
        self.expect_shape("an output", self.shapes[x], node.outputs[0])?;
        let (other, term) = (Operand::Nothing, Operand::Nothing);
        let kind = Kind::Pointwise { arithmetic, other, is_reversed: false, term, clamp };
        Ok(Some((kind, vec![x])))
    }

    /// By a constant it is a multiplication by its reciprocal.
    pub(super) fn division(&self, node: &'a Node) -> Lowered1<'a> {
        let divisor = self.input(node, 1)?;
        if !self.constants.contains_key(&divisor) {
            return self.arithmetic(node, Arithmetic::Divide);
        }
        let mut lowered = self.arithmetic(node, Arithmetic::Multiply)?;
        if let Some((Kind::Pointwise { other: Operand::Constant(constant), .. }, _)) = &mut lowered {
            constant.iter_mut().for_each(|number| *number = 1.0 / *number);
        }
        Ok(lowered)
    }
}
