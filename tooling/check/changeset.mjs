// Reports published packages that changed without a changeset: `node tooling/check/changeset.mjs [BASE]`. Without BASE,
// what HEAD and the working tree add to origin/main; where there is none, to the last release (or the root commit), and
// what is uncommitted to HEAD. Exit code 1 with one line for each package.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files of a package that no user of it ever sees. */
const UNPUBLISHED = /\.test\.[cm]?[jt]s$|\/(?:golden|bench|test|tests)\/|\/vitest\.config\.|\/tsconfig[^/]*\.json$/;
const RELEASE_LINE = /^(['"]?)(@?[\w./-]+)\1\s*:\s*(?:major|minor|patch|none)\s*$/gm;

/** `{bases, changed, violations}` of the repository in `root`; `changed` counts packages. */
export function checkChangesets(root, base) {
  const git = (...args) =>
    execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 28,
    }).trim();
  const packages = publishedPackages(root);
  const bases = base ? [base] : defaultBases(git);
  const violations = [];
  const changed = new Set();
  for (const from of bases) {
    const files = changedFiles(git, from);
    const added = files.filter(
      (file) => /^\.changeset\/(?!README)[^/]+\.md$/.test(file) && existsSync(join(root, file)),
    );
    const named = new Map(added.flatMap((file) => namesIn(join(root, file)).map((name) => [name, file])));
    for (const [name, file] of named)
      if (!packages.some((entry) => entry.name === name))
        violations.push(`${file} names ${name}, which is no published package; mend the name`);
    for (const { name, path, version } of packages) {
      const its = files.filter((file) => file.startsWith(`${path}/`) && !UNPUBLISHED.test(file));
      if (its.length === 0) continue;
      changed.add(name);
      // A version of its own is a release, whose changesets are used up.
      const released = versionAt(git, from, path) !== undefined && versionAt(git, from, path) !== version;
      if (!released && !named.has(name))
        violations.push(
          `${name} changed since ${shorten(from)} (${its[0]}${its.length > 1 ? ` and ${its.length - 1} more` : ''}), and no changeset says so; run pnpm changeset`,
        );
    }
  }
  return { bases, changed: changed.size, violations: [...new Set(violations)] };
}

function defaultBases(git) {
  const attempt = (...args) => {
    try {
      return git(...args);
    } catch {
      return undefined;
    }
  };
  if (attempt('rev-parse', '--verify', '--quiet', 'origin/main'))
    return [attempt('merge-base', 'HEAD', 'origin/main') ?? 'origin/main'];
  const release = attempt('describe', '--tags', '--abbrev=0', '--match', '@residual/*');
  // A shallow clone's first commit stands in for the root.
  const root = git('rev-list', '--max-parents=0', 'HEAD').split('\n')[0];
  return [...new Set([release ?? root, git('rev-parse', 'HEAD')])];
}

/** Changed since `from` in commits and in the working tree, untracked files too. */
function changedFiles(git, from) {
  const tracked = git('-c', 'core.quotePath=false', 'diff', '--name-only', '--no-renames', from, '--');
  const untracked = git('-c', 'core.quotePath=false', 'ls-files', '--others', '--exclude-standard');
  return `${tracked}\n${untracked}`.split('\n').filter((line) => line !== '');
}

function namesIn(changeset) {
  const [, frontMatter = ''] = readFileSync(changeset, 'utf8').split(/^---\s*$/m);
  return [...frontMatter.matchAll(RELEASE_LINE)].map(([, , name]) => name);
}

function shorten(revision) {
  return revision.replace(/^[0-9a-f]{40}$/, (hash) => hash.slice(0, 10));
}

function versionAt(git, from, path) {
  try {
    return JSON.parse(git('show', `${from}:${path}/package.json`)).version;
  } catch {
    return undefined; // It was not there.
  }
}

function publishedPackages(root) {
  return ['packages', 'apps'].flatMap((group) => {
    const folders = existsSync(join(root, group)) ? readdirSync(join(root, group)) : [];
    return folders.flatMap((entry) => {
      const path = `${group}/${entry}`;
      if (!existsSync(join(root, path, 'package.json'))) return [];
      const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
      return manifest.private ? [] : [{ name: manifest.name, version: manifest.version, path }];
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(import.meta.dirname, '../..');
  if (!existsSync(join(root, '.git'))) {
    console.log('no git repository here, so no changes to compare');
  } else {
    const { bases, changed, violations } = checkChangesets(root, process.argv[2]);
    for (const line of violations) console.error(line);
    if (violations.length > 0) process.exitCode = 1;
    else console.log(`${changed} packages changed since ${bases.map(shorten).join(' and ')}, each with a changeset`);
  }
}
