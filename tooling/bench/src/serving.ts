#!/usr/bin/env node
// `residual serve` under load, beside the engine alone and a plain server on onnxruntime-node, in turn.
//
//   pnpm --filter @residual/bench serving [--model resnet18] [--seconds 10] [--rounds 3] [--overload 60]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { describeCpu } from './machine.ts';
import { makeMaterials } from './materials.ts';
import { makePictures } from './pictures.ts';
import { toNchw } from './runners/onnx-session.ts';
import { closedLoop, openLoop, type Target } from './serving/load.ts';
import { startServerProcess } from './serving/server-process.ts';
import { median, quantile } from './statistics.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'resnet18' },
    batch: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    overload: { type: 'string', default: '60' },
  },
});
const { model, batch } = flags;
const [seconds, rounds, overload] = [Number(flags.seconds), Number(flags.rounds), Number(flags.overload)];
const sizePx = 224;
const command = resolve(import.meta.dirname, '../../../apps/node/dist/main.js');
const script = (name: string): string => join(import.meta.dirname, 'serving', name);

const folder = await mkdtemp(join(tmpdir(), 'residual-serving-'));
try {
  const { weightsFile, onnxFile } = await makeMaterials({ model, sizePx, folder });
  const picture = makePictures(1, sizePx);
  const say = (text: string): unknown => process.stdout.write(`${text}\n`);
  say(`${describeCpu()}; ${model}, batches of up to ${batch}, ${2 * Number(batch)} clients, ${seconds} s each`);

  const bare: number[] = [];
  const served: number[] = [];
  const plain: number[] = [];
  const serve = (): ReturnType<typeof startServerProcess> =>
    startServerProcess([
      command,
      'serve',
      '--weights',
      weightsFile,
      '--model',
      model,
      '--batch',
      batch,
      '--port',
      '0',
      '--device',
      'native',
    ]);
  for (let round = 0; round < rounds; round++) {
    const args = [script('bare-engine.js'), model, weightsFile, batch, String(seconds)];
    bare.push(Number((await promisify(execFile)(process.execPath, args)).stdout));
    const ours = await serve();
    served.push((await closedLoop(targetOf(ours.address, picture), 2 * Number(batch), seconds)).perSecond);
    await ours.stop();
    const threads = String(availableParallelism());
    const theirs = await startServerProcess([script('plain-server.js'), onnxFile, String(sizePx), threads, batch, '2']);
    const nchw = Buffer.from(toNchw(picture, 1, sizePx).buffer);
    plain.push(
      (await closedLoop({ url: theirs.address, headers: {}, body: nchw }, 2 * Number(batch), seconds)).perSecond,
    );
    await theirs.stop();
  }
  const spread = (values: readonly number[]): string =>
    `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)} – ${Math.max(...values).toFixed(1)})`;
  say(
    `pictures a second, medians of ${rounds}: engine alone ${spread(bare)}, residual serve ${spread(served)}, node:http with onnxruntime-node ${spread(plain)}`,
  );
  say(
    `residual serve: ${(median(served) / median(bare)).toFixed(2)} of the engine, ${(median(served) / median(plain)).toFixed(2)} of the plain server`,
  );

  const server = await serve();
  const target = targetOf(server.address, picture);
  await closedLoop(target, Number(batch), 2);
  const calm = await openLoop(target, 0.7 * median(bare), 2 * seconds);
  const batchMs = (1000 * Number(batch)) / median(bare);
  const p99 = quantile(calm.latenciesMs, 0.99);
  say(
    `at 0.7 of the engine's rate: p50 ${quantile(calm.latenciesMs, 0.5).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${(p99 / batchMs).toFixed(1)} times a batch's ${batchMs.toFixed(0)} ms`,
  );
  const much = await openLoop(target, 3 * median(bare), overload);
  say(
    `at 3 times its rate for ${overload} s: ${JSON.stringify(much.statuses)}, ${much.perSecond.toFixed(1)} a second answered, peak memory ${server.peakMB().toFixed(0)} MB`,
  );
  await sleep(5000);
  const after = await openLoop(target, 0.7 * median(bare), seconds);
  say(
    `5 s later, at 0.7: p50 ${quantile(after.latenciesMs, 0.5).toFixed(0)} ms, p99 ${quantile(after.latenciesMs, 0.99).toFixed(0)} ms`,
  );
  await server.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A prepared picture as binary data, its logits wanted the same way. */
function targetOf(address: string, picture: Float32Array): Target {
  const input = {
    name: 'input',
    shape: [1, sizePx, sizePx, 3],
    datatype: 'FP32',
    parameters: { binary_data_size: picture.byteLength },
  };
  const outputs = [{ name: 'logits', parameters: { binary_data: true } }];
  const head = Buffer.from(JSON.stringify({ inputs: [input], outputs }));
  const body = Buffer.concat([head, Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength)]);
  return {
    url: `${address}/v2/models/${model}/infer`,
    headers: { 'Inference-Header-Content-Length': String(head.length), 'Content-Type': 'application/octet-stream' },
    body,
  };
}
