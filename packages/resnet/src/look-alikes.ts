/**
 * timm's architectures that are not built here and whose tensors have the names and shapes of one that is, but which compute
 * something else: blurred or averaged instead of strided. Tensors cannot tell, so what calls itself so is refused.
 */
const lookAlikes: readonly RegExp[] = [/(?<![a-z])resnetblur\d+d?/i, /(?<![a-z])(?:se)?resne(?:t|xt)aa\d+\w*/i];

/** The first name in a text, such as a file's, of an architecture that has the tensors of one that is built here, and is another. */
export function findLookAlike(text: string): string | undefined {
  return lookAlikes.map((pattern) => pattern.exec(text)?.[0]).find((name) => name !== undefined);
}
