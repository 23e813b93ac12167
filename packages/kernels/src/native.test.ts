import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectClose, requirement } from '@residual/testing';
import { describe, expect, test, vi } from 'vitest';
import { convolutionAttributes } from './fixtures/convolution-attributes.ts';
import { convolutionGraph } from './fixtures/convolution-graph.ts';
import type { KernelGraph } from './kernel-graph.ts';
import { loadAddon } from './load-addon.ts';
import { compileProgram } from './native.ts';
import type { PackedWeightsCache } from './packed-weights-cache.ts';

describe.skipIf(!requirement('native'))('the native kernels', () => {
  const instructionSets = loadAddon().addon?.instructionSets() ?? [];

  test.each(instructionSets)('%s computes a convolution with bias, shortcut and ReLU', async (isa) => {
    const { graph, inputs, expected } = convolutionGraph();
    const program = await compileProgram(graph, { isa, threads: 2 });
    expect(program.info).toMatchObject({ isa, threads: 2 });
    const { y } = await program.run(inputs);
    expect([...y!]).toEqual(expected);
    program.dispose();
  });

  test('runs that overlap each give their own result, in several programs', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    const programs = await Promise.all([1, 2, 3].map((threads) => compileProgram(graph, { threads })));
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        programs[i % 3]!.run(i % 2 === 0 ? inputs : { ...inputs, x: new Float32Array(inputs.x.length) }),
      ),
    );
    for (const [i, { y }] of results.entries()) {
      if (i % 2 === 0) expect([...y!]).toEqual(expected);
      else expect([...y!]).not.toEqual(expected);
    }
    for (const program of programs) program.dispose();
  });

  test('programs of the same constants share packed filters, for as long as any of them lives', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    const programs = [
      await compileProgram(graph),
      await compileProgram(graph),
      await compileProgram(graph, { isa: 'portable' }),
    ];
    const [first, second, other] = programs.map(({ info }) => info);
    expect(first!.sharedWeightBytes).toBe(0);
    expect(second!.sharedWeightBytes).toBeGreaterThan(0);
    expect(second!.weightBytes).toBe(first!.weightBytes);
    expect(second!.peakBytes).toBe(first!.peakBytes - second!.sharedWeightBytes);
    // Packed for vectors of another width.
    expect(other!.sharedWeightBytes).toBe(0);
    programs[0]!.dispose();
    expect([...(await programs[1]!.run(inputs)).y!]).toEqual(expected);
    for (const program of programs) program.dispose();
    const later = await compileProgram(graph);
    expect(later.info.sharedWeightBytes).toBe(0);
    later.dispose();
  });

  test.each(instructionSets)('%s: one filter at several picture sizes gives what it gives alone', async (isa) => {
    const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i));
    const filter = wave(3 * 3 * 128 * 128);
    for (const order of [
      [7, 14],
      [14, 7],
    ]) {
      const programs = [];
      for (const size of order) {
        const graph = wideConvolution(size, filter);
        const [program, plain] = [
          await compileProgram(graph, { isa }),
          await compileProgram(graph, { isa: 'portable' }),
        ];
        const inputs = { x: wave(size * size * 128) };
        expectClose((await program.run(inputs)).y!, (await plain.run(inputs)).y!, 1e-4, `${size} × ${size}`);
        programs.push(program, plain);
      }
      for (const program of programs) program.dispose();
    }
  });

  test('what cannot be compiled is named', async () => {
    const { graph } = convolutionGraph();
    const [node] = graph.nodes;
    const compile = (changed: object) => compileProgram({ ...graph, nodes: [{ ...node!, ...changed }] });
    await expect(compile({ op: 'Erf' })).rejects.toMatchObject({
      code: 'BAD_GRAPH',
      message: expect.stringMatching(/^conv1 \(Erf\): the kernels do not compute 'Erf'/),
    });
    await expect(
      compile({
        attributes: {
          ...node!.attributes,
          pad: [
            [0, 0],
            [0, 0],
          ],
        },
      }),
    ).rejects.toThrow('conv1 (FusedConv2D): expected an output [1, 1, 2, 2], got [1, 3, 4, 2]');
    await expect(compile({ inputs: [0, 0] })).rejects.toThrow(/conv1 .*filter/);
  });

  test('bad runs and options say what was expected and got', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    await expect(compileProgram(graph, { threads: 0 })).rejects.toThrow('threads: expected a whole number');
    await expect(compileProgram(graph, { isa: 'sse9' })).rejects.toThrow("got 'sse9'");
    const program = await compileProgram(graph, { rejectsNonFinite: true });
    await expect(program.run({})).rejects.toMatchObject({ code: 'BAD_INPUT', message: /^x: .* got nothing/ });
    await expect(program.run({ ...inputs, z: inputs.x })).rejects.toThrow('z: expected inputs x, shortcut');
    await expect(program.run({ ...inputs, x: new Float32Array(5) })).rejects.toThrow('x: expected 36 numbers');
    const x = Float32Array.from(inputs.x);
    x[4] = Number.NaN;
    await expect(program.run({ ...inputs, x })).rejects.toThrow('got NaN or infinity at [0, 0, 1, 1]');
    expect([...(await program.run(inputs)).y!]).toEqual(expected);
    program.dispose();
    program.dispose();
    await expect(program.run(inputs)).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  const wholeNumbers = instructionSets.filter((isa) => {
    try {
      loadAddon().addon!.checkPrecision('int8', isa);
      return true;
    } catch {
      return false;
    }
  });
  describe.each(wholeNumbers)('int8 on %s', (isa) => {
    const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i));
    const filters = new Map([1, 2, 3].map((id) => [id, wave(64 * 64)]));
    const value = (...shape: number[]) => ({ shape, dtype: 'float32' });
    const attributes = convolutionAttributes(0, { activation: 'relu' });
    /** So many convolutions, one after the other. */
    const convolutions = (count: number, batch = 1): KernelGraph => ({
      values: [
        value(batch, 5, 5, 64),
        ...Array(3).fill(value(1, 1, 64, 64)),
        ...Array(count).fill(value(batch, 5, 5, 64)),
      ],
      nodes: Array.from({ length: count }, (_, at) => {
        return { op: 'FusedConv2D', inputs: [at === 0 ? 0 : 3 + at, 1 + at], outputs: [4 + at], attributes };
      }),
      inputs: [{ name: 'x', value: 0 }],
      outputs: [{ name: 'y', value: 3 + count }],
      constants: filters,
    });
    /** Counts how often it is asked. */
    const source = () => {
      const asked = { times: 0 };
      const calibration = async () => {
        asked.times += 1;
        return [{ x: wave(5 * 5 * 64) }];
      };
      return { asked, calibration };
    };

    test('samples are asked for once for all programs of the same constants', async () => {
      const { asked, calibration } = source();
      for (const [batch, percentile, expected] of [
        [1, 100, 1],
        [3, 100, 1],
        [3, 99, 2],
      ] as const) {
        const graph = convolutions(2, batch);
        const program = await compileProgram(graph, { isa, precision: 'int8', calibration, percentile });
        expect(asked.times).toBe(expected);
        const exact = await compileProgram(graph, { isa });
        const inputs = { x: wave(batch * 5 * 5 * 64) };
        expectClose((await program.run(inputs)).y!, (await exact.run(inputs)).y!, 0.1);
        program.dispose();
        exact.dispose();
      }
    });

    test('what was compiled before does not change an answer: ranges that are missing are found', async () => {
      const inputs = { x: wave(5 * 5 * 64) };
      const answers = [];
      for (const counts of [[3], [2, 3, 3]]) {
        const { asked, calibration } = source();
        const programs = [];
        for (const count of counts)
          programs.push(await compileProgram(convolutions(count), { isa, precision: 'int8', calibration }));
        answers.push((await programs.at(-1)!.run(inputs)).y);
        expect(asked.times).toBe(Math.min(counts.length, 2));
        for (const program of programs) program.dispose();
      }
      expect(answers[1]).toEqual(answers[0]);
    });
  });

  test('a precision that an instruction set has not is refused, with those that it has, before samples are asked for', async () => {
    const { graph } = convolutionGraph();
    const calibration = () => Promise.reject(new Error('asked all the same'));
    await expect(compileProgram(graph, { isa: 'portable', precision: 'int8', calibration })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'precision int8: expected a CPU with AVX2 or AVX512_VNNI, got kernels for portable; take fp32',
    });
    await expect(compileProgram(graph, { percentile: 0 })).rejects.toThrow('percentile: expected a number above 0');
  });

  test('a cache gives the next program the same packed weights, and a folder that cannot be written one note', async () => {
    const patience = { timeout: 30_000 };
    const home = await mkdtemp(join(tmpdir(), 'residual-packed-'));
    try {
      const folder = join(home, 'packed');
      const filter = Float32Array.from({ length: 3 * 3 * 384 * 384 }, (_, i) => Math.sin(i));
      const graph = wideConvolution(7, filter, 384);
      const inputs = { x: filter.slice(0, 7 * 7 * 384) };
      const answer = async (cache?: PackedWeightsCache) => {
        const program = await compileProgram(graph, cache && { cache });
        const { y } = await program.run(inputs);
        program.dispose();
        return { cachedWeightBytes: program.info.cachedWeightBytes, y };
      };
      const plain = await answer();
      expect(plain.cachedWeightBytes).toBe(0);
      expect(await answer({ folder })).toEqual(plain);
      await vi.waitFor(
        async () => expect(await readdir(folder)).toEqual([expect.stringMatching(/\.packed$/)]),
        patience,
      );
      const { cachedWeightBytes, y } = await answer({ folder });
      expect(cachedWeightBytes).toBeGreaterThan(filter.byteLength);
      expect(y).toEqual(plain.y);

      const notes: string[] = [];
      const file = { folder: join(folder, (await readdir(folder))[0]!), onNote: (note: string) => notes.push(note) };
      expect(await answer(file)).toEqual(plain);
      await vi.waitFor(
        () => expect(notes).toEqual([expect.stringMatching(/packed weights could not be kept there/)]),
        patience,
      );
    } finally {
      await rm(home, { recursive: true });
    }
  });

  test('NaN passes through to the pixels that read it, unless refused', async () => {
    const { graph, inputs } = convolutionGraph();
    const program = await compileProgram(graph);
    const x = Float32Array.from(inputs.x);
    x[0] = Number.NaN;
    const { y } = await program.run({ ...inputs, x });
    program.dispose();
    expect(y![0]).toBeNaN();
    expect(y!.at(-1)).not.toBeNaN();
  });

  test('a run is cancelled before it starts and while it waits', async () => {
    const { graph, inputs, expected } = convolutionGraph();
    const program = await compileProgram(graph);
    await expect(program.run(inputs, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    const controller = new AbortController();
    const runs = Array.from({ length: 8 }, () => program.run(inputs, { signal: controller.signal }));
    controller.abort(new Error('changed my mind'));
    for (const end of await Promise.allSettled(runs)) {
      expect(end).toMatchObject({ status: 'rejected', reason: { message: 'changed my mind' } });
    }
    expect([...(await program.run(inputs)).y!]).toEqual(expected);
    program.dispose();
  });
});

/** 3×3, 128 channels to 128: enough weights that small pictures are computed otherwise than large ones. */
function wideConvolution(size: number, filter: Float32Array, channels = 128): KernelGraph {
  const value = (...shape: number[]) => ({ shape, dtype: 'float32' });
  const attributes = convolutionAttributes(1, { activation: 'linear' });
  return {
    values: [value(1, size, size, channels), value(3, 3, channels, channels), value(1, size, size, channels)],
    nodes: [{ op: 'FusedConv2D', inputs: [0, 1], outputs: [2], attributes }],
    inputs: [{ name: 'x', value: 0 }],
    outputs: [{ name: 'y', value: 2 }],
    constants: new Map([[1, filter]]),
  };
}
