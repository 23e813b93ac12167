// The reference: TypeDoc's pages of every public entry of every package, from the built declarations and their comments, into
// `dist/reference`. Run it after `pnpm build` and `vitepress build`.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Application, PageEvent } from 'typedoc';

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
  hideGenerator: true,
  lightHighlightTheme: 'github-light-high-contrast',
  darkHighlightTheme: 'github-dark-high-contrast',
  // A module in the list is a link: one that unfolds would be a button with a link in it.
  navigation: { includeFolders: false },
  navigationLeaves: entryPoints.map((file) => relative(folder, file).replace(/\.ts$/, '')),
  excludeExternals: true,
  excludePrivate: true,
  // From the host's root: TypeDoc writes the same link into pages of several depths.
  navigationLinks: { Guides: process.env.SITE_BASE ?? '/' },
});
app.renderer.on(PageEvent.END, (page) => {
  page.contents = accessible(page.contents);
});
const project = await app.convert();
if (project === undefined)
  throw new Error('reference: TypeDoc could not read the declarations; build the packages first');
await app.generateDocs(project, join(import.meta.dirname, 'dist/reference'));
if (app.logger.hasErrors()) process.exitCode = 1;

/** A page in which landmarks have names, headings leave no rank out, and nothing that unfolds has a link in it. */
function accessible(html) {
  let rank = 0;
  return html
    .replace('<div class="col-content">', '<main class="col-content">')
    .replace(/<\/div>(\s*<div class="col-sidebar">)/, '</main>$1')
    .replace('<div class="page-menu">', '<div class="page-menu" role="navigation" aria-label="This page">')
    .replace('<nav id="tsd-sidebar-links"', '<nav id="tsd-sidebar-links" aria-label="Site"')
    .replaceAll(/<summary[^>]*>[\s\S]*?<\/summary>/g, (summary) =>
      summary.replaceAll(/<a [^>]*class="tsd-anchor-icon"[\s\S]*?<\/a>/g, ''),
    )
    .replaceAll(/<h([1-6])\b([\s\S]*?)<\/h\1>/g, (_, given, rest) => {
      rank = Math.min(Number(given), rank + 1);
      return `<h${rank}${rest}</h${rank}>`;
    });
}
