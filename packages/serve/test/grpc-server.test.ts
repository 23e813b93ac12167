import { Client, credentials, Metadata, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { serviceDefinition } from '../src/grpc/service-definition.ts';
import { EDGE, preparedPictures, startServer, tinyClassifier } from './fixtures.ts';

/** What of the answers the tests look into. */
interface Answer {
  readonly inputs: readonly unknown[];
  readonly outputs: readonly unknown[];
  readonly raw_output_contents: readonly Uint8Array[];
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly models: readonly unknown[];
  readonly model_stats: readonly unknown[];
}

type Call = (
  request: object,
  metadata: Metadata,
  options: object,
  callback: (error: ServiceError | null, value: Answer) => void,
) => void;

/** A client by the same definition. */
function clientOf(
  address: string,
): (method: string, request?: object, options?: object, token?: string) => Promise<Answer> {
  const Service = makeGenericClientConstructor(serviceDefinition(), 'GRPCInferenceService');
  const client = new Service(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  return (method, request = {}, options = {}, token) =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
      const call = (client[method] as Call).bind(client);
      call(request, metadata, options, (error, value) => (error === null ? resolve(value) : reject(error)));
    });
}

const tensor = { name: 'input', datatype: 'FP32', shape: [2, EDGE, EDGE, 3] };

test('metadata, readiness, raw and typed contents: the answers are the classifier’s own', async () => {
  const { grpc } = await startServer();
  const ask = clientOf(grpc);
  expect([await ask('ServerLive'), await ask('ServerReady'), await ask('ModelReady', { name: 'net' })]).toEqual([
    { live: true },
    { ready: true },
    { ready: true },
  ]);
  const metadata = await ask('ModelMetadata', { name: 'net' });
  expect(metadata.inputs[0]).toEqual({ name: 'input', datatype: 'FP32', shape: [-1, EDGE, EDGE, 3] });
  const numbers = preparedPictures(2);
  const classifier = await tinyClassifier(1);
  const half = numbers.length / 2;
  const expected = (await classifier.forward([numbers.slice(0, half), numbers.slice(half)])).flatMap((row) => [...row]);
  const outputs = [{ name: 'logits' }, { name: 'logits', parameters: { classification: { int64_param: 1 } } }];
  const raw = await ask('ModelInfer', {
    model_name: 'net',
    id: 'q',
    inputs: [tensor],
    outputs,
    raw_input_contents: [Buffer.from(numbers.buffer)],
  });
  expect([raw.model_name, raw.model_version, raw.id]).toEqual(['net', '1', 'q']);
  expect(raw.outputs[0]).toMatchObject({ name: 'logits', datatype: 'FP32', shape: [2, 10] });
  expect([...new Float32Array(new Uint8Array(raw.raw_output_contents[0]!).buffer)]).toEqual(expected);
  expect(raw.outputs[1]).toMatchObject({ datatype: 'BYTES', shape: [2, 1] });
  const typed = await ask('ModelInfer', {
    model_name: 'net',
    inputs: [{ ...tensor, contents: { fp32_contents: [...numbers] } }],
    outputs: [{ name: 'logits' }],
  });
  expect(typed.raw_output_contents[0]).toEqual(raw.raw_output_contents[0]);
  await classifier.dispose();
});

test('errors have codes and a line; a deadline is kept; a token is asked for', async () => {
  const { grpc, faults } = await startServer({ token: 'secret' });
  const ask = clientOf(grpc);
  const infer = (request: object, options?: object): Promise<Answer> =>
    ask('ModelInfer', { model_name: 'net', inputs: [tensor], ...request }, options, 'secret');
  await expect(ask('ServerMetadata')).rejects.toMatchObject({ code: 16 });
  await expect(infer({ model_name: 'none' })).rejects.toMatchObject({ code: 5 });
  await expect(infer({})).rejects.toMatchObject({
    code: 3,
    details: 'inputs[0].contents.fp32_contents: expected 384 elements by the shape, got 0',
  });
  await expect(infer({ raw_input_contents: [Buffer.alloc(4), Buffer.alloc(4)] })).rejects.toMatchObject({ code: 3 });
  await expect(
    infer({ raw_input_contents: [Buffer.alloc(384 * 4)], parameters: { timeout: { int64_param: 0 } } }),
  ).rejects.toMatchObject({ code: 3 });
  await expect(
    infer({ raw_input_contents: [Buffer.alloc(384 * 4)] }, { deadline: Date.now() - 1 }),
  ).rejects.toMatchObject({ code: 4 });
  expect(faults).toEqual([]);
});

/** `count` fields of a message, each a tag and its value. */
function fields(tag: number, value: Uint8Array, count: number): Buffer {
  const one = Buffer.concat([Buffer.from([tag]), value]);
  return Buffer.alloc(one.length * count, one);
}

/** The length of bytes in front of them, as protobuf has it. */
function sized(bytes: Uint8Array): Buffer {
  const length: number[] = [];
  for (let left = bytes.length; length.length === 0 || left > 0; left = Math.floor(left / 128))
    length.push((left % 128) + (left >= 128 ? 128 : 0));
  return Buffer.concat([Buffer.from(length), bytes]);
}

const MANY = 3e6;
const empty = Buffer.of(0);

test.each([
  ['inputs', fields(0x2a, empty, MANY)],
  ['raw contents', fields(0x3a, empty, MANY)],
  ['sizes of a shape', fields(0x2a, sized(fields(0x1a, sized(Buffer.alloc(9 * MANY)), 1)), 1)],
  ['files', fields(0x2a, sized(fields(0x2a, sized(fields(0x42, empty, MANY)), 1)), 1)],
  ['parameters', fields(0x22, empty, MANY)],
])('a message that would take too much memory is refused before it is read: %s', async (_, message) => {
  const { grpc, faults } = await startServer();
  const client = new Client(grpc, credentials.createInsecure());
  onTestFinished(() => client.close());
  const send = (bytes: Buffer): Promise<ServiceError | null> =>
    new Promise((done) => {
      const path = '/inference.GRPCInferenceService/ModelInfer';
      client.makeUnaryRequest(
        path,
        (value: Buffer) => value,
        (value) => value,
        bytes,
        (error) => done(error),
      );
    });
  expect(await send(message)).toMatchObject({ code: 8, details: expect.stringContaining('got too many to hold') });
  expect(await send(Buffer.of(0x2a, 9))).toMatchObject({
    code: 3,
    details: expect.stringContaining('got other bytes'),
  });
  expect(faults).toEqual([]);
});

test('models are listed, taken out and put back', async () => {
  const { grpc } = await startServer();
  const ask = clientOf(grpc);
  await ask('RepositoryModelUnload', { model_name: 'net' });
  expect((await ask('RepositoryIndex')).models).toEqual([
    { name: 'net', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' },
  ]);
  await ask('RepositoryModelLoad', { model_name: 'net' });
  const { model_stats } = await ask('ModelStatistics', { name: 'net' });
  expect(model_stats[0]).toMatchObject({ name: 'net', version: '1', inference_count: 0 });
});
