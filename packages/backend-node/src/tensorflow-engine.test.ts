import { interpret, trace } from '@residual/compile';
import { engineContract, requirement } from '@residual/testing';
import { describe } from 'vitest';
import { tensorflow } from './tensorflow-engine.ts';

describe.skipIf(!requirement('tfjs-node'))('tensorflow', () => {
  engineContract('tensorflow', { engine: tensorflow, trace, interpret, tolerance: 1e-5 });
  engineContract('tensorflow, weights fed', {
    engine: () => tensorflow({ weights: 'inputs' }),
    trace,
    interpret,
    tolerance: 1e-5,
  });
});
