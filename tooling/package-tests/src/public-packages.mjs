import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Every package that is published: `{name, folder, manifest}`, in the order of their folders. */
export function publicPackages() {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((entry) => {
      const folder = join(root, group, entry);
      if (!existsSync(join(folder, 'package.json'))) return [];
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return manifest.private ? [] : [{ name: manifest.name, folder, manifest }];
    }),
  );
}

/** The packages with the addon of `@residual/kernels`, one for each platform. */
export function addonPackages() {
  const parent = join(root, 'packages/kernels/npm');
  return readdirSync(parent).map((platform) => ({
    name: `@residual/kernels-${platform}`,
    platform,
    folder: join(parent, platform),
  }));
}

/** The package and, through its dependencies, every other published one that an install of it brings. */
export function withItsDependencies(name, packages = publicPackages()) {
  const found = new Set();
  const visit = (next) => {
    const entry = packages.find((one) => one.name === next);
    if (!entry || found.has(next)) return;
    found.add(next);
    const { dependencies, optionalDependencies } = entry.manifest;
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) visit(dependency);
  };
  visit(name);
  return [...found];
}
