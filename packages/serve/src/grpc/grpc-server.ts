import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { bytesOf } from '../protocol/encode-infer-response.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { RequestContext } from '../request-context.ts';
import { type GrpcInferRequest, readGrpcRequest } from './read-grpc-request.ts';
import { serviceDefinition } from './service-definition.ts';

interface NamedRequest {
  readonly name: string;
  readonly version: string;
}

/** What a call may ask of its connection. */
interface CallFacts {
  readonly signal: AbortSignal;
  /** By `performance.now()`. */
  readonly deadlineMs: number | undefined;
}

/** How statuses of HTTP are called here. */
const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  404: status.NOT_FOUND,
  413: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** The same over gRPC; nothing listens yet. */
export function grpcServer(context: RequestContext, bodyBytes: number): Server {
  const server = new Server({ 'grpc.max_receive_message_length': bodyBytes });
  server.addService(serviceDefinition(), implementation(context));
  return server;
}

/** Listens. @returns the port @throws where the address is taken */
export function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** Answers what is accepted, then ends. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.tryShutdown(() => resolve());
  });
}

function implementation(context: RequestContext): UntypedServiceImplementation {
  const { store, isReady, server } = context;
  const versionOf = ({ version }: NamedRequest): string | undefined => (version === '' ? undefined : version);
  const answer =
    <Request>(
      compute: (request: Request, facts: CallFacts) => unknown,
      isOpen = false,
    ): handleUnaryCall<Request, unknown> =>
    (call, callback) => {
      const run = async (): Promise<unknown> => {
        if (!isOpen) context.checkToken(String(call.metadata.get('authorization')[0] ?? ''));
        return compute(call.request, { signal: whileCalled(call), deadlineMs: deadlineOf(call.getDeadline()) });
      };
      run().then(
        (response) => callback(null, response),
        (error: unknown) => callback(asServiceError(error, context.onFault)),
      );
    };
  return {
    ServerLive: answer(() => ({ live: true }), true),
    ServerReady: answer(() => ({ ready: isReady() && store.isReady }), true),
    ModelReady: answer(
      (request: NamedRequest) => ({ ready: isReady() && store.has(request.name, versionOf(request)) }),
      true,
    ),
    ServerMetadata: answer(() => server),
    ModelMetadata: answer((request: NamedRequest) =>
      store.get(request.name, versionOf(request)).metadata(store.versionsOf(request.name)),
    ),
    ModelInfer: answer((request: GrpcInferRequest, facts) => infer(request, facts, context)),
    RepositoryIndex: answer(async ({ ready }: { ready: boolean }) => {
      const models = await store.index();
      return { models: ready ? models.filter(({ state }) => state === 'READY') : models };
    }),
    RepositoryModelLoad: answer(({ model_name: name }: { model_name: string }) => store.load(name).then(() => ({}))),
    RepositoryModelUnload: answer(({ model_name: name }: { model_name: string }) =>
      store.unload(name).then(() => ({})),
    ),
    ModelStatistics: answer((request: NamedRequest) => ({
      model_stats: store.statistics(request.name === '' ? undefined : request.name, versionOf(request)),
    })),
  };
}

async function infer(
  request: GrpcInferRequest,
  { signal, deadlineMs }: CallFacts,
  context: RequestContext,
): Promise<unknown> {
  const startMs = performance.now();
  const model = context.store.get(request.model_name, request.model_version === '' ? undefined : request.model_version);
  const read = readGrpcRequest(request);
  const held = context.admission.hold();
  try {
    held.take(
      0,
      request.raw_input_contents.reduce((sum, { length }) => sum + length, 0),
    );
    const response = await model.infer(read, {
      signal,
      deadlineMs: Math.min(deadlineMs ?? Number.POSITIVE_INFINITY, startMs + (read.timeoutMs ?? context.timeoutMs)),
      admit: held.take,
    });
    return {
      model_name: response.modelName,
      model_version: response.modelVersion,
      id: response.id ?? '',
      outputs: response.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      raw_output_contents: response.outputs.map(bytesOf),
    };
  } finally {
    held.release();
  }
}

function whileCalled(call: { on(event: 'cancelled', listener: () => void): unknown }): AbortSignal {
  const abort = new AbortController();
  call.on('cancelled', () => abort.abort(new Error('the client is gone')));
  return abort.signal;
}

/** A deadline of the clock on the wall, or infinity. */
function deadlineOf(deadline: Date | number): number | undefined {
  const leftMs = Number(deadline) - Date.now();
  return Number.isFinite(leftMs) ? performance.now() + leftMs : undefined;
}

function asServiceError(error: unknown, onFault: (error: unknown) => void): object {
  if (ProtocolError.isInstance(error)) {
    const metadata = new Metadata();
    if (error.status === 503) metadata.set('retry-after', '1');
    return { code: codes[error.status] ?? status.UNKNOWN, details: error.message, metadata };
  }
  onFault(error);
  return { code: status.INTERNAL, details: 'the server failed; its log says why' };
}
