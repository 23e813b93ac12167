import { expect, test } from 'vitest';
import { convolutionGraph } from './fixtures/convolution-graph.ts';
import { compileProgram } from './wasm.ts';

test('computes a convolution with bias, shortcut and ReLU', async () => {
  const { graph, inputs, expected } = convolutionGraph();
  const program = await compileProgram(graph);
  expect(program.info).toMatchObject({ isa: 'simd128', threads: 1 });
  const { y } = await program.run(inputs);
  expect([...y!]).toEqual(expected);
  program.dispose();
});

test('runs that overlap each give their own result', async () => {
  const { graph, inputs, expected } = convolutionGraph();
  const program = await compileProgram(graph);
  const dark = { ...inputs, x: new Float32Array(inputs.x.length) };
  const [first, second, third] = await Promise.all([inputs, dark, inputs].map((given) => program.run(given)));
  program.dispose();
  expect([...first!.y!]).toEqual(expected);
  expect([...third!.y!]).toEqual(expected);
  expect([...second!.y!]).not.toEqual(expected);
});

test('what cannot be compiled is named', async () => {
  const { graph } = convolutionGraph();
  const nodes = [{ ...graph.nodes[0]!, op: 'Erf' }];
  await expect(compileProgram({ ...graph, nodes })).rejects.toMatchObject({
    code: 'BAD_GRAPH',
    message: expect.stringMatching(/^conv1 \(Erf\): the kernels do not compute 'Erf'/),
  });
  await expect(compileProgram(graph, { module: new Uint8Array([1, 2, 3]) })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
});

test('bad runs say what was expected and got, and leave the program usable', async () => {
  const { graph, inputs, expected } = convolutionGraph();
  const program = await compileProgram(graph, { rejectsNonFinite: true });
  await expect(program.run({})).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(program.run({ ...inputs, x: new Float32Array(5) })).rejects.toThrow('x: expected 36 numbers, got 5');
  const x = Float32Array.from(inputs.x);
  x[4] = Number.NaN;
  await expect(program.run({ ...inputs, x })).rejects.toThrow('got NaN or infinity at [0, 0, 1, 1]');
  await expect(program.run(inputs, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  expect([...(await program.run(inputs)).y!]).toEqual(expected);
  program.dispose();
  program.dispose();
  await expect(program.run(inputs)).rejects.toMatchObject({ code: 'DISPOSED' });
});
