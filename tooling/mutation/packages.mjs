/**
 * By package: the sources that are mutated; tests of other folders that hold them, too; fast tests of its own that are too long
 * or too broad to run again for each mutant; and those that find most of the mutants outside of any function, for which all
 * tests run until one fails.
 *
 * @type {Record<'blocks' | 'resnet' | 'compile' | 'weights' | 'classifier' | 'vision', Record<'mutate' | 'beside' | 'without' | 'first', string[]>>}
 */
export const packages = {
  blocks: { mutate: ['src/**/*.ts'], beside: [], without: [], first: [] },
  resnet: {
    mutate: ['src/**/*.ts'],
    beside: ['../../tooling/golden/src/state-dicts.test.ts'],
    without: [],
    first: ['src/index.test.ts', 'src/state-dicts.test.ts'],
  },
  compile: {
    mutate: ['src/passes/**/*.ts', 'src/rules/**/*.ts'],
    beside: [],
    // Whole networks, run by the interpreter; `summary` wants a process in which nothing has asked for a backend.
    without: ['src/{passes/resnet-passes,layers-model,resnets,summary,trace-model,verify}.test.ts'],
    first: ['src/rules/rules.test.ts', 'src/passes/passes.test.ts'],
  },
  weights: {
    mutate: ['src/**/*.ts'],
    beside: [],
    without: ['**/fuzz.test.ts', '**/processes.test.ts', '**/real-files.test.ts'],
    first: [],
  },
  // The presets and the labels.
  classifier: {
    mutate: ['src/{default-labels,default-preset,labels-for,name-hints,picture-options,preset-of,publisher-preset}.ts'],
    beside: [],
    without: [
      'src/{batch-buffers,choose-model,create-classifier,engines,from-pretrained}.test.ts',
      'src/{adapt-weights,precision-options,read-image,read-image.browser,weights-metadata}.test.ts',
      'src/{decode,explain}/**',
    ],
    first: [],
  },
  vision: {
    mutate: ['src/{preset*,normalize,hugging-face-*,top-k}.ts'],
    beside: [],
    without: ['src/{augment,decode}/**', 'src/{crop,decode-*,exif-*,from-pixels,resize,walk-pictures}.test.ts'],
    first: [],
  },
};
