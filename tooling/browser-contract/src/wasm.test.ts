import { wasm } from '@residual/backend-wasm';
import { interpret, trace } from '@residual/compile';
import { engineContract } from '@residual/testing/engine-contract';

engineContract('wasm', { engine: wasm, trace, interpret, tolerance: 1e-5, profiles: true });
