// Makes thousands of files, of which a third are damaged at random, of a folder of pictures. Runs `residual classify` and
// `residual embed` over them, and `embed` again, interrupted at random moments. Each file must have exactly one row, or one
// error with its own name, or be counted as no picture; interruptions must change nothing, and memory must not grow.
// usage: node tooling/stress/damaged-pictures.mjs PICTURES [--count 10000] [--seed 1] [--interruptions 3] [-- OPTION...]
// OPTION… go to the command, such as --model resnet50 --weights FILE; it runs as built (`npx tsc -b apps/node`).
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { accountFor } from './account-for.mjs';
import { damageFile, seededRandom } from './damage-file.mjs';
import { watchedCommand } from './watched-command.mjs';

/** More growth than this, from the second quarter of a run to its last, is a leak. */
const MOST_GROWTH_MIB = 100;

const number = (fallback) => ({ type: 'string', default: String(fallback) });
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { count: number(10_000), seed: number(1), interruptions: number(3) },
});
const [source, ...options] = positionals;
if (source === undefined) throw new Error('usage: damaged-pictures.mjs PICTURES [--count N] [--seed N] [-- OPTION...]');
const [count, seed, interruptions] = [values.count, values.seed, values.interruptions].map(Number);

const random = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), 'residual-damaged-'));
const failures = [];
try {
  const files = makeFiles();
  const kinds = Object.entries(countBy(files, ({ kind }) => kind)).map(([kind, n]) => `${n} ${kind}`);
  console.log(`${count} files of seed ${seed}: ${kinds.join(', ')}`);

  const classified = await watchedCommand(['classify', 'many', '--json', ...options], folder);
  const answers = classified.stdout.split('\n').filter((line) => line !== '');
  report('classify', files, answers.map(fileOf), [classified], 1);

  const embedded = await watchedCommand(['embed', 'many', '--out', 'whole.npy', ...options], folder);
  report('embed', files, namesIn('whole'), [embedded], 1);

  const runs = await interruptedRuns(embedded.elapsedMs);
  report(`embed, ${interruptions} times interrupted`, files, namesIn('parts'), runs, 1);
  for (const name of ['npy', 'files.jsonl'])
    if (!readFileSync(join(folder, `whole.${name}`)).equals(readFileSync(join(folder, `parts.${name}`))))
      failures.push(`embed: with interruptions ${name} is another`);
} finally {
  rmSync(folder, { recursive: true });
}
for (const failure of failures.slice(0, 50)) console.log(`FAILED ${failure}`);
console.log(failures.length === 0 ? 'all as it should be' : `${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** `{path, kind, isWhole, isCalledPicture}` of each file; whole ones are links to a few. */
function makeFiles() {
  for (const name of ['sources', 'many']) mkdirSync(join(folder, name));
  const sources = readdirSync(source)
    .filter((name) => /\.(jpe?g|jfif|png|webp|gif|tiff?|avif|bmp|ico|p[bgp]m|tga|pcx|jp2|psd)$/i.test(name))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(source, name)) }));
  if (sources.length === 0) throw new Error(`${source}: expected pictures, got none`);
  for (const { name, bytes } of sources) writeFileSync(join(folder, 'sources', name), bytes);
  return Array.from({ length: count }, (_, index) => {
    const { name, bytes } = sources[Math.floor(random() * sources.length)];
    const start = `many/${String(index).padStart(6, '0')}`;
    if (random() >= 1 / 3) {
      const path = `${start}${extname(name)}`;
      linkSync(join(folder, 'sources', name), join(folder, path));
      return { path, kind: 'whole', isWhole: true, isCalledPicture: true };
    }
    const damaged = damageFile(bytes, extname(name), random);
    const path = `${start}${damaged.ending}`;
    writeFileSync(join(folder, path), damaged.bytes);
    const isCalledPicture = !['', '.txt', '.dat'].includes(damaged.ending);
    return { path, kind: damaged.kind, isWhole: damaged.kind === 'misnamed', isCalledPicture };
  });
}

/** Runs `embed` until it is over, and interrupts it so many times, each at a random moment of its share of what is left. */
async function interruptedRuns(wholeMs) {
  const runs = [];
  const args = ['embed', 'many', '--out', 'parts.npy', ...options];
  for (let left = interruptions; left > 0; left--) {
    const leftMs = wholeMs * (1 - linesIn('parts.npy.partial/files.jsonl') / count);
    const moment = (random() * leftMs) / (left + 1);
    runs.push(await watchedCommand(args, folder, moment));
    const { code } = runs.at(-1);
    console.log(`embed: interrupted, ${linesIn('parts.npy.partial/files.jsonl')} of ${count} files done`);
    if (code !== 130) failures.push(`embed: interrupted after ${moment.toFixed(0)} ms, it ended with ${code}, not 130`);
  }
  return [...runs, await watchedCommand(args, folder)];
}

/** Says what became of the files, and adds to `failures`. */
function report(title, files, rows, runs, expectedCode) {
  const lines = runs.flatMap((run) => run.lines);
  const { failures: found, ...outcome } = accountFor(files, rows, lines);
  const { code } = runs.at(-1);
  if (code !== expectedCode) found.push(`exit code ${code}, not ${expectedCode}: ${lines.at(-1)}`);
  const memory = runs.map(({ residentMiB }) => {
    const [before, after] = [1, 3].map((index) => Math.max(...residentMiB.slice(...quarter(residentMiB, index))));
    // What is interrupted soon has only begun.
    if (runs.length === 1 && after - before > MOST_GROWTH_MIB) found.push(`memory grew from ${before} to ${after} MiB`);
    return `${before.toFixed(0)} to ${after.toFixed(0)} MiB`;
  });
  console.log(`${title}: ${JSON.stringify(outcome)}; resident, second quarter to last: ${memory.join('; ')}`);
  failures.push(...found.map((failure) => `${title}: ${failure}`));
}

function quarter({ length }, index) {
  return [Math.floor((length * index) / 4), Math.ceil((length * (index + 1)) / 4)];
}

function fileOf(line) {
  return JSON.parse(line).file;
}

function namesIn(name) {
  const text = readFileSync(join(folder, `${name}.files.jsonl`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(fileOf);
}

/** 0 where there is no such file. */
function linesIn(name) {
  try {
    return readFileSync(join(folder, name), 'latin1').split('\n').length - 1;
  } catch {
    return 0;
  }
}

function countBy(items, keyOf) {
  const counts = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
