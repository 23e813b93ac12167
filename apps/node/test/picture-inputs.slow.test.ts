import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { randomVars } from '@residual/blocks';
import { createModel } from '@residual/resnet/registry';
import { writeSafetensors } from '@residual/weights';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, residual } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'residual inputs '));
const flags = ['--model', 'resnet20', '--weights', 'w.safetensors', '--device', 'wasm'];
/** A picture whose turned pixels have another answer. */
const data = Uint8Array.from({ length: 40 * 20 * 3 }, (_, at) => (at * at) % 251);
let server: Server;
let address: string;
/** What never ends or never comes takes half a minute of waiting, in which the other tests run. */
let waiting: { readonly names: readonly string[]; readonly result: Promise<CommandResult> };

function run(
  args: readonly string[],
  more: { input?: Uint8Array; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  return residual(args, { cwd: folder, ...more });
}

function linesOf(stdout: string): { file: string; logits: number[] }[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}

/** Without end, until nobody listens. */
function sendZeros(response: ServerResponse): void {
  const send = (): void => {
    while (!response.destroyed && response.write(new Uint8Array(65536)));
  };
  response.on('drain', send);
  send();
}

const bytesOf = (name: string): Uint8Array => readFileSync(join(folder, name));

beforeAll(async () => {
  await tfjsWasm().use();
  const model = createModel('resnet20', { vars: randomVars({ seed: 1 }) });
  writeFileSync(join(folder, 'w.safetensors'), writeSafetensors(await model.stateDict()));
  model.dispose();
  const image = () => sharp(data, { raw: { width: 40, height: 20, channels: 3 } });
  await image().png().toFile(join(folder, 'a.png'));
  await image().rotate(90).png().toFile(join(folder, 'turned.png'));
  for (const name of ['6.png', '6-again.png'])
    await image().withMetadata({ orientation: 6 }).png().toFile(join(folder, name));
  writeFileSync(join(folder, 'text.txt'), 'no picture');
  server = createServer((request, response) => {
    if (request.url === '/a%20b.png?size=40') response.end(bytesOf('a.png'));
    else if (request.url === '/6.png') response.end(bytesOf('6.png'));
    else if (request.url === '/zeros') sendZeros(response);
    else if (request.url === '/large') response.writeHead(200, { 'Content-Length': 2 ** 31 }).write(bytesOf('a.png'));
    else if (request.url === '/silent') return;
    else response.writeHead(404).end('\u001b[2Jgone');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endless = ['zeros', 'silent', 'large'].map((name) => `${address}/${name}`);
  const names = ['a.png', ...endless, 'ftp://host/a.png?n=1', '6.png'];
  waiting = { names, result: run(['classify', ...names, ...flags, '--orient', '--json']) };
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('what is no file', () => {
  const encoded = (): string => `data:image/png;base64,${Buffer.from(bytesOf('a.png')).toString('base64')}`;

  test('standard input, addresses and data are classified as the file is', async () => {
    const names = ['a.png', '-', `${address}/a%20b.png?size=40`, encoded()];
    const { exitCode, stdout, said } = await run(['classify', ...names, ...flags, '--json', '--logits'], {
      input: bytesOf('a.png'),
    });
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
    const lines = linesOf(stdout);
    expect(lines.map(({ file }) => file)).toEqual([
      'a.png',
      '-',
      names[2],
      expect.stringMatching(/^data:image\/png;base64,… \(sha256 [0-9a-f]{12}\)$/),
    ]);
    for (const { logits } of lines) expect(logits).toEqual(lines[0]!.logits);
  });

  test('what cannot be had is an error in a line that names it', async () => {
    const names = [`${address}/none.png`, 'http://127.0.0.1:1/a.png', 'data:image/png;base64,AAAA', '-'];
    const { exitCode, stdout, said } = await run(['classify', ...names, ...flags, '--json'], {
      input: Uint8Array.of(),
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(said).toEqual([
      `residual: ${names[0]}: expected a picture, got status 404; check the address`,
      expect.stringMatching(/^residual: http:\/\/127\.0\.0\.1:1\/a\.png: expected a picture, got fetch failed/),
      expect.stringMatching(/^residual: data:image\/png;base64,… \(sha256 \w+\): expected /),
      'residual: -: expected a picture, got an empty file',
    ]);
  });

  test('other addresses are refused by every command', async () => {
    const got = 'expected a file or an http:, https:, data: or s3: address, got';
    const explained = await run(['explain', 'file:///a.png', ...flags, '--out', 'none.png']);
    expect(explained).toMatchObject({ exitCode: 2, said: [`residual: file:///a.png: ${got} file:; give its path`] });
    const found = await run(['search', '*.png', 'gs://b/*.png', ...flags]);
    expect(found.said).toEqual([`residual: gs://b/*.png: ${got} gs:; save it, and name the file`]);
  });

  test('offline nothing is fetched', async () => {
    const { exitCode, said } = await run(['classify', `${address}/a%20b.png?size=40`, encoded(), ...flags, '--json'], {
      env: { RESIDUAL_OFFLINE: '1' },
    });
    expect(exitCode).toBe(1);
    expect(said).toEqual([
      `residual: ${address}/a%20b.png?size=40: expected a file while offline, got an address; save it first`,
    ]);
  });

  test('standard input is one picture, and what is searched is on a disk', async () => {
    const twice = await run(['classify', '-', 'a.png', '-', ...flags], { input: bytesOf('a.png') });
    expect(twice.exitCode).toBe(2);
    expect(twice.said[0]).toContain('residual: -: expected standard input once, got it twice');
    for (const name of ['-', address]) {
      const { exitCode, said } = await run(['search', name, 'a.png', ...flags]);
      expect(exitCode).toBe(2);
      expect(said[0]).toContain(`residual: ${name}: expected a folder of pictures, or a FILE.npy of their embeddings`);
    }
  });

  test('is embedded under its name, found, and explained', async () => {
    const out = ['--out', 'inputs.jsonl'];
    const names = ['-', encoded(), encoded()];
    const embedded = await run(['embed', ...names, ...flags, ...out], { input: bytesOf('a.png') });
    expect(embedded.exitCode).toBe(0);
    const files = linesOf(readFileSync(join(folder, 'inputs.jsonl'), 'utf8')).map(({ file }) => file);
    expect(files).toEqual(['-', expect.stringMatching(/^data:/), files[1]]);
    const found = await run(['search', '*.png', '-', ...flags, '--json', '--top', '1'], { input: bytesOf('a.png') });
    expect(linesOf(found.stdout)[0]!.file).toBe('6-again.png');
    const explained = await run(['explain', '-', ...flags, '--out', 'seen.png'], { input: bytesOf('a.png') });
    expect(explained).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^-: \w+, .*; seen\.png\n$/) });
  });

  test('another picture on standard input is not taken for the one that was', async () => {
    const args = ['embed', '-', ...flags, '--out', 'below/e.npy'];
    // There is no folder to put it in at the end, so that what is done stays.
    mkdirSync(join(folder, 'below/e.npy.partial'), { recursive: true });
    const settings = { ...JSON.parse('{"model":"resnet20"}'), standardInput: 'of another' };
    writeFileSync(join(folder, 'below/e.npy.partial/settings.json'), JSON.stringify(settings));
    const { exitCode, said } = await run(args, { input: bytesOf('a.png') });
    expect(exitCode).toBe(2);
    expect(said[0]).toMatch(/expected the settings that it was begun with.*"standardInput":"[0-9a-f]{64}"/);
  });
});

describe('how files are read', () => {
  const logitsOf = async (...args: string[]): Promise<number[][]> => {
    const { stdout } = await run(['classify', ...args, ...flags, '--json', '--logits']);
    return linesOf(stdout).map(({ logits }) => logits);
  };

  test('--orient turns pictures; without it one note says how many are not', async () => {
    const [stored, turned] = await logitsOf('a.png', 'turned.png');
    expect(stored).not.toEqual(turned);
    expect(await logitsOf('6.png')).toEqual([stored]);
    expect(await logitsOf('6.png', '--orient')).toEqual([turned]);
    const noted = await run(['classify', 'a.png', '6.png', '6-again.png', ...flags, '--json']);
    expect(noted.said).toEqual([
      'note: 2 pictures carry an orientation that is not applied (first: 6.png); --orient turns them upright',
    ]);
    expect((await run(['classify', '6.png', ...flags, '--orient', '--json'])).said).toEqual([]);
    const fetched = await run(['classify', `${address}/6.png`, '6.png', ...flags, '--json']);
    expect(fetched.said).toEqual([
      `note: 2 pictures carry an orientation that is not applied (first: ${address}/6.png); --orient turns them upright`,
    ]);
  });

  test('embed, search, explain and evaluate have it too, and embed goes on with none but its own', async () => {
    const note = 'note: 1 picture carries an orientation that is not applied (6.png); --orient turns it upright';
    const embed = ['embed', '6.png', ...flags, '--out', 'e.jsonl', '--force'];
    expect((await run(embed)).said[0]).toBe(note);
    expect((await run([...embed, '--orient'])).said).toHaveLength(1);
    mkdirSync(join(folder, 'e.jsonl.partial'), { recursive: true });
    writeFileSync(join(folder, 'e.jsonl.partial/settings.json'), '{"orient":true}');
    const other = await run([...embed, '--max-pixels', '900', '--grey16', 'high-byte']);
    expect(other.said[0]).toMatch(/begun with, \{"orient":true\}, got \{.*"maxPixels":900,"grey16":"high-byte"/);
    const explain = await run(['explain', '6.png', ...flags, '--out', 'e.png', '--force']);
    expect(explain.said).toEqual([note]);
    expect((await run(['search', 'a.png', '6.png', ...flags])).said).toEqual([note]);
    for (const name of ['cat', 'dog']) {
      mkdirSync(join(folder, 'classes', name), { recursive: true });
      writeFileSync(join(folder, 'classes', name, 'p.png'), bytesOf('6.png'));
    }
    const evaluate = ['evaluate', '--data', 'folder:classes', ...flags, '--json'];
    expect((await run(evaluate)).said).toEqual([
      expect.stringMatching(/^note: 2 pictures .*\(first: classes\/cat\/p\.png\)/),
    ]);
    expect((await run([...evaluate, '--orient'])).said).toEqual([]);
    const small = await run([...evaluate, '--max-pixels', '799']);
    expect(small.exitCode).toBe(2);
    expect(small.said[0]).toMatch(/classes\/cat\/p\.png: expected at most 799 pixels, .*raise --max-pixels/);
  });

  test('--max-pixels is the limit that its error names', async () => {
    const { exitCode, said } = await run(['classify', 'a.png', ...flags, '--max-pixels', '799']);
    expect(exitCode).toBe(2);
    expect(said).toEqual([
      expect.stringMatching(/^residual: a\.png: expected at most 799 pixels, got 40 × 20 .*raise --max-pixels/),
    ]);
    expect((await run(['classify', 'a.png', ...flags, '--max-pixels', '800'])).exitCode).toBe(0);
    const none = await run(['classify', 'a.png', ...flags, '--max-pixels', 'many']);
    expect(none.said).toEqual(["residual: --max-pixels: expected a whole number from 1, got 'many'"]);
  });

  test('--grey16 takes the high byte instead of cutting off', async () => {
    const grey = Uint16Array.from({ length: 32 * 32 }, (_, at) => at * 60);
    const raw = { width: 32, height: 32, channels: 1 } as const;
    await sharp(grey, { raw }).toColourspace('grey16').png().toFile(join(folder, 'grey16.png'));
    const high = Uint8Array.from(grey, (value) => value >> 8);
    await sharp(high, { raw }).png().toFile(join(folder, 'high.png'));
    const [clipped] = await logitsOf('grey16.png');
    expect(await logitsOf('grey16.png', '--grey16', 'high-byte')).toEqual(await logitsOf('high.png'));
    expect(await logitsOf('high.png')).not.toEqual([clipped]);
    const { said } = await run(['classify', 'grey16.png', ...flags, '--json']);
    expect(said).toEqual([expect.stringMatching(/^note: 1 picture has 16-bit grey .*--grey16 high-byte/)]);
  });
});

describe('what is searched', () => {
  test.each([
    ['e.jsonl', 'a .jsonl file'],
    ['text.txt', 'a .txt file'],
    ['absent', 'no such file or folder'],
  ])('%s is no such thing', async (name, got) => {
    writeFileSync(join(folder, 'e.jsonl'), '{}\n');
    const { exitCode, said } = await run(['search', name, 'a.png', ...flags]);
    expect({ exitCode, said }).toEqual({
      exitCode: 2,
      said: [
        `residual: ${name}: expected a folder of pictures, or a FILE.npy of their embeddings, got ${got}; residual embed FOLDER --out FILE.npy makes one`,
      ],
    });
  });
});

test('what never ends or never comes costs its own row alone', { timeout: 90_000 }, async () => {
  const { exitCode, stdout, said } = await waiting.result;
  expect(exitCode).toBe(1);
  expect(linesOf(stdout).map(({ file }) => file)).toEqual(['a.png', '6.png']);
  const [, , silent, large, ftp] = waiting.names;
  expect(said).toEqual([
    expect.stringMatching(/^residual: .*\/zeros: expected JPEG, .*, got zero bytes alone; check the file$/),
    `residual: ${silent}: expected a picture, got nothing for 30 s; check the address`,
    `residual: ${large}: expected a picture, got more than 1,073,741,824 bytes; check the address`,
    `residual: ${ftp}: expected a file or an http:, https:, data: or s3: address, got ftp:; save it, and name the file`,
  ]);
});
