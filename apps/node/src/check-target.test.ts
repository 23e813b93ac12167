import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../test/fixtures.ts';
import { checkTarget } from './check-target.ts';

let folder: string;
let input: string;

beforeEach(() => {
  folder = temporaryFolder();
  input = join(folder, 'x.png');
  writeFileSync(input, 'picture');
});

test('a name that is free is free, whatever is read', async () => {
  await checkTarget(join(folder, 'new.png'), { inputs: [input, undefined, 'IMAGENET1K_V2', '-'] });
});

describe.each([undefined, true])('what is read is never replaced, with force %s', (force) => {
  test.each([
    ['by its name', () => input],
    ['by another path', () => join(folder, 'below', '..', 'x.png')],
    ['by a hard link', () => linked(linkSync)],
    ['by a symbolic link', () => linked(symlinkSync)],
    ['by a link to its folder', () => linkedFolder()],
  ])('%s', async (_how, place) => {
    mkdirSync(join(folder, 'below'));
    await expect(checkTarget(place(), { inputs: [input], force })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`expected another file than those that are read, got ${input}`),
    });
  });

  test('as a file of a folder that is read', async () => {
    await expect(checkTarget(input, { inputs: [folder], force })).rejects.toThrow(`got ${folder}; choose another name`);
  });

  test('as a folder', async () => {
    await expect(checkTarget(folder, { inputs: [], force })).rejects.toThrow("expected a file's name, got a folder");
  });
});

test('another file is replaced with force alone', async () => {
  const other = join(folder, 'other.png');
  writeFileSync(other, 'other');
  await expect(checkTarget(other, { inputs: [input] })).rejects.toThrow(
    `${other}: expected a new file, got one that is there; choose another name, or add --force`,
  );
  await checkTarget(other, { inputs: [input], force: true });
  expect(readFileSync(other, 'utf8')).toBe('other');
});

test('a link that leads nowhere is there too', async () => {
  const link = join(folder, 'link.png');
  symlinkSync(join(folder, 'nowhere'), link);
  await expect(checkTarget(link, { inputs: [input] })).rejects.toThrow('got one that is there');
});

function linked(link: (target: string, path: string) => void): string {
  const path = join(folder, 'link.png');
  link(input, path);
  return path;
}

function linkedFolder(): string {
  symlinkSync(folder, join(folder, 'below', 'up'));
  return join(folder, 'below', 'up', 'x.png');
}
