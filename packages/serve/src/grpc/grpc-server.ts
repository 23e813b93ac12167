import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { bytesOf } from '../protocol/encode-infer-response.ts';
import { tooMuch } from '../protocol/json-memory.ts';
import { clientGone, ProtocolError } from '../protocol/protocol-error.ts';
import type { InferRequest } from '../protocol/tensor.ts';
import type { RequestContext } from '../request-context.ts';
import type { RequestTrace } from '../tracing/request-trace.ts';
import { mayTakeTooMuch } from './message-memory.ts';
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
  readonly trace: RequestTrace | undefined;
}

/** Requests of one connection at one time, each of which may be a body's length. */
const STREAMS = 64;

/** How statuses of HTTP are called here. */
const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  404: status.NOT_FOUND,
  413: status.RESOURCE_EXHAUSTED,
  499: status.CANCELLED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Answers what is accepted, then ends, at the latest after so long. */
  close(graceMs: number): Promise<void>;
}

/** The same over gRPC. @throws where the address is taken */
export async function listenGrpc(context: RequestContext, bodyBytes: number, address: string): Promise<Listening> {
  const server = new Server({
    'grpc.max_receive_message_length': bodyBytes,
    'grpc.max_concurrent_streams': STREAMS,
  });
  server.addService(readingSafely(serviceDefinition()), implementation(context));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: (graceMs) => close(server, graceMs) };
}

/** What can't be read is an error in the request's place: thrown here, it would be answered as the server's own. */
function readingSafely(definition: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(definition).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown => {
      try {
        if (name !== 'ModelInfer' || !mayTakeTooMuch(bytes)) return method.requestDeserialize(bytes);
        return tooMuch('raw_input_contents');
      } catch (error) {
        return new ProtocolError(400, `the request: expected a ${name}Request, got other bytes`, error);
      }
    };
    return [name, { ...method, requestDeserialize }];
  });
  return Object.fromEntries(methods) as ServiceDefinition;
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
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
        if (ProtocolError.isInstance(call.request)) throw call.request;
        return compute(call.request, { signal: whileCalled(call), deadlineMs: deadlineOf(call.getDeadline()), trace });
      };
      const trace = isOpen ? undefined : startTrace(call, context);
      run().then(
        (response) => {
          trace?.end({ 'rpc.grpc.status_code': status.OK });
          callback(null, response);
        },
        (error: unknown) => {
          const answered = asServiceError(error, context.onFault);
          const failure = answered.code === status.INTERNAL ? answered.details : undefined;
          trace?.end({ 'rpc.grpc.status_code': answered.code }, failure);
          callback(answered);
        },
      );
    };
  return {
    ServerLive: answer(() => ({ live: true }), true),
    ServerReady: answer(() => ({ ready: isReady() && store.isReady }), true),
    ModelReady: answer((request: NamedRequest) => ({
      ready: isReady() && store.has(request.name, versionOf(request)),
    })),
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
  { signal, deadlineMs, trace }: CallFacts,
  context: RequestContext,
): Promise<unknown> {
  const startMs = performance.now();
  const model = context.store.get(request.model_name, request.model_version === '' ? undefined : request.model_version);
  const read = readGrpcRequest(request);
  const held = context.admission.hold();
  try {
    held.take(0, bytesOfTensors(read));
    const response = await model.infer(read, {
      signal,
      deadlineMs: deadlineMs ?? startMs + (read.timeoutMs ?? context.timeoutMs),
      admit: held.take,
      trace,
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

/** Memory of a request's tensors, as they are read. */
function bytesOfTensors({ inputs }: InferRequest): number {
  const sizes = inputs.map(({ data }) =>
    ArrayBuffer.isView(data) ? data.byteLength : data.reduce((sum, { length }) => sum + length, 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function whileCalled(call: { on(event: 'cancelled', listener: () => void): unknown }): AbortSignal {
  const abort = new AbortController();
  call.on('cancelled', () => abort.abort(clientGone()));
  return abort.signal;
}

/** A deadline of the clock on the wall, or infinity. */
function deadlineOf(deadline: Date | number): number | undefined {
  const leftMs = Number(deadline) - Date.now();
  return Number.isFinite(leftMs) ? performance.now() + leftMs : undefined;
}

/** An error as gRPC answers with it. */
interface ServiceAnswer {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata;
}

function startTrace(
  call: { getPath(): string; readonly metadata: Metadata },
  { tracing }: RequestContext,
): RequestTrace | undefined {
  const [service = '', method = ''] = call.getPath().slice(1).split('/');
  const carrier = Object.fromEntries(
    Object.entries(call.metadata.getMap()).map(([key, value]) => [key, String(value)]),
  );
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
  return tracing()?.start(`${service}/${method}`, carrier, attributes);
}

function asServiceError(error: unknown, onFault: (error: unknown) => void): ServiceAnswer {
  if (ProtocolError.isInstance(error)) {
    const metadata = new Metadata();
    if (error.status === 503) metadata.set('retry-after', '1');
    return { code: codes[error.status] ?? status.UNKNOWN, details: error.message, metadata };
  }
  onFault(error);
  return { code: status.INTERNAL, details: 'the server failed; its log says why' };
}
