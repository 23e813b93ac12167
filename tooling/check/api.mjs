// What the published packages declare to others, a report for each: `node api.mjs` says where `tooling/check/api` is out of date,
// `node api.mjs --write` draws it up anew from the built declarations. A change of it is what a reviewer and a changeset look at.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const RELATIVE_IMPORT = /(?:from|import\()\s*'(\.[^']*)'/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** Each published package's report by its folder's name. */
export function apiReports(root) {
  const packages = join(root, 'packages');
  const names = readdirSync(packages).filter((name) => !manifestOf(join(packages, name)).private);
  return new Map(names.map((name) => [name, reportOf(join(packages, name))]));
}

/** Files that say something else than `reports`, and those of packages that are gone. */
export function outdated(folder, reports) {
  const kept = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const wanted = new Map([...reports].map(([name, text]) => [`${name}.txt`, text]));
  return [...new Set([...kept.keys(), ...wanted.keys()])].filter((file) => kept.get(file) !== wanted.get(file)).sort();
}

/** The declarations that its entries lead to, without comments. */
function reportOf(folder) {
  const { exports } = manifestOf(folder);
  const entries = Object.entries(exports).filter(([, conditions]) => conditions.types !== undefined);
  const heads = entries.map(([path, { types }]) => `${path} is ${types.replace(/^\.\/dist\//, '')}`);
  const files = new Set();
  const waiting = entries.map(([, { types }]) => join(folder, types));
  while (waiting.length > 0) {
    const file = waiting.pop();
    if (files.has(file)) continue;
    files.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(RELATIVE_IMPORT))
      waiting.push(resolve(dirname(file), path.replace(/(\.d)?\.(js|ts)$/, '.d.ts')));
  }
  const parts = [...files].sort().map((file) => `\n== ${relative(join(folder, 'dist'), file)}\n${declarations(file)}`);
  return `${heads.join('\n')}\n${parts.join('')}`;
}

function declarations(file) {
  const text = readFileSync(file, 'utf8').replaceAll(COMMENT, '');
  return `${text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && line !== 'export {};')
    .join('\n')}\n`;
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function write(folder, reports) {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (!reports.has(file.replace(/\.txt$/, ''))) rmSync(join(folder, file));
  for (const [name, text] of reports) {
    const file = join(folder, `${name}.txt`);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}

if (process.argv[1] === import.meta.filename) {
  const reports = apiReports(resolve(import.meta.dirname, '../..'));
  const folder = join(import.meta.dirname, 'api');
  if (process.argv.includes('--write')) write(folder, reports);
  const files = outdated(folder, reports);
  if (files.length > 0) {
    console.error(
      `tooling/check/api: expected what the packages declare, got other text in ${files.join(', ')}; see what changed for others, then npx pnpm@12 run api --write`,
    );
    process.exitCode = 1;
  } else console.log(`${reports.size} packages declare what tooling/check/api says`);
}
