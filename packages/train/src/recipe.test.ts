import { expect, test } from 'vitest';
import { batchOptions, parseRecipe, recipeOptions } from './recipe.ts';
import { cifarPaper } from './recipes/cifar-paper.ts';
import { recipes } from './recipes.ts';

test('every recipe is one that a file may hold, and makes its parts', () => {
  for (const [name, recipe] of Object.entries(recipes())) {
    expect(parseRecipe(JSON.parse(JSON.stringify(recipe)), name)).toEqual(recipe);
    const { schedule, epochs } = recipeOptions(recipe, 64);
    expect(epochs).toBe(recipe.epochs);
    for (const step of [0, 1, 1000]) expect(schedule(step)).toBeGreaterThan(0);
    expect(batchOptions(recipe, 1).batchSize).toBe(recipe.batchSize);
  }
});

test("the paper's recipe for CIFAR lowers its rate at 32,000 and 48,000 steps of 64,000", () => {
  const { schedule } = recipeOptions(cifarPaper, 390);
  expect([0, 31979, 31980, 47969, 47970].map((step) => schedule(step).toFixed(5))).toEqual([
    '0.10000',
    '0.10000',
    '0.01000',
    '0.01000',
    '0.00100',
  ]);
});

test('what is no recipe is said by name', () => {
  const bad = (more: object) => () => parseRecipe({ ...cifarPaper, ...more }, 'mine.json');
  expect(bad({ epoch: 3 })).toThrow(/^mine\.json: epoch: expected epochs, .*, got this/);
  expect(bad({ epochs: 1.5 })).toThrow(/^mine\.json: epochs: expected a whole number from 1, got 1.5/);
  expect(bad({ mixup: 'much' })).toThrow(/mixup: expected a number from 0, got much/);
  expect(bad({ schedule: { steps: {} } })).toThrow(
    /^schedule: expected one of multiStep, cosine, oneCycle .*, got steps/,
  );
  expect(bad({ augment: [{ flip: {} }] })).toThrow(/^augment: expected one of randomCrop, .*, got flip/);
  expect(() => parseRecipe({ epochs: 1 }, 'mine.json')).toThrow(/^mine\.json: batchSize: expected a value, got none/);
});
