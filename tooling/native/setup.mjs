#!/usr/bin/env node
// Makes @tensorflow/tfjs-node load: tfjs-node's own install script where its download can be reached, else its addon built
// against the libtensorflow inside a Python wheel. Finished builds are kept once per machine and linked into each clone.
//
//   node tooling/native/setup.mjs [--require | --optional] [--from-cache] [--project FOLDER]
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder, exists, linkTree, publish } from './cache.mjs';

const ADDON = 'lib/napi-v8/tfjs_binding.node';
const STAMP = '.residual-native';
const say = (text) => process.stderr.write(`tfjs-node: ${text}\n`);

const { values: flags } = parseArgs({
  options: {
    require: { type: 'boolean', default: false }, // exit 1 where it cannot be made to work
    optional: { type: 'boolean', default: false }, // exit 0 all the same
    'from-cache': { type: 'boolean', default: false }, // only link a finished build, without a word
    project: { type: 'string', default: resolve(import.meta.dirname, '../../packages/backend-node') },
  },
});

try {
  await setUp();
} catch (error) {
  if (!flags['from-cache']) {
    say(`${error.message}; the WASM backend serves without it, several times slower`);
    process.exitCode = flags.optional && !flags.require ? 0 : 1;
  }
}

async function setUp() {
  const packageFolder = installedPackage();
  if (packageFolder === undefined)
    throw new Error(`@tensorflow/tfjs-node is not installed in ${flags.project}; run an install there first`);
  if (await isReady(packageFolder)) return;
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const builds = join(cacheFolder(), 'tfjs-node');
  const machine = `${process.platform}-${process.arch}`;
  const byUpstream = join(builds, `${version}-upstream-${machine}`);
  const byWheel = join(builds, `${version}-wheel-1-${machine}`);

  if ((await linkFinished([byUpstream, byWheel], packageFolder)) || flags['from-cache']) return;
  const { loads } = await import('./load.mjs');
  if (await exists(join(packageFolder, ADDON))) {
    const { ok } = await loads(join(packageFolder, ADDON));
    if (ok) return stamp(packageFolder, 'found built');
  }
  await build(packageFolder, { byUpstream, byWheel, builds, loads });
  await linkFinished([byUpstream, byWheel], packageFolder);
}

async function build(packageFolder, { byUpstream, byWheel, builds, loads }) {
  const { buildByUpstream } = await import('./upstream.mjs');
  const { buildFromWheel, missingForWheel } = await import('./wheel.mjs');
  const check = async (folder) => {
    const { ok, output } = await loads(join(folder, ADDON));
    if (!ok) throw new Error(`the addon was built but does not load: ${output.split('\n').at(-1)}`);
    await writeFile(join(folder, 'libtensorflow'), output);
  };
  try {
    await publish(byUpstream, async (folder) => {
      await buildByUpstream(packageFolder, folder);
      await check(folder);
    });
  } catch (error) {
    say(`its own install script does not get through (${error.message})`);
    const missing = await missingForWheel();
    if (missing.length > 0) throw new Error(`cannot be built here: ${missing.join('; ')}`);
    await publish(byWheel, async (folder) => {
      await buildFromWheel(packageFolder, folder, join(builds, 'downloads'), say);
      await check(folder);
    });
  }
}

function installedPackage() {
  try {
    return dirname(
      createRequire(join(resolve(flags.project), 'package.json')).resolve('@tensorflow/tfjs-node/package.json'),
    );
  } catch {
    return undefined;
  }
}

async function isReady(packageFolder) {
  return (await exists(join(packageFolder, STAMP))) && (await exists(join(packageFolder, ADDON)));
}

async function linkFinished(builds, packageFolder) {
  for (const folder of builds) {
    if (!(await exists(join(folder, 'libtensorflow')))) continue;
    for (const part of ['deps/lib', 'lib']) await linkTree(join(folder, part), join(packageFolder, part));
    const libtensorflow = await readFile(join(folder, 'libtensorflow'), 'utf8');
    if (!flags['from-cache']) say(`ready, on libtensorflow ${libtensorflow}`);
    return stamp(packageFolder, libtensorflow);
  }
  return false;
}

async function stamp(packageFolder, text) {
  await writeFile(join(packageFolder, STAMP), `${text}\n`);
  return true;
}
