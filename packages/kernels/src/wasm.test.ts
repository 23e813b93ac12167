import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { allowRelaxedSimd } from './allow-relaxed-simd.ts';
import { convolutionAttributes } from './fixtures/convolution-attributes.ts';
import { convolutionGraph } from './fixtures/convolution-graph.ts';
import { compileProgram } from './wasm.ts';

const isAllowed = allowRelaxedSimd();

test('this runtime has relaxed SIMD, if need be once it is allowed', () => {
  expect(isAllowed).toBe(true);
});

describe.each([
  [1, 'simd128'],
  [2, 'simd128'],
  [1, 'relaxed-simd'],
  [2, 'relaxed-simd'],
  [5, 'relaxed-simd'],
] as const)('with threads: %i, isa: %s', (threads, isa) => {
  test('computes a convolution with bias, shortcut and ReLU', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    const program = await compileProgram(graph, { threads, isa });
    expect(program.info).toMatchObject({ isa, threads });
    const { y } = await program.run(inputs);
    expect([...y!]).toEqual(expected);
    program.dispose();
  });

  test('runs that overlap each give their own result', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    const program = await compileProgram(graph, { threads, isa });
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
    await expect(compileProgram({ ...graph, nodes }, { threads, isa })).rejects.toMatchObject({
      code: 'BAD_GRAPH',
      message: expect.stringMatching(/^conv1 \(Erf\): the kernels do not compute 'Erf'/),
    });
    await expect(compileProgram(graph, { threads, isa, module: new Uint8Array([1, 2, 3]) })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  test('bad runs say what was expected and got, and leave the program usable', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    const program = await compileProgram(graph, { threads, isa, rejectsNonFinite: true });
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

  test('NaN passes through to the pixels that read it', async () => {
    const { graph, inputs } = convolutionGraph();
    const program = await compileProgram(graph, { threads, isa });
    const x = Float32Array.from(inputs.x);
    x[0] = Number.NaN;
    const { y } = await program.run({ ...inputs, x });
    program.dispose();
    expect(y![0]).toBeNaN();
    expect(y!.at(-1)).not.toBeNaN();
  });

  test('a run is cancelled or disposed of in the middle', async () => {
    const { graph, inputs, expected } = largeConvolution();
    const program = await compileProgram(graph, { threads, isa });
    // Time flies: on one thread, the run gives way after its first layer, however fast the machine is.
    let nowMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 1000));
    const outcome = (run: Promise<unknown>) =>
      run.then(
        () => 'its result',
        (error: Error) => error,
      );
    try {
      const controller = new AbortController();
      const run = outcome(program.run(inputs, { signal: controller.signal }));
      setImmediate(() => controller.abort(new Error('changed my mind')));
      expect(await run).toMatchObject({ message: 'changed my mind' });
      expect((await program.run(inputs))['y']![0]).toBeCloseTo(expected, 2);
      const last = outcome(program.run(inputs));
      setImmediate(() => program.dispose());
      expect(await last).toMatchObject({ code: 'DISPOSED' });
    } finally {
      clock.mockRestore();
    }
  });

  test('a run is disposed of at any moment, even before a worker has woken for it', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    for (let moment = 0; moment < 20; moment++) {
      const program = await compileProgram(graph, { threads, isa });
      const ends = program.run(inputs).then(
        ({ y }) => [...y!],
        ({ code }: { code: string }) => code,
      );
      for (let turn = 0; turn < moment; turn++) await Promise.resolve();
      program.dispose();
      // On one thread so small a run may have ended before.
      expect(threads === 1 ? ['DISPOSED', expected] : ['DISPOSED']).toContainEqual(await ends);
    }
  });
});

test('as many threads as asked are said, and by default the cores', async () => {
  const { graph, inputs, expected } = convolutionGraph();
  const program = await compileProgram(graph);
  expect(program.info.threads).toBeGreaterThanOrEqual(1);
  expect([...(await program.run(inputs)).y!]).toEqual(expected);
  program.dispose();
  for (const threads of [0, 1.5, -1, 5000]) {
    await expect(compileProgram(graph, { threads })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  }
});

test('by default the fastest instructions, and only those that are known', async () => {
  const { graph } = convolutionGraph();
  const program = await compileProgram(graph, { threads: 1 });
  expect(program.info.isa).toBe('relaxed-simd');
  program.dispose();
  await expect(compileProgram(graph, { threads: 1, isa: 'avx2' as 'simd128' })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: "isa: expected one that this runtime has (relaxed-simd, simd128), got 'avx2'",
  });
});

test('relaxed SIMD rounds a product and its sum once', async () => {
  // (1 + 2⁻¹²)² is 1 + 2⁻¹¹ + 2⁻²⁴, whose last part a product of its own loses.
  const factor = 1 + 2 ** -12;
  const { graph, inputs } = productGraph(factor, -(1 + 2 ** -11));
  const results = [];
  for (const isa of ['simd128', 'relaxed-simd'] as const) {
    const program = await compileProgram(graph, { threads: 1, isa });
    results.push((await program.run(inputs))['y']![0]);
    program.dispose();
  }
  expect(results).toEqual([0, 2 ** -24]);
});

test('a module of the caller is for one thread or for several', async () => {
  const { graph } = convolutionGraph();
  const [single, several] = await Promise.all(
    ['residual-kernels', 'residual-kernels-threads'].map((name) =>
      readFile(new URL(`../wasm/${name}.wasm`, import.meta.url)),
    ),
  );
  const alone = await compileProgram(graph, { module: single! });
  expect(alone.info.threads).toBe(1);
  alone.dispose();
  await expect(compileProgram(graph, { module: single!, threads: 2 })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  const shared = await compileProgram(graph, { module: several!, threads: 2 });
  expect(shared.info.threads).toBe(2);
  shared.dispose();
});

const built = new URL('../dist/index.js', import.meta.url);

// Node runs the build, not the sources.
test.skipIf(!existsSync(built))(
  'programs that are not disposed of do not keep a process alive, and a run that is awaited does',
  () => {
    const script = `
    import { compileProgram } from ${JSON.stringify(built.href)};
    const value = (shape) => ({ shape, dtype: 'float32' });
    const graph = {
      values: [value([1, 2]), value([1, 2])],
      nodes: [{ op: 'Relu', inputs: [0], outputs: [1], attributes: {} }],
      inputs: [{ name: 'x', value: 0 }],
      outputs: [{ name: 'y', value: 1 }],
      constants: new Map(),
    };
    const program = await compileProgram(graph, { threads: 2 });
    console.log((await program.run({ x: Float32Array.of(-1, 2) })).y.join());`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(output.trim()).toBe('0,2');
  },
);

/** `x · w + bias` of one number, by the kernels' multiply-add. */
function productGraph(factor: number, bias: number) {
  const value = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;
  const attributes = convolutionAttributes(0, { hasBias: true });
  const graph = {
    values: [value(1, 1, 1, 1), value(1, 1, 1, 1), value(1), value(1, 1, 1, 1)],
    nodes: [{ op: 'FusedConv2D', inputs: [0, 1, 2], outputs: [3], attributes }],
    inputs: [{ name: 'x', value: 0 }],
    outputs: [{ name: 'y', value: 3 }],
    constants: new Map([
      [1, Float32Array.of(factor)],
      [2, Float32Array.of(bias)],
    ]),
  };
  return { graph, inputs: { x: Float32Array.of(factor) } };
}

/** Some hundred million multiply-adds, whose outputs in the corner are known. */
function largeConvolution() {
  const value = (...shape: number[]) => ({ shape, dtype: 'float32' });
  const [size, channels] = [64, 256];
  const attributes = convolutionAttributes(1, { activation: 'relu' });
  const image = value(1, size, size, channels);
  const graph = {
    values: [image, value(3, 3, channels, channels), image],
    nodes: [{ op: 'FusedConv2D', inputs: [0, 1], outputs: [2], attributes }],
    inputs: [{ name: 'x', value: 0 }],
    outputs: [{ name: 'y', value: 2 }],
    constants: new Map([[1, new Float32Array(9 * channels * channels).fill(0.01)]]),
  };
  // Four of the nine taps lie in the picture there.
  return { graph, inputs: { x: new Float32Array(size * size * channels).fill(1) }, expected: 4 * channels * 0.01 };
}
