import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { EDGE, preparedPictures, startServer } from './fixtures.ts';

// Every kind of answer, held to the protocol's objects as KServe describes them: schemas/protocol.json.

const ajv = new Ajv2020({ strict: false });
const file = readFileSync(join(import.meta.dirname, 'schemas/protocol.json'), 'utf8');
ajv.addSchema({ $id: 'protocol', ...JSON.parse(file) });

function expectAnswer(schema: string, answer: unknown): void {
  const isValid = ajv.getSchema(`protocol#/$defs/${schema}`)!;
  isValid(answer);
  expect(isValid.errors ?? [], `${schema}: ${JSON.stringify(answer).slice(0, 300)}`).toEqual([]);
}

/** The protocol has no schema of its own for errors in JSON but this field. */
function expectError(answer: unknown): void {
  expect(answer).toEqual({ error: expect.any(String) });
}

test('health and metadata', async () => {
  const { address } = await startServer();
  const get = async (path: string): Promise<unknown> => (await fetch(address + path)).json();
  expectAnswer('ServerLiveResponse', await get('/v2/health/live'));
  expectAnswer('ServerReadyResponse', await get('/v2/health/ready'));
  expectAnswer('ServerMetadataResponse', await get('/v2'));
  for (const model of ['/v2/models/net', '/v2/models/net/versions/1']) {
    expectAnswer('ModelMetadataResponse', await get(model));
    expectAnswer('ModelReadyResponse', await get(`${model}/ready`));
  }
  expectAnswer('ModelReadyResponse', await get('/v2/models/none/ready'));
  for (const path of ['/v2/models/none', '/v2/models/net/versions/7', '/v2/none']) expectError(await get(path));
});

test('inference: all outputs, some, classification, several pictures, with and without an id', async () => {
  const { address } = await startServer();
  const ask = async (more: object, pictures = 1): Promise<Record<string, unknown>> => {
    const shape = [pictures, EDGE, EDGE, 3];
    const input = { name: 'input', shape, datatype: 'FP32', data: [...preparedPictures(pictures)] };
    const body = JSON.stringify({ inputs: [input], ...more });
    const answer = await fetch(`${address}/v2/models/net/infer`, { method: 'POST', body });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  };
  const id = 'one';
  expectAnswer('InferenceResponse', await ask({ id }));
  expectAnswer('InferenceResponse', await ask({ id }, 3));
  for (const name of ['logits', 'probabilities', 'labels', 'embeddings'])
    expectAnswer('InferenceResponse', await ask({ id, outputs: [{ name }] }));
  const classes = [{ name: 'logits', parameters: { classification: 2 } }];
  expectAnswer('InferenceResponse', await ask({ id, outputs: classes }, 2));
  // An answer's id is its request's, "if any".
  const without = await ask({});
  expect(without).not.toHaveProperty('id');
  expectAnswer('InferenceResponse', { ...without, id });
});

test('inference: the JSON of a binary answer, but for its data, which is behind it', async () => {
  const { address } = await startServer();
  const input = { name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(1)] };
  const body = JSON.stringify({ id: 'one', inputs: [input], parameters: { binary_data_output: true } });
  const answer = await fetch(`${address}/v2/models/net/infer`, { method: 'POST', body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const length = Number(answer.headers.get('Inference-Header-Content-Length'));
  const head = JSON.parse(bytes.subarray(0, length).toString()) as { outputs: { data?: unknown }[] };
  expect(head.outputs.map(({ data }) => data)).toEqual(head.outputs.map(() => undefined));
  expectAnswer('InferenceResponse', { ...head, outputs: head.outputs.map((output) => ({ ...output, data: [] })) });
});

test('errors', async () => {
  const { address } = await startServer({ limits: { pictures: 1 } });
  const infer = `${address}/v2/models/net/infer`;
  const input = { name: 'input', shape: [2, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(2)] };
  const bodies = ['[', '{}', '', JSON.stringify({ inputs: [{ ...input, datatype: 'INT3' }] })];
  for (const body of [...bodies, JSON.stringify({ inputs: [input] })]) {
    const answer = await fetch(infer, { method: 'POST', body });
    expect([400, 413]).toContain(answer.status);
    expectError(await answer.json());
  }
  expect(ajv.getSchema('protocol#/$defs/InferenceResponse')!({ model_name: 'net', id: 'one' })).toBe(false);
});
