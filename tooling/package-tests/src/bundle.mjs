import { isBuiltin } from 'node:module';
import { build, createLogger } from 'vite';

/**
 * Bundles what stands in `folder` for browsers, with Vite as it comes: its `index.html`, into `dist`; or only in memory
 * a module, `entry`, without its `external` imports. Answers the code, the `initial` part of it, which a page loads at
 * once, Vite's `warnings`, and the `builtins` of Node that are asked for.
 */
export async function bundle(folder, { entry, external = [], minify = false } = {}) {
  const warnings = [];
  const builtins = [];
  const customLogger = createLogger('silent');
  const warn = (message) => warnings.push(message);
  Object.assign(customLogger, { warn, warnOnce: warn });
  const noteBuiltins = {
    name: 'note-builtins',
    enforce: 'pre',
    resolveId(id, importer) {
      if (isBuiltin(id)) builtins.push(`${id} by ${importer}`);
    },
  };
  const module = entry && { input: entry, preserveEntrySignatures: 'strict' };
  const { output } = await build({
    root: folder,
    configFile: false,
    customLogger,
    logLevel: 'silent',
    plugins: [noteBuiltins],
    build: {
      target: 'esnext',
      minify,
      chunkSizeWarningLimit: Number.POSITIVE_INFINITY,
      reportCompressedSize: false,
      write: entry === undefined,
      rolldownOptions: { external, ...module },
    },
  });
  const chunks = new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file]] : [])));
  const join = (some) => some.map(({ code }) => code).join('\n');
  return { code: join([...chunks.values()]), initial: join(initialChunks(chunks)), warnings, builtins };
}

/** The entries' chunks and what they import, but not what they import when it is asked for. */
function initialChunks(chunks) {
  const names = new Set([...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  // A set gives what is added to it on the way, too.
  for (const name of names)
    for (const imported of chunks.get(name).imports) if (chunks.has(imported)) names.add(imported);
  return [...names].map((name) => chunks.get(name));
}
