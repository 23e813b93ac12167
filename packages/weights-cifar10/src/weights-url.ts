/** Where `model.safetensors` is: a file in Node, what a bundler makes of it in a page. */
export function weightsUrl(): URL {
  return new URL('../model.safetensors', import.meta.url);
}
