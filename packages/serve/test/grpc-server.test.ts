import { Client, credentials, Metadata, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { serviceDefinition } from '../src/grpc/service-definition.ts';
import { EDGE, preparedPictures, startServer, tinyClassifier } from './fixtures.ts';
import { bytesOf, repeated } from './wire-bytes.ts';

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

test('a message that would take too much memory is refused before it is parsed, as is one of other bytes', async () => {
  const { grpc, faults } = await startServer({ token: 'secret' });
  const client = new Client(grpc, credentials.createInsecure());
  onTestFinished(() => client.close());
  const send = (bytes: Buffer, token: string): Promise<ServiceError | null> =>
    new Promise((done) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      const path = '/inference.GRPCInferenceService/ModelInfer';
      const asIs = (value: Buffer): Buffer => value;
      client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, (error) => done(error));
    });
  const inputs = repeated('2a 00', 3e6);
  expect(await send(inputs, 'secret')).toMatchObject({
    code: 8,
    details: 'the request: expected values of 256 MiB at most, got more; send raw_input_contents',
  });
  for (const other of [bytesOf('2a 09'), Buffer.concat([bytesOf('7b 7c'), inputs])]) {
    expect(await send(other, 'secret')).toMatchObject({
      code: 3,
      details: 'the request: expected a ModelInferRequest, got other bytes',
    });
    expect(await send(other, 'guessed')).toMatchObject({ code: 16 });
  }
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
