import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { ConstantData } from '@residual/compile';
import type { HostTensor, ReplyMessage, RequestKind, RequestMessage, SessionRequests } from './session-protocol.ts';

// The thread that TensorFlow's sessions run on: its calls are synchronous, and would hold up the caller's event loop.
// tfjs-node's addon keeps its state per thread, so nothing here meets the tensors of the main thread's backend.

/** The part of tfjs-node's addon that is called here; tensors and sessions are numbers. */
interface Addon {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  /** The data may be used in place until the tensor is deleted. */
  createTensor(shape: readonly number[], dtype: number, data: ConstantData): number;
  deleteTensor(tensor: number): void;
  tensorDataSync(tensor: number): ConstantData;
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(session: number, inputs: readonly number[], inputNames: string, outputNames: string): { id: number }[];
  deleteSavedModel(session: number): void;
}

const addon = createRequire(import.meta.url)(workerData.addon) as Addon;
const weightsBySession: Map<number, readonly (readonly [string, number])[]> = new Map();

const handlers: {
  [Kind in RequestKind]: (request: SessionRequests[Kind]['request']) => SessionRequests[Kind]['result'];
} = {
  open: () => addon.TF_Version,
  keep: (tensor) => create(tensor),
  load({ folder, weights }) {
    const session = addon.loadSavedModel(folder, 'serve');
    weightsBySession.set(session, weights);
    return session;
  },
  run,
  free({ session, tensor }) {
    if (session !== undefined) {
      addon.deleteSavedModel(session);
      weightsBySession.delete(session);
    }
    if (tensor !== undefined) addon.deleteTensor(tensor);
    return undefined;
  },
};

parentPort!.on('message', ({ id, kind, request }: RequestMessage) => {
  try {
    const result = (handlers[kind] as (request: unknown) => ReplyResult)(request);
    reply({ id, result }, Array.isArray(result) ? result.map(({ buffer }) => buffer as ArrayBuffer) : []);
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) });
  }
});

type ReplyResult = SessionRequests[RequestKind]['result'];

function reply(message: ReplyMessage, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

function run({ session, inputs, outputs }: SessionRequests['run']['request']): ConstantData[] {
  const fed = inputs.map(([name, tensor]) => [name, create(tensor)] as const);
  try {
    const all = [...fed, ...weightsBySession.get(session)!];
    const names = all.map(([name]) => name).join(',');
    const tensors = all.map(([, tensor]) => tensor);
    const results = addon.runSavedModel(session, tensors, names, outputs.join(','));
    const arrays = results.map((result) => addon.tensorDataSync(result.id));
    for (const { id } of results) addon.deleteTensor(id);
    return arrays;
  } finally {
    for (const [, tensor] of fed) addon.deleteTensor(tensor);
  }
}

function create({ shape, dtype, data }: HostTensor): number {
  const type = { float32: addon.TF_FLOAT, int32: addon.TF_INT32, bool: addon.TF_BOOL }[dtype];
  return addon.createTensor(shape, type, data);
}
