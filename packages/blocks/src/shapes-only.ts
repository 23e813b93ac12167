import type { Tensor } from '@tensorflow/tfjs-core';
import type { VarSource } from './var-scope.ts';

/** Variables without memory, for a model of which only names and shapes are asked; nothing can be computed with it. */
export const shapesOnly: VarSource = () => ({}) as Tensor;
