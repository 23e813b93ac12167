import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { encodeInferResponse } from '../protocol/encode-infer-response.ts';
import { asObject, parseJson } from '../protocol/json-fields.ts';
import { readInferRequest } from '../protocol/read-infer-request.ts';
import type { RequestContext } from '../request-context.ts';
import { bodyOf } from './request-body.ts';
import { whileConnected } from './while-connected.ts';

interface ModelParams {
  readonly name: string;
  readonly version?: string;
}

/**
 * The Open Inference Protocol v2 over HTTP, with Triton's extensions of binary tensors, classification, repository and statistics.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function protocolRoutes(app: FastifyInstance, parts: RequestContext): void {
  const { store, server, isReady } = parts;
  app.get('/v2', () => server);
  app.get('/v2/health/live', () => ({ live: true }));
  app.get('/v2/health/ready', (_request, reply) => readiness(reply, isReady() && store.isReady));
  for (const prefix of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    app.get<{ Params: ModelParams }>(prefix, ({ params }) =>
      store.get(params.name, params.version).metadata(store.versionsOf(params.name)),
    );
    app.get<{ Params: ModelParams }>(`${prefix}/ready`, ({ params }, reply) => {
      const { name, version } = params;
      const ready = isReady() && store.has(name, version);
      return reply.code(ready ? 200 : 503).send({ name, ready });
    });
    app.get<{ Params: ModelParams }>(`${prefix}/stats`, ({ params }) => ({
      model_stats: store.statistics(params.name, params.version),
    }));
    app.post<{ Params: ModelParams }>(`${prefix}/infer`, (request, reply) => infer(request, reply, parts));
  }
  app.get('/v2/models/stats', () => ({ model_stats: store.statistics() }));
  app.post('/v2/repository/index', async ({ body }) => {
    const readyAlone =
      body instanceof Uint8Array && body.length > 0 && asObject('the request', parseJson(body))['ready'] === true;
    const entries = await store.index();
    return readyAlone ? entries.filter(({ state }) => state === 'READY') : entries;
  });
  app.post<{ Params: ModelParams }>('/v2/repository/models/:name/load', async ({ params }, reply) => {
    await store.load(params.name);
    return reply.code(200).send();
  });
  app.post<{ Params: ModelParams }>('/v2/repository/models/:name/unload', async ({ params }, reply) => {
    await store.unload(params.name);
    return reply.code(200).send();
  });
}

/** `{ "ready": … }`; the status is what platforms look at. */
function readiness(reply: FastifyReply, ready: boolean): FastifyReply {
  return reply.code(ready ? 200 : 503).send({ ready });
}

async function infer(
  request: FastifyRequest<{ Params: ModelParams }>,
  reply: FastifyReply,
  { store, timeoutMs }: RequestContext,
): Promise<FastifyReply> {
  const startMs = performance.now();
  const model = store.get(request.params.name, request.params.version);
  const header = request.headers['inference-header-content-length'];
  const { bytes, held } = bodyOf(request);
  const read = readInferRequest(bytes, typeof header === 'string' ? header : undefined);
  const response = await model.infer(read, {
    signal: whileConnected(reply),
    deadlineMs: startMs + (read.timeoutMs ?? timeoutMs),
    admit: held.take,
    trace: request.trace,
  });
  const { contentType, headerBytes, body } = encodeInferResponse(response);
  if (headerBytes !== undefined) reply.header('Inference-Header-Content-Length', headerBytes);
  return reply.type(contentType).send(body);
}
