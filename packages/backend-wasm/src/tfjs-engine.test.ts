import { interpret, tfjs, trace } from '@residual/compile';
import { engineContract } from '@residual/testing';
import { tfjsWasm } from './tfjs-node.ts';

engineContract('tfjs on tfjs-wasm', { engine: tfjs, trace, interpret, setUp: () => tfjsWasm().use() });
