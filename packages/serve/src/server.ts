import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Classifier } from '@residual/classifier';
import type { FastifyInstance } from 'fastify';
import { Admission, type AdmissionLimits } from './batching/admission.ts';
import type { BatchingOptions } from './batching/batcher.ts';
import { ComputeTurns } from './batching/compute-turns.ts';
import type { Listening } from './grpc/grpc-server.ts';
import { httpServer, type RequestRecord } from './http/http-server.ts';
import { ServerMetrics } from './metrics/server-metrics.ts';
import { type ModelRepository, ModelStore } from './models/model-store.ts';
import { type Preparer, preparerInThread, preparerOnThreads, type ReadingOptions } from './models/prepare.ts';
import { type ModelName, ServedModel } from './models/served-model.ts';
import { type RequestContext, tokenCheck } from './request-context.ts';
import { ServeError } from './serve-error.ts';
import type { Tracing } from './tracing/request-trace.ts';

/** Models that can be loaded, and how. */
export interface ClassifierRepository {
  /** Every model that could be loaded now, in its versions. */
  list(): Promise<readonly ModelName[]>;
  /** The server owns the classifier that it gets, and disposes of it. */
  load(model: ModelName): Promise<Classifier>;
}

export interface ServerOptions extends Partial<BatchingOptions> {
  readonly repository: ClassifierRepository;
  /** Most that may wait at one time; default 256 pictures and 512 MiB. */
  readonly limits?: Partial<AdmissionLimits>;
  /** Longest body, in bytes; default 64 MiB. */
  readonly bodyBytes?: number;
  /** How long a request may take to arrive, in milliseconds from 1; default 30,000. Whoever is slower gets 408. */
  readonly arrivalMs?: number;
  /** How long a request may take where it says nothing, in milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** Threads that decode and prepare pictures; default 1. With 0 it is the thread that answers. */
  readonly pictureThreads?: number;
  /** How pictures are decoded; `maxPixels` by default 50 million. */
  readonly pictures?: ReadingOptions;
  /**
   * Spans of each request for whatever SDK is registered with `@opentelemetry/api`, which has to be installed beside this package;
   * default: false.
   */
  readonly traces?: boolean;
  /** What `Authorization: Bearer …` has to hold; default: nothing is asked for. */
  readonly token?: string;
  /**
   * How long connections are taken after `stop`, in milliseconds, while the server says that it is not ready; default 0. What
   * stands in front of it needs so long to send no more.
   */
  readonly drainMs?: number;
  /** The server's version in its metadata; default `0.0.0`. */
  readonly version?: string;
  /** Called for each answer: for logs. */
  readonly onRequest?: (record: RequestRecord) => void;
  /** Called for an error that is no client's. */
  readonly onFault?: (error: unknown) => void;
}

/** Where a server listens. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly grpcPort?: number;
}

export interface Addresses {
  readonly http: string;
  readonly grpc: string | undefined;
}

/** A connection that is there may have its first request on the way, for so long. */
const FIRST_REQUEST_MS = 1000;

/** Extensions of the protocol that the server has. */
const extensions = ['binary_tensor_data', 'classification', 'model_repository', 'statistics'];

/**
 * Serves classifiers over the Open Inference Protocol v2.
 *
 * @see https://github.com/kserve/open-inference-protocol
 */
export class InferenceServer {
  readonly #store: ModelStore;
  readonly #http: FastifyInstance;
  readonly #context: RequestContext;
  readonly #bodyBytes: number;
  #grpc: Listening | undefined;
  readonly #preparer: Preparer;
  /** Requests in flight of each connection; `undefined` before its first. */
  readonly #sockets = new Map<Socket, number | undefined>();
  readonly #drainMs: number;
  readonly #traces: boolean;
  #tracing: Tracing | undefined;
  /** How long what is accepted may take to be answered when the server ends. */
  readonly #graceMs: number;
  #takesRequests = false;
  #isStopping = false;

  constructor(options: ServerOptions) {
    const { repository, pictures = {}, batchSize = 8, waitMs = 2, limits = {}, version = '0.0.0' } = options;
    const turns = new ComputeTurns();
    const { pictureThreads = 1 } = options;
    const reading = { maxPixels: 50e6, ...pictures };
    const preparer = pictureThreads > 0 ? preparerOnThreads(pictureThreads, reading) : preparerInThread(reading);
    this.#preparer = preparer;
    const admission = new Admission({ pictures: 256, bytes: 512 * 2 ** 20, ...limits });
    const metrics = new ServerMetrics(() => this.#store.models, admission);
    const models: ModelRepository = {
      list: () => repository.list(),
      load: async (model) => {
        const classifier = await repository.load(model);
        const observer = metrics.observe(model);
        const batching = { batchSize, waitMs };
        const served = new ServedModel({ ...model, classifier, batching, turns, preparer, observer });
        await served.warmUp();
        return served;
      },
    };
    this.#store = new ModelStore(models);
    const onFault = options.onFault ?? (() => undefined);
    const bodyBytes = options.bodyBytes ?? 64 * 2 ** 20;
    const arrivalMs = options.arrivalMs ?? 30_000;
    if (!Number.isInteger(arrivalMs) || arrivalMs < 1)
      throw new ServeError(`arrivalMs: expected a whole number of milliseconds from 1, got ${arrivalMs}`);
    const context: RequestContext = {
      store: this.#store,
      admission,
      isReady: () => this.#takesRequests,
      server: { name: 'residual', version, extensions },
      timeoutMs: options.timeoutMs ?? 30_000,
      checkToken: tokenCheck(options.token),
      tracing: () => this.#tracing,
      onFault,
    };
    this.#http = httpServer({
      ...context,
      isStopping: () => this.#isStopping,
      metrics,
      bodyBytes,
      arrivalMs,
      onRequest: options.onRequest ?? (() => undefined),
    });
    this.#context = context;
    this.#bodyBytes = bodyBytes;
    this.#graceMs = context.timeoutMs + 1000;
    this.#traces = options.traces ?? false;
    this.#drainMs = options.drainMs ?? 0;
    countRequests(this.#http.server, this.#sockets);
  }

  /**
   * Listens at once, for health and metrics, then loads every model of the repository.
   *
   * @param grpcPort Where gRPC listens; without it there is none. 0 is any port that is free, as for `port`.
   * @returns the address, e.g. `http://127.0.0.1:8080`, and gRPC's, e.g. `127.0.0.1:8081`
   * @throws ServeError where a port is taken, or gRPC's packages are missing; ProtocolError where a model can't be loaded.
   */
  async start({ host, port, grpcPort }: ListenOptions): Promise<Addresses> {
    if (this.#traces) this.#tracing = (await importTracing()).openTelemetry(this.#context.server.version);
    const shown = host.includes(':') ? `[${host}]` : host;
    const http = await this.#http.listen({ host, port }).catch((error: unknown) => {
      throw cannotListen(`${shown}:${port}`, error);
    });
    if (grpcPort !== undefined) {
      const { listenGrpc } = await importGrpc();
      const address = `${shown}:${grpcPort}`;
      this.#grpc = await listenGrpc(this.#context, this.#bodyBytes, address).catch((error: unknown) => {
        throw cannotListen(address, error);
      });
    }
    await this.#store.loadAll();
    this.#takesRequests = true;
    return { http, grpc: this.#grpc && `${shown}:${this.#grpc.port}` };
  }

  /** Says that it is not ready, drains, answers what it has taken, and ends. */
  async stop(): Promise<void> {
    this.#takesRequests = false;
    this.#isStopping = true;
    if (this.#http.server.listening) await sleep(this.#drainMs);
    // A connection without a request in flight has nothing to wait for.
    const destroyIf = (what: 0 | undefined): void => {
      for (const [socket, requests] of this.#sockets) if (requests === what) socket.destroy();
    };
    destroyIf(0);
    const silent = setTimeout(() => destroyIf(undefined), FIRST_REQUEST_MS);
    const ended = setTimeout(() => this.#http.server.closeAllConnections(), this.#graceMs);
    await Promise.all([this.#http.close(), this.#grpc?.close(this.#graceMs)]);
    clearTimeout(silent);
    clearTimeout(ended);
    await this.#store.close();
    await this.#preparer.close();
  }
}

function cannotListen(address: string, error: unknown): ServeError {
  return new ServeError(
    `${address}: expected a free address of this machine (${(error as Error).message}); take another`,
    error,
  );
}

/** gRPC's packages are beside this one only where somebody wants it. */
function importGrpc(): Promise<typeof import('./grpc/grpc-server.ts')> {
  const missing = 'gRPC: expected @grpc/grpc-js and @grpc/proto-loader, found none; npm install them';
  return import('./grpc/grpc-server.ts').catch(sayMissing(missing));
}

/** So is OpenTelemetry's. */
function importTracing(): Promise<typeof import('./tracing/open-telemetry.ts')> {
  const missing = 'traces: expected @opentelemetry/api, found none; npm install it';
  return import('./tracing/open-telemetry.ts').catch(sayMissing(missing));
}

function sayMissing(message: string): (error: unknown) => never {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ServeError(message, error);
  };
}

/** Keeps each connection's number of requests in flight. */
function countRequests(server: HttpServer, sockets: Map<Socket, number | undefined>): void {
  server.on('connection', (socket) => {
    sockets.set(socket, undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    sockets.set(socket, (sockets.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const requests = sockets.get(socket);
      if (requests !== undefined) sockets.set(socket, requests - 1);
    });
  });
}
