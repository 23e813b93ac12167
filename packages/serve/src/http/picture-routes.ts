import { type Prediction, softmax, topK } from '@residual/vision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ModelRow } from '../models/model-outputs.ts';
import type { InferOptions, ServedModel } from '../models/served-model.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { RequestContext } from '../request-context.ts';
import { readPictures } from './read-pictures.ts';
import { bodyOf } from './request-body.ts';
import { whileConnected } from './while-connected.ts';

interface PictureQuery {
  readonly model?: string;
  readonly version?: string;
  /** Of `/v1/classify`. */
  readonly top?: string;
  /** Of `/v1/explain`: a class by name or index. */
  readonly target?: string;
}

type PictureRequest = FastifyRequest<{ Querystring: PictureQuery }>;

/** `POST /v1/classify`, `/v1/embed` and `/v1/explain`: a picture or several in, what people want of it out. */
export function pictureRoutes(app: FastifyInstance, parts: RequestContext): void {
  const post = (path: string, answer: (request: PictureRequest, reply: FastifyReply) => Promise<unknown>): unknown =>
    app.post<{ Querystring: PictureQuery }>(path, answer);
  post('/v1/classify', async (request, reply) => {
    const { model, answer: rows } = await computed(request, reply, parts, rowsOf);
    const { labels } = model.classifier;
    if (labels.length === 0) throw new ProtocolError(400, `model '${model.name}' has no classes; ask /v1/embed`);
    const top = countOf(request.query.top, labels.length);
    return { ...head(model), results: rows.map(({ logits }) => ({ top: predictions(logits!, top, labels) })) };
  });
  post('/v1/embed', async (request, reply) => {
    const { model, answer: rows } = await computed(request, reply, parts, rowsOf);
    return { ...head(model), results: rows.map(({ embedding }) => ({ embedding: Array.from(embedding) })) };
  });
  post('/v1/explain', async (request, reply) => {
    const { target } = request.query;
    const wanted = target !== undefined && /^\d+$/.test(target) ? Number(target) : target;
    const { model, answer } = await computed(request, reply, parts, (chosenModel, files, options) =>
      chosenModel.explain(files, wanted, options),
    );
    const results = answer.map(({ target: found, method, layer, map: { width, height, data } }) => ({
      target: found,
      method,
      layer,
      map: { width, height, data: Array.from(data) },
    }));
    return { ...head(model), results };
  });
}

const rowsOf = (
  model: ServedModel,
  files: readonly Uint8Array[],
  options: InferOptions,
): Promise<readonly ModelRow[]> => model.rows(files, options);

async function computed<T>(
  request: PictureRequest,
  reply: FastifyReply,
  parts: RequestContext,
  work: (model: ServedModel, files: readonly Uint8Array[], options: InferOptions) => Promise<T>,
): Promise<{ model: ServedModel; answer: T }> {
  const startMs = performance.now();
  // Read first: a model that is taken out meanwhile takes no more.
  const { bytes, held } = bodyOf(request);
  const files = await readPictures(bytes, request.headers['content-type']);
  const model = chosen(request, parts);
  const options = {
    signal: whileConnected(reply),
    deadlineMs: startMs + parts.timeoutMs,
    admit: held.take,
    trace: request.trace,
  };
  return { model, answer: await work(model, files, options) };
}

/** The model that is asked for, or the only one. */
function chosen({ query }: PictureRequest, { store }: RequestContext): ServedModel {
  if (query.model !== undefined) return store.get(query.model, query.version);
  const names = [...new Set(store.models.map(({ name }) => name))];
  if (names.length === 1) return store.get(names[0]!, query.version);
  throw new ProtocolError(400, `model: expected ?model= with one of ${names.join(', ') || 'none'}, got none`);
}

function predictions(logits: Float32Array, top: number, labels: readonly string[]): Prediction[] {
  return topK(softmax(logits), top, labels);
}

function countOf(text: string | undefined, most: number): number {
  if (text === undefined) return Math.min(5, most);
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new ProtocolError(400, `top: expected a number of classes from 1 to ${most}, got '${text.slice(0, 40)}'`);
}

function head({ name, version }: ServedModel): { model: string; version: string } {
  return { model: name, version };
}
