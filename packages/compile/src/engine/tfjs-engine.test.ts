import '@tensorflow/tfjs-backend-cpu';
import { engineContract } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { interpret } from '../interpret.ts';
import { trace } from '../trace.ts';
import { tfjs } from './tfjs-engine.ts';

engineContract('tfjs on the CPU', {
  engine: tfjs,
  trace,
  interpret,
  setUp: () => tf.setBackend('cpu'),
  tolerance: 1e-5,
});
