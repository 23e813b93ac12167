/**
 * A module of Node, in code that browsers load too. Bundlers for browsers would look for it where they see its name in the
 * import, and esbuild fails when it finds nothing.
 */
export function importBuiltin<Module>(name: `node:${string}`): Promise<Module> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name) as Promise<Module>;
}
