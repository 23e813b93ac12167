import { relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withAddress } from '../../release/set-address.mjs';
import { publicPackages } from './public-packages.mjs';

const root = resolve(import.meta.dirname, '../../..');

test.each(publicPackages())(
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
