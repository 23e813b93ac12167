import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withAddress } from '../../release/set-address.mjs';
import { addonPackages, publicPackages } from './public-packages.mjs';

const root = resolve(import.meta.dirname, '../../..');

const addons = addonPackages().map(({ name, folder }) => {
  return { name, folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) };
});

test.each([...publicPackages(), ...addons])(
  'one address gives $name its repository, home page and place for bugs',
  ({ manifest, folder }) => {
    const place = relative(root, folder);
    const changed = withAddress(manifest, 'https://github.com/owner/name', place);
    expect(changed).toEqual({
      ...manifest,
      repository: { type: 'git', url: 'git+https://github.com/owner/name.git', directory: place },
      homepage: `https://github.com/owner/name/tree/main/${place}#readme`,
      bugs: 'https://github.com/owner/name/issues',
    });
    expect(withAddress(changed, 'https://github.com/owner/other', place)).toEqual(
      withAddress(manifest, 'https://github.com/owner/other', place),
    );
  },
);
