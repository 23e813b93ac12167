/** URL of a module beside this one that threads run, which need JavaScript: from sources it is the built one. */
export function builtModule(name: string): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? `../../dist/node/${name}.js` : `./${name}.js`, import.meta.url);
}
