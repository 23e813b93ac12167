import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { bundle } from './bundle.mjs';
import { Project } from './project.mjs';
import { publicPackages } from './public-packages.mjs';
import { readReadme } from './readme.mjs';
import { runInBrowser } from './run-in-browser.mjs';

/** Every other package is for both. */
const nodeOnly = ['@residual/backend-node', '@residual/cli', '@residual/serve'];
const browserOnly = ['@residual/backend-webgpu'];

let browser;
beforeAll(async () => {
  if (requirement('chromium')) browser = await launchChromium({ webgpu: true });
});
afterAll(() => browser?.close());

describe('the project’s README', () => {
  const root = join(import.meta.dirname, '../../..');
  const { installs, example } = readReadme({ name: '@residual/classifier', folder: root, manifest: {} });
  const project = new Project('the project', inject('tarballs'), installs);
  beforeAll(() => project.install());
  afterAll(() => project.remove());

  test('its example runs as it stands, and answers what it says', async () => {
    const said = /console\.log\(.*\); \/\/ (.*)$/m.exec(example)[1];
    expect((await project.run(example)).trim()).toBe(said);
  });
});

describe.each(publicPackages())('$name, installed alone', (entry) => {
  const { name, manifest } = entry;
  let project;
  let example;
  beforeAll(async () => {
    const readme = readReadme(entry);
    example = readme.example;
    project = new Project(name, inject('tarballs'), readme.installs);
    await project.install();
  });
  afterAll(() => project?.remove());

  if (!browserOnly.includes(name))
    test('the README’s example runs in Node', async () => {
      const printed = await project.run(example, { shell: Boolean(manifest.bin) });
      expect(printed.trim(), `${name}: the example in its README prints nothing; let it show its result`).not.toBe('');
    });

  if (nodeOnly.includes(name)) return;
  describe('bundled by Vite', () => {
    test.skipIf(!requirement('chromium'))('the README’s example runs in a browser', async () => {
      const forBrowsers = example.replaceAll(`${name}/node'`, `${name}'`);
      const { printed, warnings } = await runInBrowser(browser, project, forBrowsers);
      expect(warnings, `${name}: Vite warns whoever bundles the example; see to the cause`).toEqual([]);
      expect(printed.trim(), `${name}: the example in its README prints nothing in a browser`).not.toBe('');
    });

    test('its entry asks for none of Node’s modules', async () => {
      const everything = join(project.folder, 'everything.mjs');
      writeFileSync(everything, `import * as everything from '${name}';\nglobalThis.everything = everything;\n`);
      const { builtins, warnings } = await bundle(project.folder, { entry: everything, external: [/^@tensorflow\//] });
      expect(builtins, `${name}: move what needs Node out of index.ts, to ./node`).toEqual([]);
      expect(warnings, `${name}: Vite warns whoever bundles it; see to the cause`).toEqual([]);
    });
  });
});
