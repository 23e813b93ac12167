export { type NativeOptions, native } from './native-engine.ts';
export { type TensorFlowEngineOptions, tensorflow } from './tensorflow-engine.ts';
export { type TfjsNodeOptions, tfjsNode } from './tfjs-node.ts';
export { TfjsNodeError } from './tfjs-node-error.ts';
