export type {
  Attribute,
  Attributes,
  ConstantData,
  Graph,
  GraphDtype,
  GraphInput,
  GraphNode,
  GraphOutput,
  Value,
  ValueId,
} from './graph.ts';
export { type InterpretOptions, interpret } from './interpret.ts';
export { type LayerSummary, type Summary, summary } from './summary.ts';
export {
  type Availability,
  NoTfjsBackendError,
  type TfjsBackend,
  type TfjsBackendChoice,
  type TfjsBackendInfo,
  useFirstTfjsBackend,
} from './tfjs-backend.ts';
export { TraceError, UnsupportedKernelError } from './trace/trace-error.ts';
export { type Tracer, trace } from './trace.ts';
