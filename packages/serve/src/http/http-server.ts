import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import type { Admission, Held } from '../batching/admission.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { RequestContext } from '../request-context.ts';
import type { RequestTrace } from '../tracing/request-trace.ts';
import { answerErrors, answerUnread, noAddress, sendError } from './answer-errors.ts';
import { openApi } from './openapi.ts';
import { page } from './page.ts';
import { pictureRoutes } from './picture-routes.ts';
import { protocolRoutes } from './protocol-routes.ts';
import { takeBytes } from './request-body.ts';

/** What is told of a request: sizes and times, nothing of what is in it. */
export interface RequestRecord {
  /** `none` where what came could not be read as a request. */
  readonly method: string;
  /** The route's pattern, e.g. `/v2/models/:name/infer`; `none` where there is none. */
  readonly route: string;
  readonly status: number;
  readonly requestBytes: number;
  readonly ms: number;
}

export interface HttpServerParts extends RequestContext {
  readonly metrics: ServerMetrics;
  /** Whether the server takes no more: kept connections end with their answer. */
  readonly isStopping: () => boolean;
  readonly bodyBytes: number;
  /** How long a request may take to arrive, in milliseconds. */
  readonly arrivalMs: number;
  /** Called for each answer. */
  readonly onRequest: (record: RequestRecord) => void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request takes of the server's memory, where it has a body. */
    held: Held | undefined;
    trace: RequestTrace | undefined;
    /** Gives the body's memory to the next. */
    returnBody: (() => void) | undefined;
  }
}

const MOST_BETWEEN_LOOKS_MS = 5000;

const openPaths = ['/', '/page.css', '/page.js', '/openapi.json'];

/** The routes, with limits on bodies and times; nothing listens yet. */
export function httpServer(parts: HttpServerParts): FastifyInstance {
  const { metrics, bodyBytes, arrivalMs, admission, checkToken, onRequest, onFault } = parts;
  const last = new WeakMap<Socket, { readonly request: IncomingMessage; readonly response: ServerResponse }>();
  const app = fastify({
    bodyLimit: bodyBytes,
    // Who sends slowly holds a socket and its buffer no longer than this, and until Node looks at all connections again. A longer
    // time for headers, as Node's own is, would be taken for the whole request.
    requestTimeout: arrivalMs,
    http: {
      requestTimeout: arrivalMs,
      headersTimeout: arrivalMs,
      connectionsCheckingInterval: Math.ceil(Math.min(arrivalMs / 4, MOST_BETWEEN_LOOKS_MS)),
    },
    clientErrorHandler({ code }, socket) {
      if (socket.writableEnded) return;
      // What came behind a request that is being answered would be taken for its answer.
      const { request, response } = last.get(socket) ?? {};
      const isAnswering = request?.complete === true && response?.writableFinished === false;
      if (code === 'ECONNRESET' || isAnswering) return void socket.destroy();
      const status = answerUnread(code, socket, arrivalMs);
      metrics.answered(status);
      onRequest({ method: 'none', route: 'none', status, requestBytes: 0, ms: 0 });
    },
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // Whoever is connected while the server ends is answered by it, not by the framework.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (_error, request, reply) => sendError(reply, noAddress(request)),
    logger: false,
    exposeHeadRoutes: false,
  });
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    last.set(request.socket, { request, response });
  });
  answerErrors(app, onFault);
  app.addHook('onRequest', async ({ headers, url }) => {
    // Health is for platforms that have no token; the page asks for it.
    const isOpen = url.startsWith('/v2/health/') || openPaths.includes(url);
    if (!isOpen) checkToken(headers.authorization ?? '');
  });
  traceRequests(app, parts.tracing);
  takeBytes(app, bodyBytes);
  holdBodies(app, admission);
  app.addHook('onResponse', async (request, reply) => {
    metrics.answered(reply.statusCode);
    onRequest({
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      requestBytes: Number(request.headers['content-length'] ?? 0),
      ms: reply.elapsedTime,
    });
  });
  app.addHook('onSend', async (_request, reply) => {
    if (parts.isStopping()) reply.header('Connection', 'close');
  });
  protocolRoutes(app, parts);
  pictureRoutes(app, parts);
  page(app);
  app.get('/openapi.json', () => openApi(parts.server.version));
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  return app;
}

/** A span for each request but those of platforms that look whether the server is well. */
function traceRequests(app: FastifyInstance, tracing: RequestContext['tracing']): void {
  app.decorateRequest('trace', undefined);
  app.addHook('onRequest', async (request, reply) => {
    const { method, headers, routeOptions, url } = request;
    if (url.startsWith('/v2/health/') || url === '/metrics') return;
    const route = routeOptions.url ?? 'none';
    const attributes = { 'http.request.method': method, 'http.route': route };
    const trace = tracing()?.start(`${method} ${route}`, headers, attributes);
    request.trace = trace;
    // Whichever way the answer ends.
    reply.raw.once('close', () => {
      const { statusCode } = reply;
      // Whoever left, or sent too slowly, got no answer of the route.
      if (!reply.raw.writableFinished) trace?.end({});
      else
        trace?.end({ 'http.response.status_code': statusCode }, statusCode === 500 ? 'the server failed' : undefined);
    });
  });
}

/** A body counts before it is read: by its length, or, where it has none, as it comes. */
function holdBodies(app: FastifyInstance, admission: Admission): void {
  app.decorateRequest('held', undefined);
  app.decorateRequest('returnBody', undefined);
  app.addHook('onRequest', async (request, reply) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (length === undefined && encoding === undefined) return;
    if (request.is404) throw noAddress(request);
    const held = admission.hold();
    request.held = held;
    // Whichever way the answer ends.
    reply.raw.once('close', () => {
      held.release();
      request.returnBody?.();
    });
    held.arrive(Number(length ?? 0));
  });
}
