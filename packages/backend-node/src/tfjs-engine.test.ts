import { interpret, tfjs, trace } from '@residual/compile';
import { engineContract, requirement } from '@residual/testing';
import { describe } from 'vitest';
import { tfjsNode } from './tfjs-node.ts';

describe.skipIf(!requirement('tfjs-node'))('on tfjs-node', () => {
  engineContract('tfjs', { engine: tfjs, trace, interpret, setUp: () => tfjsNode().use() });
});
