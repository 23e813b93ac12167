import { modelSpecs } from './registry.ts';

/**
 * timm's architectures whose tensors have the names and shapes of a more usual one, but which compute something else: blurred
 * or averaged instead of strided. Those that are built here are registered; of the others only the name can be told.
 */
const notBuilt: readonly RegExp[] = [
  /(?<![a-z])resnetblur\d+d?(?![a-z\d])/i,
  /(?<![a-z])(?:se)?resne(?:t|xt)aa\d+d?(?:_\d+x\d+d)?(?![a-z\d])/i,
];

/**
 * The name in a text, such as a file's, of an architecture that has the tensors of one that is more usual, and is another; it
 * need not be registered.
 */
export function findLookAlike(text: string): string | undefined {
  const registered = [...modelSpecs().values()].filter(({ onlyByName }) => onlyByName).map(({ name }) => name);
  const longestFirst = registered.sort((a, b) => b.length - a.length);
  const patterns = [...longestFirst.map((name) => new RegExp(`(?<![a-z\\d])${name}(?![a-z\\d])`, 'i')), ...notBuilt];
  const found = patterns.map((pattern) => pattern.exec(text)?.[0]).find((name) => name !== undefined);
  return found?.toLowerCase();
}
