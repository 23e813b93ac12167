export { BindError } from './bind/bind-error.ts';
export { rowMajor } from './bind/row-major.ts';
export { type BindOptions, bind, countRunNodes, type Weight, type Weights, weightsFrom } from './bind.ts';
export { checkPrecision } from './engine/check-precision.ts';
export { computedOutputs } from './engine/computed-outputs.ts';
export { EngineError, type EngineErrorCode } from './engine/engine-error.ts';
export { compileFor, type EngineChoice, firstAvailable, type PassedOverEngine } from './engine/first-available.ts';
export { type ExecutableParts, makeExecutable } from './engine/make-executable.ts';
export type { EngineStep } from './engine/profile.ts';
export { tfjs } from './engine/tfjs-engine.ts';
export { tfjsOn } from './engine/tfjs-on.ts';
export type {
  CalibrationSamples,
  CompileOptions,
  Engine,
  Executable,
  ExecutableInfo,
  ExecutableState,
  Precision,
  Profile,
  ProfileOptions,
  ProfileStep,
  RunOptions,
  TensorSpec,
} from './engine.ts';
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
export { absorbGradientPadding } from './passes/absorb-gradient-padding.ts';
export { absorbPadding } from './passes/absorb-padding.ts';
export { dropDeadCode } from './passes/drop-dead-code.ts';
export { dropIdentities } from './passes/drop-identities.ts';
export { flattenBatchNorms } from './passes/flatten-batch-norms.ts';
export { flattenMatrices } from './passes/flatten-matrices.ts';
export { foldBatchNorm } from './passes/fold-batch-norm.ts';
export { foldNormalisation } from './passes/fold-normalisation.ts';
export { fuseEpilogues } from './passes/fuse-epilogues.ts';
export { fuseReluGradients } from './passes/fuse-relu-gradients.ts';
export { optimize } from './passes/optimize.ts';
export { sliceSplits } from './passes/slice-splits.ts';
export { spellOutBatchNorm } from './passes/spell-out-batch-norm.ts';
export { type BufferPlan, planBuffers } from './plan-buffers.ts';
export { formatGraph } from './print/format-graph.ts';
export { formatSummary, summaryRows } from './print/format-summary.ts';
export { toMermaid } from './print/to-mermaid.ts';
export { toSvg } from './print/to-svg.ts';
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
export { type TraceableModel, type TraceModelOptions, traceModel } from './trace-model.ts';
export { type LayerDifference, type Verification, verify } from './verify.ts';
