export { type TfjsNodeOptions, tfjsNode } from './tfjs-node.ts';
export { TfjsNodeError } from './tfjs-node-error.ts';
