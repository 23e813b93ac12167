import { weightsUrl } from './weights-url.ts';

/**
 * The bytes of `model.safetensors`, from where the page has it. In Node, take the function of `./node`.
 *
 * @throws Error where the server has none.
 */
export async function readWeights(): Promise<ArrayBuffer> {
  const response = await fetch(weightsUrl());
  if (response.ok) return response.arrayBuffer();
  const next = 'serve model.safetensors of @residual/weights-cifar10 there';
  throw new Error(`${response.url}: expected weights, got HTTP ${response.status}; ${next}`);
}
