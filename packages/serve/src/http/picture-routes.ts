import { ClassifierError } from '@residual/classifier';
import { DecodeError, ImageError, type Prediction, softmax, topK } from '@residual/vision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ModelRow } from '../models/model-outputs.ts';
import type { ServedModel } from '../models/served-model.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { RequestContext } from '../request-context.ts';
import { readPictures } from './read-pictures.ts';
import { bytesOfBody } from './request-body.ts';
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
    const { model, rows } = await compute(request, reply, parts);
    const { labels } = model.classifier;
    if (labels.length === 0) throw new ProtocolError(400, `model '${model.name}' has no classes; ask /v1/embed`);
    const top = countOf(request.query.top, labels.length);
    return { ...head(model), results: rows.map(({ logits }) => ({ top: predictions(logits!, top, labels) })) };
  });
  post('/v1/embed', async (request, reply) => {
    const { model, rows } = await compute(request, reply, parts);
    return { ...head(model), results: rows.map(({ embedding }) => ({ embedding: Array.from(embedding) })) };
  });
  post('/v1/explain', async (request, reply) => {
    const model = chosen(request, parts);
    const pictures = await picturesOf(request);
    const held = parts.admission.hold();
    const signal = whileConnected(reply);
    try {
      held.take(pictures.length, 0);
      const results: unknown[] = [];
      for (const picture of pictures) results.push(await explained(model, picture, request.query.target, signal));
      return { ...head(model), results };
    } finally {
      held.release();
    }
  });
}

async function compute(
  request: PictureRequest,
  reply: FastifyReply,
  parts: RequestContext,
): Promise<{ model: ServedModel; rows: readonly ModelRow[] }> {
  const startMs = performance.now();
  const model = chosen(request, parts);
  const items = await picturesOf(request);
  const held = parts.admission.hold();
  try {
    const rows = await model.rows(
      { kind: 'file', items },
      { signal: whileConnected(reply), deadlineMs: startMs + parts.timeoutMs, admit: held.take },
    );
    return { model, rows };
  } finally {
    held.release();
  }
}

/** The model that is asked for, or the only one. */
function chosen({ query }: PictureRequest, { store }: RequestContext): ServedModel {
  if (query.model !== undefined) return store.get(query.model, query.version);
  const names = [...new Set(store.models.map(({ name }) => name))];
  if (names.length === 1) return store.get(names[0]!, query.version);
  throw new ProtocolError(400, `model: expected ?model= with one of ${names.join(', ') || 'none'}, got none`);
}

function picturesOf({ body, headers }: PictureRequest): Promise<readonly Uint8Array[]> {
  return readPictures(bytesOfBody(body), headers['content-type']);
}

async function explained(
  model: ServedModel,
  picture: Uint8Array,
  target: string | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const { classifier } = model;
  const wanted = target !== undefined && /^\d+$/.test(target) ? Number(target) : target;
  try {
    const explanation = await classifier.explain(picture, { signal, ...(wanted !== undefined && { target: wanted }) });
    const { width, height, data } = explanation.map;
    return {
      target: explanation.target,
      method: explanation.method,
      layer: explanation.layer,
      map: { width, height, data: Array.from(data) },
    };
  } catch (error) {
    if (DecodeError.isInstance(error) || ImageError.isInstance(error) || ClassifierError.isInstance(error))
      throw new ProtocolError(400, error.message, error);
    throw error;
  }
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
