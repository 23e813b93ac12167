import { readdirSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { seededRandom } from '@residual/vision';
import { expect, onTestFinished, test } from 'vitest';
import { EDGE, preparedPictures, startServer } from './fixtures.ts';

const random = seededRandom(17);
const RUNS = Number(process.env['RESIDUAL_BROKEN_REQUESTS'] ?? 600);

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

const strange = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  1e308,
  '',
  'x',
  [],
  {},
  [[]],
  [null],
  { a: [] },
  'é'.repeat(99),
] as const;

/** A good request, of which something somewhere is another. */
function broken(): unknown {
  const input = { name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(1)] };
  const request: Record<string, unknown> = { id: 'x', inputs: [input], outputs: [{ name: 'logits', parameters: {} }] };
  const places: [Record<string, unknown>, string][] = [
    ...Object.keys(request).map((key): [Record<string, unknown>, string] => [request, key]),
    ...Object.keys(input).map((key): [Record<string, unknown>, string] => [input, key]),
    [input as Record<string, unknown>, 'parameters'],
    [request, 'parameters'],
    [(request['outputs'] as Record<string, unknown>[])[0]!, 'parameters'],
  ];
  const [object, key] = pick(places);
  const lies: Record<string, unknown> = {
    shape: pick([[1], [2, EDGE, EDGE, 3], [1, EDGE, EDGE, 2 ** 40], [0, EDGE, EDGE, 3], [-1, 8, 8, 3]]),
    datatype: pick(['FP16', 'UINT8', 'BYTES', 'INT64']),
    parameters: pick([
      { binary_data_size: 2 ** 40 },
      { timeout: -1 },
      { classification: 1e9 },
      { binary_data_size: -4 },
    ]),
  };
  object[key] = key in lies && random() < 0.6 ? lies[key] : pick(strange);
  return request;
}

/** A PNG of a few bytes that says that it has 60,000 × 60,000 pixels. */
const bomb = Buffer.from(
  '89504e470d0a1a0a0000000d494844520000ea600000ea60080200000096b14d270000000a4944415478da6364000000060002e221bc330000000049454e44ae426082',
  'hex',
);

function bodyOf(): { body: Buffer; headers: Record<string, string> } {
  const odd = random();
  if (odd < 0.05) return { body: bomb, headers: {} };
  if (odd < 0.1)
    return { body: gzipSync('{}'), headers: { 'Content-Encoding': pick(['gzip', 'br', 'x', 'identity']) } };
  const json = Buffer.from(JSON.stringify(broken()));
  const kind = random();
  if (kind < 0.6) return { body: json, headers: {} };
  if (kind < 0.7) return { body: json.subarray(0, Math.floor(random() * json.length)), headers: {} };
  if (kind < 0.8) return { body: Buffer.from(json.map((byte) => (random() < 0.02 ? byte ^ 64 : byte))), headers: {} };
  const length = pick(['0', '-1', '1e3', 'x', String(json.length), String(json.length + 8), '99999999999999999999']);
  return { body: Buffer.concat([json, Buffer.alloc(7)]), headers: { 'Inference-Header-Content-Length': length } };
}

test(`${RUNS} broken requests: a status and a line for each, no fault, and nothing held afterwards`, async () => {
  const { address, faults } = await startServer();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  onTestFinished(() => agent.destroy());
  const ask = (path: string, body: Buffer, headers: Record<string, string>): Promise<[number, string]> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(`${address}${path}`, { method: 'POST', agent, headers }, (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve([response.statusCode!, text]));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  let before = 0;
  for (let start = 0; start < RUNS; start += 8) {
    const asked = Array.from({ length: 8 }, () => {
      const { body, headers } = bodyOf();
      const path = pick(['/v2/models/net/infer', '/v2/models/net/versions/1/infer', '/v1/classify', '/v1/embed']);
      const type = pick(['application/json', 'image/png', 'multipart/form-data; boundary=x', 'text/plain', '']);
      return ask(path, body, { ...headers, ...(type !== '' && { 'Content-Type': type }) });
    });
    for (const [status, text] of await Promise.all(asked)) {
      expect([200, 400, 413, 415, 504], text).toContain(status);
      if (status !== 200) expect(JSON.parse(text)).toEqual({ error: expect.stringMatching(/^[^\n]{1,600}$/) });
    }
    if (start === 0) before = descriptors();
  }
  expect(faults).toEqual([]);
  expect(descriptors()).toBeLessThanOrEqual(before + 8);
  const body = Buffer.from(
    JSON.stringify({
      inputs: [{ name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(1)] }],
    }),
  );
  expect((await ask('/v2/models/net/infer', body, {}))[0]).toBe(200);
});

test('who sends half a request and goes, or closes one side, holds nothing', async () => {
  const { address, faults } = await startServer({ limits: { bytes: 3000 }, bodyBytes: 2000 });
  const { hostname, port } = new URL(address);
  const head = 'POST /v2/models/net/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 1500\r\n\r\n{';
  for (const how of ['destroy', 'end'] as const)
    for (let run = 0; run < 6; run++)
      await new Promise<void>((done) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(head, () => setTimeout(() => socket[how](), 5)),
        );
        socket
          .resume()
          .on('close', () => done())
          .on('error', () => undefined);
      });
  // All that they held is free: a request of the same size is let in.
  const answer = await fetch(`${address}/v2/models/net/infer`, { method: 'POST', body: `{${' '.repeat(1998)}}` });
  expect(answer.status).toBe(400);
  expect(faults).toEqual([]);
});

test('who sends slowly, no HTTP, or headers without end is told so and let go; others are answered meanwhile', async () => {
  const { address, faults } = await startServer({ limits: { pictures: 9 }, arrivalMs: 1500 });
  const { hostname, port } = new URL(address);
  const start = 'POST /v2/models/net/infer HTTP/1.1\r\nHost: x\r\n';
  const slow = (first: string): Promise<string> =>
    new Promise((done) => {
      let text = '';
      let more: NodeJS.Timeout;
      const socket = connect(Number(port), hostname, () => {
        socket.write(first);
        more = setInterval(() => socket.write('a'), 30);
      });
      socket
        .on('data', (part) => {
          text += part;
        })
        .on('error', () => undefined)
        .on('close', () => {
          clearInterval(more);
          done(text);
        });
    });
  const asked = [
    ...Array.from({ length: 8 }, () => slow(`${start}Content-Length: 1500\r\n\r\n`)),
    ...Array.from({ length: 4 }, () => slow(`${start}X-Slow: `)),
  ];
  const good = JSON.stringify({
    inputs: [{ name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(1)] }],
  });
  const infer = (): Promise<Response> => fetch(`${address}/v2/models/net/infer`, { method: 'POST', body: good });
  expect((await infer()).status).toBe(200);
  const errorOf = (text: string): unknown => [text.slice(9, 12), JSON.parse(text.slice(text.indexOf('\r\n\r\n')))];
  const late = 'the request: expected all of it within 1500 ms, got a part; send it faster';
  for (const text of await Promise.all(asked)) expect(errorOf(text)).toEqual(['408', { error: late }]);
  expect(errorOf(await slow('GARBAGE\r\n\r\n'))).toEqual(['400', { error: expect.stringMatching(/HTTP\/1\.1/) }]);
  const endless = await slow(`${start}X-Long: ${'a'.repeat(20_000)}`);
  expect(errorOf(endless)).toEqual(['431', { error: expect.stringMatching(/16 KiB/) }]);
  // They are counted, and nothing of theirs is held.
  const metrics = async (): Promise<string> => (await fetch(`${address}/metrics`)).text();
  await expect.poll(metrics, { timeout: 20_000 }).toMatch(/^residual_held_bytes 0$/m);
  expect(await metrics()).toMatch(/^residual_http_responses_total\{.*"408".*\} 12$/m);
  expect((await Promise.all(Array.from({ length: 9 }, infer))).map(({ status }) => status)).toEqual(Array(9).fill(200));
  expect(faults).toEqual([]);
});

test('what comes behind a request that is being answered is not taken for it: the connection ends', async () => {
  const { address } = await startServer({ waitMs: 500, batchSize: 64 });
  const { hostname, port } = new URL(address);
  const body = JSON.stringify({
    inputs: [{ name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(1)] }],
  });
  const text = await new Promise<string>((done) => {
    let got = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        `POST /v2/models/net/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}GARBAGE\r\n`,
      ),
    );
    socket
      .on('data', (part) => {
        got += part;
      })
      .on('error', () => undefined)
      .on('close', () => done(got));
  });
  expect(text).toBe('');
});

test('a picture that claims more pixels than may be is refused by its head; so is a time to arrive that is none', async () => {
  const { address } = await startServer();
  const headers = { 'Content-Type': 'image/png' };
  const answer = await fetch(`${address}/v1/classify`, { method: 'POST', body: bomb, headers });
  expect([answer.status, (await answer.json()).error]).toEqual([
    400,
    expect.stringMatching(/60000 × 60000|3600000000|pixels/),
  ]);
  await startServer({ arrivalMs: 600_000 });
  for (const arrivalMs of [0, -1, 0.5, Number.NaN])
    await expect(startServer({ arrivalMs })).rejects.toThrow(
      `arrivalMs: expected a whole number of milliseconds from 1, got ${arrivalMs}`,
    );
});
