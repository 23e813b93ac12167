import { overlay } from '@residual/classifier/explain';
import { getSpec } from '@residual/resnet/registry';
import { decodeImage } from '@residual/vision/node';
import { writeFileAtomic } from '@residual/weights/node';
import sharp from 'sharp';
import { exitCode } from './exit-code.ts';
import { loadClassifier, type NamedModelFlags } from './load-classifier.ts';
import { UsageError } from './usage-error.ts';

export interface ExplainFlags extends NamedModelFlags {
  readonly out: string;
  readonly class?: string;
  readonly method: NonNullable<ExplainOptions['method']>;
  readonly layer?: string;
  readonly opacity: string;
}

type ExplainOptions = NonNullable<Parameters<Awaited<ReturnType<typeof loadClassifier>>['classifier']['explain']>[1]>;

/** Explains a class in a picture and writes what is seen as a PNG. Gives the exit code. */
export async function explainImage(image: string, flags: ExplainFlags, signal: AbortSignal): Promise<number> {
  const opacity = parseShare('--opacity', flags.opacity);
  if (!/\.png$/i.test(flags.out)) throw new UsageError(`--out: expected a file called *.png, got '${flags.out}'`);
  const picture = await decodeImage(image);
  const { classifier } = await loadClassifier({ ...flags, device: deviceFor(flags) }, signal);
  try {
    const explanation = await classifier.explain(picture, {
      signal,
      method: flags.method,
      ...(flags.layer !== undefined && { layer: flags.layer as NonNullable<ExplainOptions['layer']> }),
      ...(flags.class !== undefined && { target: targetOf(flags.class, classifier.labels) }),
    });
    const { width, height, channels, data } = overlay(explanation, opacity);
    await writeFileAtomic(flags.out, await sharp(data, { raw: { width, height, channels } }).png().toBuffer());
    const { label, score } = explanation.target;
    process.stdout.write(`${image}: ${label}, ${(score * 100).toFixed(2)} %; ${flags.out}\n`);
    return exitCode.success;
  } finally {
    await classifier.dispose();
  }
}

/** Gradients within the network are tfjs's; tfjs-node brings them. */
function deviceFor({ model, layer, device }: ExplainFlags): string {
  const isLast = layer === undefined || layer === `layer${getSpec(model).depths.length}`;
  return isLast ? device : 'tfjs-node';
}

/** A label, else an index: there are labels that are numbers. */
function targetOf(text: string, labels: readonly string[]): string | number {
  return labels.includes(text) || !/^\d+$/.test(text) ? text : Number(text);
}

function parseShare(option: string, text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new UsageError(`${option}: expected a number from 0 to 1, got '${text}'`);
}
