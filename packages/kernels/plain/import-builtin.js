/**
 * Bundlers for browsers would look for a module of Node where they see its name in the import, and esbuild fails when it finds
 * nothing. TypeScript would wrap the name in a call of its own, which hides these comments from Rspack.
 */
export function importBuiltin(name) {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name);
}
