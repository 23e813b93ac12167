// The reference: TypeDoc's pages of every public entry of every package, from the built declarations and their comments, into
// `dist/reference`. Run it after `pnpm build` and `vitepress build`.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Application } from 'typedoc';

const packages = resolve(import.meta.dirname, '../../packages');
const folder = join(import.meta.dirname, '.reference');
rmSync(folder, { recursive: true, force: true });

/** A file for each entry, whose path is what users import: TypeDoc names modules by their paths. */
const entryPoints = readdirSync(packages).flatMap((name) => {
  const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  if (manifest.private) return [];
  return Object.entries(manifest.exports)
    .filter(([, { types }]) => types !== undefined)
    .map(([path, { types }]) => {
      const file = join(folder, `${join(manifest.name, path)}.ts`);
      const declarations = relative(dirname(file), join(packages, name, types)).replace(/\.d\.ts$/, '.js');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `export * from '${declarations}';\n`);
      return file;
    });
});
const compilerOptions = { target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, noEmit: true };
const tsconfig = join(folder, 'tsconfig.json');
writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files: entryPoints }));

const app = await Application.bootstrap({
  name: 'Residual',
  entryPoints,
  tsconfig,
  basePath: folder,
  displayBasePath: folder,
  // tfjs's declarations do not check without options that change what they declare.
  skipErrorChecking: true,
  readme: 'none',
  disableSources: true,
  excludeExternals: true,
  excludePrivate: true,
  // From the host's root: TypeDoc writes the same link into pages of several depths.
  navigationLinks: { Guides: process.env.SITE_BASE ?? '/' },
});
const project = await app.convert();
if (project === undefined)
  throw new Error('reference: TypeDoc could not read the declarations; build the packages first');
await app.generateDocs(project, join(import.meta.dirname, 'dist/reference'));
if (app.logger.hasErrors()) process.exitCode = 1;
