#!/usr/bin/env node
// `residual serve` under load, beside the engine alone and a plain server on onnxruntime-node, in turn.
//
//   pnpm --filter @residual/bench serving [--model resnet18] [--seconds 10] [--rounds 3] [--overload 60]
//
// In parts, where the machine is free for short times alone: `--overload 0` measures throughput alone; `--rounds 0 --rate N` the
// rest, by an engine's rate of N that was measured before. `--materials FOLDER` keeps the models for the next part.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
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
    rate: { type: 'string' },
    materials: { type: 'string' },
  },
});
const { model, batch } = flags;
const [seconds, rounds, overload] = [Number(flags.seconds), Number(flags.rounds), Number(flags.overload)];
const sizePx = 224;
const command = resolve(import.meta.dirname, '../../../apps/node/dist/main.js');
const script = (name: string): string => join(import.meta.dirname, 'serving', name);

const folder = flags.materials ?? (await mkdtemp(join(tmpdir(), 'residual-serving-')));
try {
  await mkdir(folder, { recursive: true });
  const [weightsFile, onnxFile] = [join(folder, `${model}.safetensors`), join(folder, `${model}.onnx`)];
  if (!existsSync(onnxFile)) await makeMaterials({ model, sizePx, folder });
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
    served.push(await throughput(targetOf(ours.address, picture)));
    await ours.stop();
    const threads = String(availableParallelism());
    const theirs = await startServerProcess([script('plain-server.js'), onnxFile, String(sizePx), threads, batch, '2']);
    const nchw = Buffer.from(toNchw(picture, 1, sizePx).buffer);
    plain.push(await throughput({ url: theirs.address, headers: {}, body: nchw }));
    await theirs.stop();
  }
  if (rounds > 0) {
    const spread = (values: readonly number[]): string =>
      `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)} – ${Math.max(...values).toFixed(1)})`;
    say(
      `pictures a second, medians of ${rounds}: engine alone ${spread(bare)}, residual serve ${spread(served)}, node:http with onnxruntime-node ${spread(plain)}`,
    );
    say(
      `residual serve: ${(median(served) / median(bare)).toFixed(2)} of the engine, ${(median(served) / median(plain)).toFixed(2)} of the plain server`,
    );
  }

  if (overload > 0) {
    const rate = flags.rate === undefined ? median(bare) : Number(flags.rate);
    const server = await serve();
    const target = targetOf(server.address, picture);
    await closedLoop(target, Number(batch), 2);
    const calm = await openLoop(target, 0.7 * rate, 2 * seconds);
    const batchMs = (1000 * Number(batch)) / rate;
    const p99 = quantile(calm.latenciesMs, 0.99);
    say(
      `at 0.7 of the engine's rate: p50 ${quantile(calm.latenciesMs, 0.5).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${(p99 / batchMs).toFixed(1)} times a batch's ${batchMs.toFixed(0)} ms`,
    );
    const much = await openLoop(target, 3 * rate, overload);
    say(
      `at 3 times its rate for ${overload} s: ${JSON.stringify(much.statuses)}, ${much.perSecond.toFixed(1)} a second answered, peak memory ${server.peakMB().toFixed(0)} MB`,
    );
    await sleep(5000);
    const after = await openLoop(target, 0.7 * rate, seconds);
    say(
      `5 s later, at 0.7: p50 ${quantile(after.latenciesMs, 0.5).toFixed(0)} ms, p99 ${quantile(after.latenciesMs, 0.99).toFixed(0)} ms`,
    );
    await server.stop();
  }
} finally {
  if (flags.materials === undefined) await rm(folder, { recursive: true, force: true });
}

/** Answers a second, once what is asked often is compiled. */
async function throughput(target: Target): Promise<number> {
  const clients = 2 * Number(batch);
  await closedLoop(target, clients, 2);
  return (await closedLoop(target, clients, seconds)).perSecond;
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
