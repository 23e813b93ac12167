import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HubError, type HubOptions, loadWeights, memoryCache } from '../src/hub/index.ts';
import { readStateDict } from '../src/index.ts';
import { folderCache } from '../src/node.ts';
import { golden } from './golden-file.ts';
import { type Fault, LocalHub } from './local-hub.ts';

// A hundred downloads of files of torch and safetensors from servers that fail in every way at random: each gives the right
// tensors or a HubError, in bounded time, and what it leaves behind is whole. Most of the time is waiting, so several run at once,
// each with servers of its own.

const formats = ['types.zip.pth', 'types.legacy.pth', 'types.tar.pth', 'types.safetensors', 'checkpoint.zip.pth'];

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function randomFault(random: () => number): Fault {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const afterBytes = Math.floor(random() * 3000);
  return pick<Fault>([
    { kind: 'status', status: pick([403, 404, 500, 502, 503, 504]) },
    { kind: 'status', status: 429, retryAfter: '0' },
    { kind: 'status', status: 503, retryAfter: new Date(Date.now() - 1000).toUTCString() },
    { kind: 'reset' },
    { kind: 'silent' },
    { kind: 'cut', afterBytes },
    { kind: 'stall', afterBytes },
    { kind: 'drip', pauseMs: 20 },
    { kind: 'flip', at: random() },
    { kind: 'flip', at: random() },
    { kind: 'flip', at: random() },
    { kind: 'short' },
    { kind: 'long' },
    { kind: 'no-ranges' },
    { kind: 'wrong-range' },
    { kind: 'gzip' },
    { kind: 'web-page' },
    { kind: 'new-etag' },
    { kind: 'redirect-loop' },
    { kind: 'redirect-away', to: 'http://127.0.0.1:1/' },
  ]);
}

/** Puts a file at one of the hub's kinds of address, whose bytes can be checked, and gives the reference to it. */
function publish(
  hub: LocalHub,
  seed: number,
  name: string,
  random: () => number,
): { reference: string | URL; licence?: string } {
  const bytes = golden(name);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const isZip = name.endsWith('.zip.pth');
  const kind = Math.floor(random() * (isZip ? 3 : 2));
  if (kind === 0) {
    const path = `/models/net${seed}-${sha256.slice(0, 8)}.pth`;
    hub.files.set(path, { bytes, isStored: random() < 0.5 });
    return { reference: new URL(hub.url + path) };
  }
  // A zip has checksums of its own.
  if (kind === 2) {
    hub.files.set(`/models/net${seed}.pth`, { bytes });
    return { reference: `${hub.url}/models/net${seed}.pth` };
  }
  const file = name.endsWith('.safetensors') ? 'model.safetensors' : 'pytorch_model.bin';
  const config = { architecture: 'resnet18', pretrained_cfg: { input_size: [3, 224, 224], crop_pct: 0.95 } };
  const files = { [file]: bytes, 'config.json': new TextEncoder().encode(JSON.stringify(config)) };
  hub.addRepo(`me/net${seed}`, { licence: 'mit', files });
  return { reference: `hf:me/net${seed}`, licence: 'mit' };
}

const outcomes = { right: 0, refused: 0 };

const seeds = Array.from({ length: 100 }, (_, seed) => seed);
test.concurrent.each(seeds)('random faults %i', { timeout: 60_000 }, async (seed) => {
  const hub = new LocalHub();
  await hub.listen();
  const random = mulberry32(seed);
  const name = formats[seed % formats.length]!;
  const expected = await readStateDict(golden(name));
  const { reference, licence } = publish(hub, seed, name, random);
  const folder = mkdtempSync(join(tmpdir(), 'residual-faults-'));
  const options: HubOptions = {
    cache: seed % 4 === 3 ? memoryCache() : folderCache(folder),
    hubUrl: hub.url,
    segmentBytes: [256, 1000, 4096, 2 ** 20][Math.floor(random() * 4)]!,
    parallel: 1 + Math.floor(random() * 4),
    attempts: 4,
    backoffMs: 1,
  };
  const check = (loaded: Awaited<ReturnType<typeof loadWeights>>) => {
    expect([...loaded.tensors]).toEqual([...expected.tensors]);
    if (licence !== undefined) {
      const config = { input_size: [3, 224, 224], crop_pct: 0.95 };
      expect(loaded).toMatchObject({ licence, preprocessing: { kind: 'timm', config } });
    }
  };
  const attempt = async () => {
    try {
      check(await loadWeights(reference, { ...options, stallTimeoutMs: 150 }));
      outcomes.right++;
    } catch (error) {
      if (!HubError.isInstance(error)) throw error;
      expect(error.message).not.toContain('\n');
      outcomes.refused++;
    }
  };
  try {
    // From a fault now and then to hardly an answer that is right.
    const share = 0.1 + 0.6 * random();
    const lasting = random() < 0.2 ? randomFault(random) : undefined;
    hub.fault = () => lasting ?? (random() < share ? randomFault(random) : undefined);
    await attempt();
    await attempt();
    hub.fault = () => undefined;
    check(await loadWeights(reference, options));
    hub.fault = () => ({ kind: 'reset' });
    check(await loadWeights(reference, { ...options, offline: true }));
  } finally {
    await hub.close();
    rmSync(folder, { recursive: true });
  }
});

test('both endings occurred', () => {
  expect(outcomes.right).toBeGreaterThan(20);
  expect(outcomes.refused).toBeGreaterThan(20);
});
