/**
 * timm's architectures that are not built here and whose tensors have the names and shapes of one that is, but which compute
 * something else: blurred or averaged instead of strided. Tensors cannot tell, so what calls itself so is refused.
 */
const lookAlikes: readonly RegExp[] = [/^resnetblur\d+d?$/, /^(se)?resne(t|xt)aa\d+/];

/** Whether an architecture of this name has the tensors of one that is built here, and is another. */
export function isLookAlike(name: string): boolean {
  return lookAlikes.some((pattern) => pattern.test(name));
}
