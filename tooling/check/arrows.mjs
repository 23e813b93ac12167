// Checks that packages import one another only along the arrows of README.md's table of packages. Exit code 1 with one
// line for each violation.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCOPE = '@residual/';
const STATIC_IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s*)?(['"])([^'"]+)\2/gm;
const DYNAMIC_IMPORT = /(typeof\s+)?\bimport\(\s*(?:\/\*.*?\*\/\s*)*(['"])([^'"]+)\2/g;
const COMMENT = /(^|\s)(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm;

/** `{packages, imports, violations}` of the repository in `root`. */
export function checkArrows(root) {
  const packages = readFolders(join(root, 'packages'));
  const apps = readFolders(join(root, 'apps'));
  const { arrows, violations } = readTable(readFileSync(join(root, 'README.md'), 'utf8'), packages);
  let imports = 0;
  for (const owner of [...packages, ...apps]) {
    const isApp = apps.includes(owner);
    // An app may import every package; a package what its row lists.
    const allowed = isApp ? new Map(packages.map(({ short }) => [short, 'values'])) : arrows.get(owner.short);
    if (!allowed) continue; // Its missing row is reported already.
    const judge = (place, target, typesOnly) => {
      if (apps.some(({ short }) => short === target))
        return `${place} depends on the app ${target}; apps import packages, never the reverse`;
      const arrow = allowed.get(target);
      if (!arrow)
        return `${place} depends on ${target}, which README.md does not list for ${owner.short}; add the arrow there or drop the import`;
      if (arrow === 'types' && !typesOnly)
        return `${place} imports values of ${target}, but README.md lists ${target} (types); write \`import type\``;
      return undefined;
    };
    for (const target of owner.declared) violations.push(judge(`${owner.path}/package.json`, target, true));
    for (const { file, specifier, typesOnly, isTest } of importsOf(owner)) {
      imports++;
      const place = relative(root, file);
      if (specifier.startsWith('.')) {
        const inside = resolve(dirname(file), specifier).startsWith(owner.folder + sep);
        if (!inside)
          violations.push(`${place} imports '${specifier}', outside its package; import it by its package's name`);
      } else if (specifier.startsWith(SCOPE) && !isTest) {
        const target = specifier.slice(SCOPE.length).split('/')[0];
        if (target === owner.short) continue;
        violations.push(judge(place, target, typesOnly));
        if (!owner.declared.includes(target))
          violations.push(
            `${place} imports ${specifier}, which ${owner.path}/package.json does not list; add it to dependencies`,
          );
      }
    }
  }
  return { packages: packages.length, imports, violations: violations.filter(Boolean) };
}

/** Rows `package | purpose | depends on` as `package → (package → 'values' | 'types')`. */
function readTable(readme, packages) {
  const section = readme.split(/^## Packages\s*$/m)[1]?.split(/^## /m)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  const names = packages.map(({ short }) => short);
  if (rows.length < 3)
    return {
      arrows: new Map(),
      violations: ['README.md: expected a table `package | purpose | depends on` under "## Packages", got none'],
    };
  const violations = [];
  const arrows = new Map();
  for (const row of rows.slice(2)) {
    const [name, , dependsOn = ''] = row
      .slice(1)
      .split('|')
      .map((cell) => plain(cell));
    if (!names.includes(name))
      violations.push(`README.md: no folder packages/${name} for the row ${name}; drop the row`);
    const targets = dependsOn
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '' && word !== '–' && word !== '-');
    const arrowsOfRow = new Map();
    for (const word of targets) {
      const target = word.replace(/\s*\(types\)$/, '');
      if (!names.includes(target))
        violations.push(
          `README.md: ${name} depends on ${word}, which is no package; write a package's name, or \`name (types)\``,
        );
      arrowsOfRow.set(target, target === word ? 'values' : 'types');
    }
    arrows.set(name, arrowsOfRow);
  }
  for (const name of names.filter((one) => !arrows.has(one)))
    violations.push(`README.md: packages/${name} has no row in the table of packages; add one`);
  return { arrows, violations };
}

/** A cell's text without links, code marks and scope. */
function plain(cell) {
  return cell
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .replaceAll(SCOPE, '')
    .trim();
}

function readFolders(parent) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent).flatMap((entry) => {
    const folder = join(parent, entry);
    if (!existsSync(join(folder, 'package.json'))) return [];
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    // Its own addons, a package for each platform in `npm/`, are no arrows.
    const addons = existsSync(join(folder, 'npm')) ? readdirSync(join(folder, 'npm')) : [];
    const own = addons.map((platform) => `${manifest.name}-${platform}`);
    const ours = declared
      .filter((name) => name.startsWith(SCOPE) && !own.includes(name))
      .map((name) => name.slice(SCOPE.length));
    return [
      {
        short: manifest.name.replace(SCOPE, ''),
        folder,
        path: relative(resolve(parent, '..'), folder),
        declared: ours,
      },
    ];
  });
}

function importsOf({ folder }) {
  const files = ['src', 'test'].flatMap((part) => {
    const parent = join(folder, part);
    return existsSync(parent) ? readdirSync(parent, { recursive: true }).map((entry) => join(parent, entry)) : [];
  });
  return files
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
    .flatMap((file) => {
      const code = readFileSync(file, 'utf8').replace(COMMENT, '$1');
      const isTest = /\.test\.[cm]?[jt]s$/.test(file) || file.startsWith(join(folder, 'test') + sep);
      return [...code.matchAll(STATIC_IMPORT), ...code.matchAll(DYNAMIC_IMPORT)].map(([, types, , specifier]) => ({
        file,
        specifier,
        typesOnly: types !== undefined,
        isTest,
      }));
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { packages, imports, violations } = checkArrows(resolve(import.meta.dirname, '../..'));
  for (const line of violations) console.error(line);
  if (violations.length > 0) process.exitCode = 1;
  else console.log(`${packages} packages, ${imports} imports, arrows as in README`);
}
