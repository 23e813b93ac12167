import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { answer, classifyModule } from './classify.mjs';
import { run } from './run.mjs';

const project = inject('project');

test('in Jest, a picture is classified', async () => {
  const text = `${classifyModule()}test('a cat', async () => expect(await classify()).toBe('${answer}'));\n`;
  writeFileSync(join(project, 'classify.test.js'), text);
  const jest = join(project, 'node_modules/jest/bin/jest.js');
  const words = [jest, '--rootDir', project, '--runTestsByPath', join(project, 'classify.test.js')];
  // Jest fails where a test does.
  await run(words, project, { env: { NODE_OPTIONS: '--experimental-vm-modules' } });
});

test('in Node 20.0, weights are read and pixels classified, on either of our engines', async () => {
  const text = `
    import { fileURLToPath } from 'node:url';
    import { native } from '@residual/backend-node';
    import { wasm } from '@residual/backend-wasm/node';
    import { fromPretrained } from '@residual/classifier';
    import { weightsUrl } from '@residual/weights-cifar10';
    const image = { width: 48, height: 48, channels: 3, data: new Uint8Array(48 * 48 * 3).fill(90) };
    const said = [];
    for (const engine of [native(), wasm()]) {
      const net = await fromPretrained(fileURLToPath(weightsUrl()), { engines: [engine] });
      const [best] = await net.classify(image, { topK: 1 });
      said.push(best.label + ' ' + best.score.toFixed(3));
      await net.dispose();
    }
    console.log(process.version, said[0] === said[1]);
  `;
  writeFileSync(join(project, 'pixels.mjs'), text);
  const node = ['npx', '-y', '--package', 'node@20.0.0', 'node'];
  expect((await run([join(project, 'pixels.mjs')], project, { node })).trim()).toBe('v20.0.0 true');
});
