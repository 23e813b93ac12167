import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { createModel } from '@residual/resnet/registry';
import { writePth } from '@residual/weights';
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';
import { residual } from './run-command.ts';

// docs/serving.md: its commands are run, and its configuration held to the files that come of them.

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/serving.md'), 'utf8');

/** The page's blocks of a language, in their order. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text!);
}

/** A field's values in protobuf's text format. */
function field(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`\\b${name}:\\s*(\\[[^\\]]*\\]|\\S+)`, 'g'))].map(([, value]) =>
    value!.replace(/^"|"$/g, ''),
  );
}

/** `section { name … data_type … dims … }` of a model's configuration. */
function port(config: string, section: 'input' | 'output') {
  const [, text] = new RegExp(`^${section} \\[(.*?)^\\]`, 'ms').exec(config)!;
  const dims = JSON.parse(field(text!, 'dims')[0]!) as number[];
  return { name: field(text!, 'name')[0], type: field(text!, 'data_type')[0], dims };
}

/** The folders of a block that draws them, as paths of files. */
function drawnFiles(drawing: string): string[] {
  const files: string[] = [];
  const folders: string[] = [];
  for (const line of drawing.trimEnd().split('\n')) {
    const depth = (line.length - line.trimStart().length) / 2;
    folders.length = depth;
    const path = [...folders, line.trim().replace(/\/$/, '')];
    if (line.endsWith('/')) folders.push(path.at(-1)!);
    else files.push(path.join('/'));
  }
  return files.sort();
}

function filesOf(cwd: string): string[] {
  const entries = readdirSync(join(cwd, 'models'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(cwd.length + 1))
    .sort();
}

/** Runs the page's `mkdir` and `residual export` lines that write a format, in a folder with ResNet-50's weights. */
async function followPage(format: string): Promise<string> {
  const cwd = temporaryFolder();
  await tfjsWasm().use();
  const model = createModel('resnet50');
  writeFileSync(join(cwd, 'resnet50.pth'), writePth(await model.stateDict()));
  model.dispose();
  const commands = blocks('sh').find((text) => text.includes(`--format ${format}`))!;
  for (const line of commands.trim().split('\n')) {
    const [program, ...args] = line.split(' ');
    if (program === 'mkdir') mkdirSync(join(cwd, args[1]!), { recursive: true });
    else expect((await residual(args, { cwd })).exitCode, line).toBe(0);
  }
  return cwd;
}

test("Triton's folder and configuration are those of the exported file", async () => {
  const cwd = await followPage('onnx');
  const config = blocks('pbtxt')[0]!;
  writeFileSync(join(cwd, 'models/resnet50/config.pbtxt'), config);
  expect(filesOf(cwd)).toEqual(drawnFiles(blocks('text')[0]!));

  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(readFileSync(join(cwd, 'models/resnet50/1/model.onnx')));
  const described = [...session.inputMetadata, ...session.outputMetadata].map((value) => {
    if (!value.isTensor) throw new Error(`${value.name} is no tensor`);
    const [batch, ...dims] = value.shape;
    expect(batch, value.name).toBe('N');
    return { name: value.name, type: `TYPE_${value.type.replace('float', 'FP').toUpperCase()}`, dims };
  });
  expect([port(config, 'input'), port(config, 'output')]).toEqual(described);
  expect(field(config, 'name')[0]).toBe('resnet50');
  expect(field(config, 'backend')).toEqual(['onnxruntime']);
});

test("TensorFlow Serving's folder is the exported one", async () => {
  const cwd = await followPage('saved-model');
  expect(filesOf(cwd)).toEqual(drawnFiles(blocks('text')[1]!));
  const config = blocks('pbtxt')[1]!;
  expect(existsSync(join(cwd, field(config, 'base_path')[0]!, '1/saved_model.pb'))).toBe(true);
});

test("KServe's paths are the folders that its runtimes read", () => {
  const [triton, tensorflow] = blocks('yaml').map((text) => ({
    runtime: /runtime: (\S+)/.exec(text)?.[1],
    folder: /storageUri: s3:\/\/BUCKET\/(\S+)/.exec(text)?.[1],
  }));
  expect(triton).toEqual({ runtime: 'kserve-tritonserver', folder: 'models' });
  expect(tensorflow).toEqual({ runtime: 'kserve-tensorflow-serving', folder: 'models/resnet50' });
});

test('the configuration in deploy is the page’s', () => {
  const files = [
    'triton/resnet50/config.pbtxt',
    'tensorflow-serving/models.config',
    'tensorflow-serving/batching.config',
  ];
  const deploy = resolve(import.meta.dirname, '../../../deploy');
  expect(files.map((file) => readFileSync(join(deploy, file), 'utf8'))).toEqual(blocks('pbtxt'));
});
