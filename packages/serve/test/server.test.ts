import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ServeError } from '../src/serve-error.ts';
import { InferenceServer } from '../src/server.ts';
import { EDGE, preparedPictures, startServer, tinyClassifier } from './fixtures.ts';

const json = { 'Content-Type': 'application/json' };

async function post(url: string, body: string | Uint8Array, headers: Record<string, string> = json): Promise<Response> {
  return fetch(url, { method: 'POST', body: body as BodyInit, headers });
}

function inputOf(count: number, data: ArrayLike<number> = preparedPictures(count)): Record<string, unknown> {
  return { name: 'input', shape: [count, EDGE, EDGE, 3], datatype: 'FP32', data: Array.from(data) };
}

describe('the protocol', () => {
  test('health, metadata of the server and of the model', async () => {
    const { address } = await startServer({ version: '1.2.3' });
    expect((await fetch(`${address}/v2/health/live`)).status).toBe(200);
    expect((await fetch(`${address}/v2/health/ready`)).status).toBe(200);
    expect(await (await fetch(`${address}/v2`)).json()).toEqual({
      name: 'residual',
      version: '1.2.3',
      extensions: ['binary_tensor_data', 'classification', 'model_repository', 'statistics'],
    });
    const metadata = {
      name: 'net',
      versions: ['1'],
      platform: 'residual_tfjs',
      inputs: [
        { name: 'input', datatype: 'FP32', shape: [-1, EDGE, EDGE, 3] },
        { name: 'pixels', datatype: 'UINT8', shape: [-1, -1, -1, 3] },
        { name: 'image', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [
        { name: 'logits', datatype: 'FP32', shape: [-1, 10] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 10] },
        { name: 'labels', datatype: 'BYTES', shape: [-1, 5] },
        { name: 'embeddings', datatype: 'FP32', shape: [-1, 64] },
      ],
    };
    for (const path of ['net', 'net/versions/1'])
      expect(await (await fetch(`${address}/v2/models/${path}`)).json()).toEqual(metadata);
    expect(await (await fetch(`${address}/v2/models/net/ready`)).json()).toEqual({ name: 'net', ready: true });
  });

  test('answers of JSON and of bytes are the classifier’s own, to the bit', async () => {
    const { address } = await startServer();
    const classifier = await tinyClassifier(1);
    const numbers = preparedPictures(3);
    const size = EDGE * EDGE * 3;
    const expected = await classifier.forward([0, 1, 2].map((row) => numbers.slice(row * size, (row + 1) * size)));
    const url = `${address}/v2/models/net/infer`;

    const request = { id: 'a1', inputs: [inputOf(3)], outputs: [{ name: 'logits' }] };
    const answer = await (await post(url, JSON.stringify(request))).json();
    expect(answer).toMatchObject({ model_name: 'net', model_version: '1', id: 'a1' });
    expect(answer.outputs[0]).toMatchObject({ name: 'logits', shape: [3, 10], datatype: 'FP32' });
    expect(Float32Array.from(answer.outputs[0].data)).toEqual(Float32Array.from(expected.flatMap((row) => [...row])));

    // The same pictures as the networks' exports take them.
    const channelsFirst = [0, 1, 2].flatMap((row) =>
      [0, 1, 2].flatMap((channel) =>
        [...numbers.subarray(row * size, (row + 1) * size)].filter((_, at) => at % 3 === channel),
      ),
    );
    const exported = { name: 'image', shape: [3, 3, EDGE, EDGE], datatype: 'FP32', data: channelsFirst };
    const ofExported = await (await post(url, JSON.stringify({ ...request, inputs: [exported] }))).json();
    expect(ofExported).toEqual(answer);

    const { data: _, ...head } = inputOf(3);
    const input = { ...head, parameters: { binary_data_size: numbers.byteLength } };
    const binary = Buffer.from(
      JSON.stringify({ inputs: [input], outputs: [{ name: 'logits', parameters: { binary_data: true } }] }),
    );
    const body = Buffer.concat([binary, Buffer.from(numbers.buffer)]);
    const response = await post(url, body, { 'Inference-Header-Content-Length': String(binary.length) });
    const length = Number(response.headers.get('Inference-Header-Content-Length'));
    const bytes = await response.arrayBuffer();
    expect(new Float32Array(bytes.slice(length))).toEqual(Float32Array.from(expected.flatMap((row) => [...row])));
    expect(JSON.parse(Buffer.from(bytes.slice(0, length)).toString()).outputs[0].parameters).toEqual({
      binary_data_size: 120,
    });
    await classifier.dispose();
  });

  test('half floats, pixels and files are inputs too; classes are named by the extension', async () => {
    const { address } = await startServer();
    const url = `${address}/v2/models/net/infer`;
    const pixels = Array.from({ length: EDGE * EDGE * 3 }, (_, index) => (index * 7) % 256);
    const png = await sharp(Buffer.from(pixels), { raw: { width: EDGE, height: EDGE, channels: 3 } })
      .png()
      .toBuffer();
    const classifier = await tinyClassifier(1);
    const [expected] = await classifier.logits([png]);
    const outputs = [
      { name: 'logits' },
      { name: 'probabilities', parameters: { classification: 2 } },
      { name: 'labels' },
    ];
    const raw = { name: 'pixels', shape: [1, EDGE, EDGE, 3], datatype: 'UINT8', data: pixels };
    const ofPixels = await (await post(url, JSON.stringify({ inputs: [raw], outputs }))).json();
    expect(Float32Array.from(ofPixels.outputs[0].data)).toEqual(expected);
    const top = classifier.predict(expected!, 5);
    expect(ofPixels.outputs[1]).toEqual({
      name: 'probabilities',
      shape: [1, 2],
      datatype: 'BYTES',
      data: top.slice(0, 2).map(({ score, index, label }) => `${score}:${index}:${label}`),
    });
    expect(ofPixels.outputs[2].data).toEqual(top.map(({ label }) => label));

    const size = Buffer.alloc(4);
    size.writeUInt32LE(png.length);
    const file = { name: 'image', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: png.length + 4 } };
    const head = Buffer.from(JSON.stringify({ inputs: [file], outputs: [{ name: 'logits' }] }));
    const headers = { 'Inference-Header-Content-Length': String(head.length) };
    const ofFile = await (await post(url, Buffer.concat([head, size, png]), headers)).json();
    expect(ofFile.outputs[0].data).toEqual(ofPixels.outputs[0].data);

    const half = {
      name: 'input',
      shape: [1, EDGE, EDGE, 3],
      datatype: 'FP16',
      parameters: { binary_data_size: EDGE * EDGE * 6 },
    };
    const halfHead = Buffer.from(JSON.stringify({ inputs: [half], outputs: [{ name: 'logits' }] }));
    // 0x3c00 is 1.
    const ones = Buffer.from(new Uint16Array(EDGE * EDGE * 3).fill(0x3c00).buffer);
    const ofHalf = await post(url, Buffer.concat([halfHead, ones]), {
      'Inference-Header-Content-Length': String(halfHead.length),
    });
    const [ofOnes] = await classifier.forward([new Float32Array(EDGE * EDGE * 3).fill(1)]);
    expect(Float32Array.from((await ofHalf.json()).outputs[0].data)).toEqual(ofOnes);
    await classifier.dispose();
  });

  test.each([
    ['no JSON', '{', 'the request: expected JSON in UTF-8'],
    ['no inputs', '{}', 'inputs: expected a list, got none'],
    ['an unknown input', { inputs: [{ ...inputOf(1), name: 'x' }] }, 'inputs: expected one of input, pixels, image'],
    ['another shape', { inputs: [{ ...inputOf(1), shape: [1, 192] }] }, `expected shape [n, ${EDGE}, ${EDGE}, 3]`],
    ['fewer numbers than the shape', { inputs: [inputOf(1, [1, 2])] }, 'expected 192 elements by the shape, got 2'],
    ['a shape beyond all bounds', { inputs: [{ ...inputOf(1), shape: [2 ** 40, EDGE, EDGE, 3] }] }, 'elements at most'],
    ['an unknown output', { inputs: [inputOf(1)], outputs: [{ name: 'x' }] }, 'outputs: expected some of logits'],
    [
      'too many classes',
      { inputs: [inputOf(1)], outputs: [{ name: 'logits', parameters: { classification: 11 } }] },
      '10 classes at most',
    ],
    [
      'a picture that is none',
      { inputs: [{ name: 'image', shape: [1], datatype: 'BYTES', data: ['nonsense'] }] },
      'image: ',
    ],
  ])('%s is answered by 400 and a line that says so', async (_, body, expected) => {
    const { address, faults } = await startServer();
    const response = await post(
      `${address}/v2/models/net/infer`,
      typeof body === 'string' ? body : JSON.stringify(body),
    );
    expect(response.status).toBe(400);
    const { error } = await response.json();
    expect(error).toContain(expected);
    expect(error).not.toContain('\n');
    expect(faults).toEqual([]);
  });

  test('models and addresses that there are not', async () => {
    const { address } = await startServer();
    const unknown = await post(`${address}/v2/models/other/infer`, JSON.stringify({ inputs: [inputOf(1)] }));
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toEqual({ error: 'model "other" is not served; there are net (version 1)' });
    expect((await fetch(`${address}/v2/models/net/versions/2`)).status).toBe(404);
    const nowhere = await fetch(`${address}/nowhere`);
    expect([nowhere.status, await nowhere.json()]).toEqual([
      404,
      { error: 'GET /nowhere: there is no such address; see /v2' },
    ]);
  });
});

describe('limits', () => {
  test('a body that is too long, whether or not it says so, and one that is compressed, are refused', async () => {
    const { address } = await startServer({ bodyBytes: 1000 });
    const url = `${address}/v2/models/net/infer`;
    const body = JSON.stringify({ inputs: [inputOf(1)] });
    expect((await post(url, body)).status).toBe(413);
    const stream = new Blob([body]).stream();
    const chunked = await fetch(url, { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    expect([chunked.status, await chunked.json()]).toEqual([
      413,
      { error: 'the body: expected 1000 bytes at most, got more; send several requests' },
    ]);
    expect((await post(url, 'x', { 'Content-Encoding': 'gzip' })).status).toBe(415);
  });

  test.each([
    ['objects', '{},', '[', ']'],
    ['lists', '[],', '[', ']'],
    ['lists in lists', '[', '', ''],
    ['fields', '"k":1,', '{', '}'],
    ['short texts', '"ab",', '[', ']'],
    ['numbers where a tensor has fewer', '1,', '{"inputs":[{"data":[', ']}]}'],
  ])('JSON that would take too much memory is refused before it is parsed: %s', async (_, part, start, end) => {
    const { address, faults } = await startServer();
    const body = start + part.repeat(Math.floor((30 * 2 ** 20) / part.length)).replace(/,$/, '') + end;
    for (const [path, type] of [
      ['/v2/models/net/infer', 'application/json'],
      ['/v1/classify', 'application/json'],
    ] as const) {
      const answer = await post(address + path, body, { 'Content-Type': type });
      expect([answer.status, await answer.json()]).toEqual([
        413,
        { error: expect.stringContaining('expected values of 256 MiB at most, got more; send binary data') },
      ]);
    }
    expect(faults).toEqual([]);
  });

  test('what waits is bounded: beyond it the answer is 503 with Retry-After, and all else is answered', async () => {
    const { address } = await startServer({ limits: { pictures: 4 }, batchSize: 8, waitMs: 200 });
    const ask = (): Promise<Response> =>
      post(`${address}/v2/models/net/infer`, JSON.stringify({ inputs: [inputOf(2)], outputs: [{ name: 'labels' }] }));
    const answers = await Promise.all(Array.from({ length: 12 }, ask));
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    for (const answer of answers.filter(({ status }) => status === 503))
      expect(answer.headers.get('Retry-After')).toBe('1');
    // What was held is given back.
    expect((await ask()).status).toBe(200);
    const many = await post(`${address}/v2/models/net/infer`, JSON.stringify({ inputs: [inputOf(5)] }));
    expect(many.status).toBe(413);
  });

  test('what can not be answered in its time is not computed', async () => {
    const { address } = await startServer();
    const ask = (timeout?: number): Promise<Response> =>
      post(
        `${address}/v2/models/net/infer`,
        JSON.stringify({ inputs: [inputOf(1)], ...(timeout !== undefined && { parameters: { timeout } }) }),
      );
    expect((await ask()).status).toBe(200);
    const late = await ask(1);
    expect([late.status, (await late.json()).error]).toEqual([504, expect.stringContaining('in its time')]);
    const { model_stats } = await (await fetch(`${address}/v2/models/net/stats`)).json();
    expect(model_stats[0]).toMatchObject({ inference_count: 1, execution_count: 1 });
  });

  test('a token is asked for everywhere but at health', async () => {
    const { address } = await startServer({ token: 'secret' });
    expect((await fetch(`${address}/v2/health/ready`)).status).toBe(200);
    expect((await fetch(`${address}/v2`)).status).toBe(401);
    expect((await fetch(`${address}/v2`, { headers: { Authorization: 'Bearer other' } })).status).toBe(401);
    expect((await fetch(`${address}/v2`, { headers: { Authorization: 'Bearer secret' } })).status).toBe(200);
  });
});

test('pictures of several requests are computed together, and metrics tell of it', async () => {
  const { address } = await startServer({ batchSize: 4, waitMs: 50 });
  const ask = (): Promise<Response> => post(`${address}/v2/models/net/infer`, JSON.stringify({ inputs: [inputOf(1)] }));
  const answers = await Promise.all(Array.from({ length: 8 }, ask));
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  for (const { outputs } of bodies) expect(outputs).toEqual(bodies[0].outputs);
  const { model_stats } = await (await fetch(`${address}/v2/models/net/stats`)).json();
  expect(model_stats[0].inference_count).toBe(8);
  expect(model_stats[0].execution_count).toBeLessThan(8);
  const metrics = await (await fetch(`${address}/metrics`)).text();
  expect(metrics).toContain('residual_requests_total{model="net",version="1",outcome="success"} 8');
  expect(metrics).toMatch(/residual_batch_size_sum\{model="net",version="1"\} 8/);
  expect(metrics).toContain('residual_queue_pictures{model="net",version="1"} 0');
});

test('pictures by /v1: a body, a form, a list; explained too', async () => {
  const { address } = await startServer();
  const png = await sharp({ create: { width: 20, height: 12, channels: 3, background: '#c33' } })
    .png()
    .toBuffer();
  const classifier = await tinyClassifier(1);
  const [logits] = await classifier.logits([png]);
  const expected = { top: classifier.predict(logits!, 2) };
  const one = await post(`${address}/v1/classify?top=2`, png, { 'Content-Type': 'image/png' });
  expect(await one.json()).toEqual({ model: 'net', version: '1', results: [expected] });
  const form = new FormData();
  form.append('a', new Blob([png]), 'a.png');
  form.append('b', new Blob([png]), 'b.png');
  const many = await fetch(`${address}/v1/classify?top=2`, { method: 'POST', body: form });
  expect((await many.json()).results).toEqual([expected, expected]);
  const list = await post(`${address}/v1/embed`, JSON.stringify({ images: [png.toString('base64')] }));
  expect(Float32Array.from((await list.json()).results[0].embedding)).toEqual(await classifier.embed(png));
  const explained = await post(`${address}/v1/explain?target=cat`, png, { 'Content-Type': 'image/png' });
  const [{ target, map }] = (await explained.json()).results;
  expect(target.label).toBe('cat');
  expect(map.data).toHaveLength(map.width * map.height);
  expect((await post(`${address}/v1/explain?target=cow`, png, { 'Content-Type': 'image/png' })).status).toBe(400);
  await classifier.dispose();
});

describe('models come and go', () => {
  test('a model is loaded again without a request lost', async () => {
    let loads = 0;
    const versions = [{ name: 'net', version: '1' }];
    const { address } = await startServer({
      repository: {
        list: () => Promise.resolve(versions),
        load: ({ version }) => {
          loads++;
          return tinyClassifier(Number(version));
        },
      },
    });
    let isSwapped = false;
    const statuses: number[] = [];
    const asking = Array.from({ length: 4 }, async () => {
      while (!isSwapped) {
        const body = JSON.stringify({ inputs: [inputOf(1)], outputs: [{ name: 'labels' }] });
        statuses.push((await post(`${address}/v2/models/net/infer`, body)).status);
      }
    });
    versions.push({ name: 'net', version: '2' });
    expect((await post(`${address}/v2/repository/models/net/load`, '')).status).toBe(200);
    isSwapped = true;
    await Promise.all(asking);
    expect(loads).toBe(3);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await (await fetch(`${address}/v2/models/net`)).json()).versions).toEqual(['1', '2']);
    const answer = await post(`${address}/v2/models/net/infer`, JSON.stringify({ inputs: [inputOf(1)] }));
    expect((await answer.json()).model_version).toBe('2');
  });

  test('an unloaded model is in the index, and answers no more', async () => {
    const { address } = await startServer();
    expect((await post(`${address}/v2/repository/models/net/unload`, '')).status).toBe(200);
    expect(await (await post(`${address}/v2/repository/index`, '{}')).json()).toEqual([
      { name: 'net', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' },
    ]);
    expect((await fetch(`${address}/v2/models/net`)).status).toBe(404);
    expect((await fetch(`${address}/v2/health/ready`)).status).toBe(503);
    expect((await post(`${address}/v2/repository/models/net/load`, '')).status).toBe(200);
    expect(await (await post(`${address}/v2/repository/index`, '{"ready":true}')).json()).toEqual([
      { name: 'net', version: '1', state: 'READY', reason: '' },
    ]);
    expect((await post(`${address}/v2/repository/models/none/load`, '')).status).toBe(404);
  });
});

test('a port that is taken is said in a line', async () => {
  const { address, grpc } = await startServer();
  const repository = { list: () => Promise.resolve([]), load: () => tinyClassifier() };
  for (const [taken, place] of [
    [{ port: Number(new URL(address).port) }, new URL(address).host],
    [{ port: 0, grpcPort: Number(grpc.split(':')[1]) }, grpc],
  ] as const) {
    const other = new InferenceServer({ repository, pictureThreads: 0 });
    const start = other.start({ host: '127.0.0.1', ...taken });
    await expect(start).rejects.toThrow(`${place}: expected a free address of this machine`);
    await expect(start).rejects.toSatisfy(ServeError.isInstance);
    await other.stop();
  }
});

test('what was accepted is answered before the server ends', async () => {
  const { server, address } = await startServer({ waitMs: 1000, batchSize: 8 });
  const asked = post(`${address}/v2/models/net/infer`, JSON.stringify({ inputs: [inputOf(1)] }));
  const isWaiting = async (): Promise<boolean> =>
    (await (await fetch(`${address}/metrics`)).text()).includes('residual_queue_pictures{model="net",version="1"} 1');
  await expect.poll(isWaiting).toBe(true);
  const stopped = server.stop();
  expect((await asked).status).toBe(200);
  await stopped;
  await expect(fetch(`${address}/v2/health/live`)).rejects.toThrow();
});
