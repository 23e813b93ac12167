//! Convolutions and their gradients, with what follows on their results.

use super::{Lowering, is_relu, planned};
use crate::format::Format;
use crate::graph::{Node, ValueId};
use crate::layout::even_parts;
use crate::plan::Algorithm;
use crate::training::Operation;
use crate::training::batch_norm::{GradientSums, Moments, Rows};
use crate::training::canvas::{Canvas, Source};
use crate::training::convolution::{Convolution, Epilogue, Form, PackFilters, groups};
use crate::training::elementwise::items_for;
use crate::training::filter_gradient::{FilterGradient, SumShares};
use crate::training::phases::Gradient;
use crate::training::vectors::Vectors;
use crate::training::winograd::{self, Winograd};
use crate::training::winograd_gradient::{self, WinogradGradient};

/// Shares into which the pictures of a filter's gradient are divided.
const SHARES: usize = 16;

impl<'a> Lowering<'a> {
    pub(super) fn convolution(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let attributes = &node.attributes;
        if attributes.groups.unwrap_or(1) != 1 || attributes.dilations.unwrap_or([1, 1]) != [1, 1] {
            return Err("the kernels train no grouped or dilated convolutions".into());
        }
        let (x, filter, output) = (inputs[0], inputs[1], node.outputs[0]);
        let (picture, out, kernel) = (self.image(node.inputs[0])?, self.image(output)?, self.image(node.inputs[1])?);
        let (strides, pads) = window(node)?;
        let pad = pads.map(|[before, _]| before);
        let size = [kernel[0], kernel[1]];
        check_window(picture, out, kernel, strides, pads)?;
        let canvas = Canvas::of_input([picture[1], picture[2], picture[3]], size, strides, pad, [out[1], out[2]]);
        let form = self.form(size, strides, out, canvas.picture[2]);
        let taps = (0..size[0] * size[1]).collect();
        let filters = self.pack(filter, kernel, taps, false, form);
        let mut rest = inputs[2..].iter().copied();
        let mut epilogue = Epilogue {
            bias: if attributes.has_bias { rest.next() } else { None },
            residual: if attributes.has_residual { rest.next() } else { None },
            is_relu: is_relu(attributes)?,
            ..Epilogue::default()
        };
        epilogue.bias.map_or(Ok(()), |bias| self.expect(bias, out[3]))?;
        epilogue.residual.map_or(Ok(()), |residual| self.expect(residual, self.sizes[output]))?;
        let mut writes = vec![output];
        let is_normalized = |other: &Node| other.op == "BatchNormTraining" && other.inputs[0] == output;
        if self.graph.nodes.iter().any(is_normalized) {
            let rows = Rows::of(self.shape(output));
            let parts = self.own(rows.items * 2 * rows.channels);
            self.moments[output] = Some(parts);
            epilogue.moments = Some(Moments { x: output, parts, rows });
            writes.push(parts);
        }
        let mut reads = vec![x, filters];
        reads.extend(&inputs[2..]);
        let (input, ids, of_picture) = (Source::of(x), [filters, output], [out[1], out[2], out[3]]);
        let (operation, items, scratch) = match form {
            Form::Winograd => {
                winograd(Winograd { epilogue, ..Winograd::new(input, ids, out[0], canvas, of_picture, self.isa) })
            }
            Form::Direct(format) => {
                let work = Convolution::new(input, format, ids, canvas, [size, strides], of_picture, self.isa);
                direct(Convolution { epilogue, ..work }, out[0])
            }
        };
        self.push("Conv2D", operation, items, scratch, &reads, &writes);
        Ok(())
    }

    fn is_winograd(&self, kernel: [usize; 2], strides: [usize; 2], out: [usize; 4], inputs: usize) -> bool {
        let is_whole = |channels: usize| channels.is_multiple_of(self.isa.lanes);
        let can = kernel == [3, 3] && strides == [1, 1] && is_whole(inputs) && is_whole(out[3]);
        can && match self.algorithm {
            Some(algorithm) => algorithm != Algorithm::Direct,
            None => winograd::is_faster(out[0], [out[1], out[2]], [inputs, out[3]], self.rate()),
        }
    }

    /// How many products in bfloat16 take the time of one in float32, where they are wanted and the CPU has them.
    fn rate(&self) -> f64 {
        if self.multiplies_narrow { 2.0 } else { 1.0 }
    }

    fn form(&self, kernel: [usize; 2], strides: [usize; 2], out: [usize; 4], inputs: usize) -> Form {
        if self.is_winograd(kernel, strides, out, inputs) {
            return Form::Winograd;
        }
        let is_narrow = self.multiplies_narrow && inputs.is_multiple_of(2);
        Form::Direct(if is_narrow { Format::Bfloat } else { Format::Float })
    }

    /// The filter in the micro-kernel's order.
    fn pack(&mut self, filter: ValueId, shape: [usize; 4], taps: Vec<usize>, is_turned: bool, form: Form) -> ValueId {
        let [height, width, inputs, outputs] = shape;
        let (rows, channels) = if is_turned { (outputs, inputs) } else { (inputs, outputs) };
        let (groups, size) = groups(channels, self.isa.lanes, form.planes(height * width) * rows / form.per_word());
        let output = self.own(size);
        let items = groups.len();
        let work = PackFilters { filter, output, shape, taps, is_turned, form, groups, lanes: self.isa.lanes };
        let scratch = work.scratch();
        self.push("pack", Operation::PackFilters(work), items, scratch, &[filter], &[output]);
        output
    }

    /// With a slice that takes padding away, the sum with another gradient, and the ReLU's, where only these read it.
    pub(super) fn input_gradient(&mut self, node: &'a Node, index: usize) -> Result<(), String> {
        let (dy, filter) = (self.source(self.resolve(node.inputs[0])), self.resolve(node.inputs[1]));
        let (picture, kernel) = (self.image(node.inputs[0])?, self.image(node.inputs[1])?);
        let (strides, pads) = window(node)?;
        let mut pad = pads.map(|[before, _]| before);
        let mut output = node.outputs[0];
        check_window(self.image(output)?, picture, kernel, strides, pads)?;
        let mut last = index;
        if let Some((at, slice)) = self.reader(output).filter(|(_, node)| is_spatial_slice(node, self.shape(output))) {
            let begin = slice.attributes.begin.as_ref().expect("checked");
            pad = [pad[0] + begin[1], pad[1] + begin[2]];
            (output, last) = (slice.outputs[0], at);
            self.is_done[at] = true;
        }
        let mut residual = None;
        let mut mask = None;
        if let Some((at, add)) = self.reader(output).filter(|(_, node)| node.op == "Add") {
            let other = if add.inputs[0] == output { add.inputs[1] } else { add.inputs[0] };
            if other != output && self.shape(other) == self.shape(output) && !self.is_done[at] {
                residual = Some(self.resolve(other));
                (output, last) = (add.outputs[0], at);
                self.is_done[at] = true;
            }
        }
        let of_relu = |(_, node): &(usize, &Node)| node.op == "ReluGrad" && node.inputs[0] == output;
        let fits = |(_, relu): &(usize, &Node)| self.shape(relu.inputs[1]) == self.shape(output);
        if let Some((at, relu)) = self.reader(output).filter(of_relu).filter(fits) {
            mask = Some(self.resolve(relu.inputs[1]));
            (output, last) = (relu.outputs[0], at);
            self.is_done[at] = true;
        }
        let out = self.image(output)?;
        let size = [kernel[0], kernel[1]];
        let picture_size = [picture[1], picture[2], picture[3]];
        let most = self.isa.max_pixels();
        let gradient = Gradient::new(picture_size, size, strides, pad, [out[1], out[2]], most);
        let gradient =
            gradient.ok_or_else(|| format!("expected padding less than the filter's {size:?}, got {pad:?}"))?;
        let form = self.form(size, strides, out, picture[3]);
        let filters = self.pack(filter, kernel, gradient.taps.clone(), true, form);
        let mut epilogue = Epilogue { residual, mask, ..Epilogue::default() };
        let mut reads: Vec<ValueId> = dy.reads().chain([filters]).chain(residual).chain(mask).collect();
        let mut writes = vec![output];
        let is_normalized = |other: &&Node| other.op == "BatchNormTrainingGrad" && other.inputs[0] == output;
        if let Some(next) = self.graph.nodes.iter().find(is_normalized) {
            let rows = Rows::of(self.shape(output));
            let parts = self.own(rows.items * 2 * rows.channels);
            let (x, mean) = (self.resolve(next.inputs[1]), self.resolve(next.inputs[3]));
            self.gradient_sums[output] = Some([x, parts]);
            epilogue.gradient_sums = Some(GradientSums { dy: output, x, mean, parts, rows });
            reads.extend([x, mean]);
            writes.push(parts);
        }
        let (ids, of_picture) = ([filters, output], [out[1], out[2], out[3]]);
        let (operation, items, scratch) = match form {
            Form::Winograd => {
                winograd(Winograd { epilogue, ..Winograd::new(dy, ids, out[0], gradient.canvas, of_picture, self.isa) })
            }
            Form::Direct(format) => {
                let work = Convolution::of_gradient(dy, format, ids, gradient, [size, strides], of_picture, self.isa);
                direct(Convolution { epilogue, ..work }, out[0])
            }
        };
        let planned = planned(&node.op, node.outputs[0], operation, [items, scratch], &reads, &writes);
        match last == index {
            true => self.planned.push(planned),
            false => self.deferred[last] = Some(planned),
        }
        Ok(())
    }

    pub(super) fn filter_gradient(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let (dy, output) = (self.source(inputs[1]), node.outputs[0]);
        let (out, kernel) = (self.image(node.inputs[1])?, self.image(output)?);
        let (strides, pads) = window(node)?;
        let own_pad = pads.map(|[before, _]| before);
        check_window(self.image(node.inputs[0])?, out, kernel, strides, pads)?;
        let (x, shape, pad) = match self.padded[node.inputs[0]] {
            Some((x, [above, left])) => (self.resolve(x), self.image(x)?, [own_pad[0] + above, own_pad[1] + left]),
            None => (inputs[0], self.image(node.inputs[0])?, own_pad),
        };
        let size = [kernel[0], kernel[1]];
        let canvas = Canvas::of_input([shape[1], shape[2], shape[3]], size, strides, pad, [out[1], out[2]]);
        let words = kernel[1] * kernel[2];
        let (groups, _) = groups(kernel[3], self.isa.lanes, 0);
        let reads: Vec<ValueId> = dy.reads().chain([x]).collect();
        if let Some(shares) = self.gradient_shares(size, strides, out, canvas.picture[2]) {
            let mut work =
                WinogradGradient::new([x, 0], dy, [out[0], shares], canvas, [out[1], out[2], out[3]], groups, self.isa);
            let (scratch, sums) = (work.scratch(), self.own(shares * work.length()));
            work.sums = sums;
            self.push(&node.op, Operation::WinogradGradient(work), shares, scratch, &reads, &[sums]);
            self.sum_shares(sums, output, shares, [9 * kernel[2], kernel[3], kernel[3]]);
            return Ok(());
        }
        let mut work = FilterGradient {
            x,
            format: if self.multiplies_narrow { Format::Bfloat } else { Format::Float },
            dy,
            sums: 0,
            images: out[0],
            shares: SHARES.min(out[0]),
            canvas,
            kernel: size,
            strides,
            out: Vectors { picture: [out[1], out[2], out[3]], lanes: self.isa.lanes },
            groups,
            parts: even_parts(words, self.isa.max_pixels()),
            kernels: if self.multiplies_narrow { self.isa.narrow_outer } else { self.isa.outer },
        };
        let (shares, padded, scratch) = (work.shares, work.out.padded_channels(), work.scratch());
        let sums = self.own(shares * work.length());
        work.sums = sums;
        self.push(&node.op, Operation::FilterGradient(work), shares, scratch, &reads, &[sums]);
        self.sum_shares(sums, output, shares, [kernel[0] * words, kernel[3], padded]);
        Ok(())
    }

    /// The shares of a filter's gradient by Winograd's method, where it can be computed so and takes less.
    fn gradient_shares(
        &self,
        kernel: [usize; 2],
        strides: [usize; 2],
        out: [usize; 4],
        inputs: usize,
    ) -> Option<usize> {
        let is_wanted = self.is_winograd(kernel, strides, out, inputs);
        let shares = winograd_gradient::shares(out[0], [out[1], out[2]], SHARES);
        shares.or(self.algorithm.map(|_| SHARES.min(out[0]))).filter(|_| is_wanted)
    }

    fn sum_shares(&mut self, sums: ValueId, output: ValueId, shares: usize, size: [usize; 3]) {
        let [rows, columns, _] = size;
        let items = items_for(rows * columns * shares, rows);
        let work = SumShares { sums, output, shares, size, items };
        self.push("sum", Operation::SumShares(work), items, 0, &[sums], &[output]);
    }
}

/// The operation, its items and its scratch.
fn winograd(work: Winograd) -> (Operation, usize, usize) {
    let (items, scratch) = (work.items, work.scratch());
    (Operation::Winograd(work), items, scratch)
}

/// The same of so many pictures.
fn direct(work: Convolution, images: usize) -> (Operation, usize, usize) {
    let scratch = work.scratch();
    (Operation::Convolution(work), images, scratch)
}

/// A convolution's steps and padding.
fn window(node: &Node) -> Result<([usize; 2], [[usize; 2]; 2]), String> {
    let strides = node.attributes.strides.filter(|strides| !strides.contains(&0));
    let strides = strides.ok_or("expected strides of at least 1, got none")?;
    Ok((strides, node.attributes.pad.ok_or("expected padding, got none")?))
}

/// That a picture, a convolution's result and its filter fit each other.
fn check_window(
    picture: [usize; 4],
    out: [usize; 4],
    kernel: [usize; 4],
    strides: [usize; 2],
    pads: [[usize; 2]; 2],
) -> Result<(), String> {
    let size = |axis: usize| {
        let room = picture[1 + axis] + pads[axis][0] + pads[axis][1];
        room.checked_sub(kernel[axis]).map(|rest| rest / strides[axis] + 1)
    };
    let expected = [Some(picture[0]), size(0), size(1), Some(kernel[3])];
    if kernel[2] != picture[3] || expected != out.map(Some) {
        return Err(format!("expected what the filter {kernel:?} gives over {picture:?}, got {out:?}"));
    }
    Ok(())
}

/// Whether a slice takes away rows and columns only.
fn is_spatial_slice(node: &Node, shape: &[usize]) -> bool {
    let (Some(begin), Some(size)) = (&node.attributes.begin, &node.attributes.size) else { return false };
    let is_whole = |axis: usize| begin[axis] == 0 && (size[axis] < 0 || size[axis] as usize == shape[axis]);
    let fits = shape.len() == 4 && begin.len() == 4 && size.len() == 4;
    node.op == "Slice" && fits && is_whole(0) && is_whole(3)
}
