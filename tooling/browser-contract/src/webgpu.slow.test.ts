import { webgpu } from '@residual/backend-webgpu';
import { interpret, trace } from '@residual/compile';
import { engineContract } from '@residual/testing/engine-contract';

// Firefox looks every 100 ms whether a run has ended.
const manyRuns = navigator.userAgent.includes('Firefox') ? 100 : 1000;

engineContract('webgpu', { engine: webgpu, trace, interpret, tolerance: 1e-5, manyRuns, profiles: true });
