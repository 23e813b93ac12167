import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Classifier } from '@residual/classifier';
import { type ClassifierRepository, InferenceServer, type ModelName } from '@residual/serve';
import { exitCode } from '../exit-code.ts';
import { Interruption } from '../interruption.ts';
import { loadClassifier, type ModelFlags } from '../load-classifier.ts';
import { parseCount } from '../parse-count.ts';
import { parseDecodeFlags } from '../pictures/decode-flags.ts';
import { printJson, say } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';
import { listModels } from './models-folder.ts';

export interface ServeFlags extends ModelFlags {
  readonly models?: string;
  readonly name?: string;
  readonly host: string;
  readonly port: string;
  readonly grpcPort?: string;
  readonly batch: string;
  readonly wait: string;
  readonly pictureThreads: string;
  readonly queue: string;
  readonly queueMb: string;
  readonly maxBody: string;
  readonly timeout: string;
  readonly drain: string;
  readonly log?: boolean;
  readonly traces?: boolean;
}

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/**
 * Bodies lie outside JavaScript's heap and yet count towards its limit, which is low where the heap is small: with V8's own growth
 * 40 MB of bodies a second have it collected three times a second, a tenth of two cores' time.
 */
const HEAP_GROWTH = '--heap-growing-percent=300';

/** Serves until the signal or SIGTERM ends it. */
export async function serveModels(flags: ServeFlags, signal: AbortSignal): Promise<number> {
  setFlagsFromString(HEAP_GROWTH);
  const batchSize = parseCount('--batch', flags.batch);
  const addresses = {
    host: flags.host,
    port: parseWhole('--port', flags.port),
    ...(flags.grpcPort !== undefined && { grpcPort: parseWhole('--grpc-port', flags.grpcPort) }),
  };
  const server = new InferenceServer({
    repository: await repositoryOf(flags, batchSize, signal),
    batchSize,
    waitMs: parseWhole('--wait', flags.wait),
    pictureThreads: parseWhole('--picture-threads', flags.pictureThreads),
    limits: {
      pictures: parseCount('--queue', flags.queue),
      bytes: parseCount('--queue-mb', flags.queueMb) * 2 ** 20,
    },
    bodyBytes: parseCount('--max-body', flags.maxBody) * 2 ** 20,
    timeoutMs: parseCount('--timeout', flags.timeout),
    drainMs: parseWhole('--drain', flags.drain),
    pictures: parseDecodeFlags(flags),
    version,
    traces: flags.traces ?? false,
    ...(process.env['RESIDUAL_TOKEN'] && { token: process.env['RESIDUAL_TOKEN'] }),
    ...(flags.log && { onRequest: (record) => printJson({ time: new Date().toISOString(), ...record }) }),
    onFault: (error) => say(`fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  });
  const ended = untilEnded(signal);
  try {
    const { http, grpc } = await server.start(addresses);
    say(`serving on ${http}${grpc === undefined ? '' : `, gRPC on ${grpc}`}; Ctrl-C ends it`);
    await ended;
    say('answering what is accepted, then ending');
  } finally {
    await server.stop();
  }
  return exitCode.success;
}

async function repositoryOf(flags: ServeFlags, batchSize: number, signal: AbortSignal): Promise<ClassifierRepository> {
  const load = async (which: Pick<ModelFlags, 'model' | 'weights'>): Promise<Classifier> => {
    const { classifier } = await loadClassifier({ ...flags, ...which }, calibrationOf(flags), signal, batchSize);
    return classifier;
  };
  const { models: folder, model, weights } = flags;
  if (folder !== undefined) {
    if (model !== undefined || weights !== undefined)
      throw new UsageError(
        '--models: expected neither --model nor --weights beside it; put the weights into the folder',
      );
    if ((await listModels(folder)).length === 0)
      throw new UsageError(`--models: expected weights in ${folder}/NAME/VERSION, found none`);
    return {
      list: () => listModels(folder),
      load: ({ name, version }) => load({ weights: join(folder, name, version) }),
    };
  }
  const classifier = await load({});
  const only: ModelName = { name: flags.name ?? classifier.spec.name, version: '1' };
  let first: Classifier | undefined = classifier;
  return {
    list: () => Promise.resolve([only]),
    load: () => {
      const loaded = first ?? load({});
      first = undefined;
      return Promise.resolve(loaded);
    },
  };
}

/** A server has no pictures of its own before it is asked. */
function calibrationOf({ precision, calibrate }: ServeFlags): { count: number; read: () => Promise<never> } {
  if (precision === 'int8' && calibrate === undefined)
    throw new UsageError('--precision int8: expected --calibrate FOLDER beside it, with pictures like those to come');
  return { count: 0, read: () => Promise.reject(new Error('a server has no pictures of its own')) };
}

/** SIGTERM is how platforms end a server. */
function untilEnded(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    signal.addEventListener('abort', () => signal.reason instanceof Interruption && resolve(), { once: true });
  });
}

/** A whole number from 0. @throws UsageError for anything else. */
function parseWhole(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option}: expected a whole number from 0, got '${text}'`);
}
