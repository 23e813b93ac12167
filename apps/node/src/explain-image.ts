import { ClassifierError } from '@residual/classifier';
import { type Explanation, overlay } from '@residual/classifier/explain';
import { writeFileAtomic } from '@residual/weights/node';
import sharp from 'sharp';
import { checkTarget } from './check-target.ts';
import { exitCode } from './exit-code.ts';
import { foundImage } from './find-images.ts';
import { loadClassifier, type ModelFlags } from './load-classifier.ts';
import { type DecodeFlags, parseDecodeFlags } from './pictures/decode-flags.ts';
import { PictureReader } from './pictures/picture-reader.ts';
import { print, say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';

export interface ExplainFlags extends ModelFlags, DecodeFlags {
  readonly out: string;
  readonly class?: string;
  readonly channel?: string;
  readonly method: NonNullable<ExplainOptions['method']>;
  readonly layer?: string;
  readonly opacity: string;
  readonly force?: boolean;
}

type ExplainOptions = NonNullable<Parameters<Awaited<ReturnType<typeof loadClassifier>>['classifier']['explain']>[1]>;

/** Explains a class in a picture and writes what is seen as a PNG. Gives the exit code. */
export async function explainImage(image: string, flags: ExplainFlags, signal: AbortSignal): Promise<number> {
  const opacity = parseShare('--opacity', flags.opacity);
  if (!/\.png$/i.test(flags.out)) throw new UsageError(`--out: expected a file called *.png, got '${flags.out}'`);
  await checkTarget(flags.out, { inputs: [image, flags.weights], force: flags.force });
  const reader = new PictureReader(parseDecodeFlags(flags));
  const found = foundImage(image);
  const picture = await reader.read(found, signal);
  reader.notes.add(found.file, picture.notes);
  const { classifier } = await loadClassifier(flags, { count: 1, read: async () => picture }, signal);
  try {
    const options: ExplainOptions = {
      signal,
      method: flags.method,
      ...(flags.layer !== undefined && { layer: flags.layer as NonNullable<ExplainOptions['layer']> }),
      ...(flags.class !== undefined && { target: targetOf(flags.class, classifier.labels) }),
      ...(flags.channel !== undefined && { channel: parseChannel(flags.channel) }),
    };
    const explain = () => classifier.explain(picture, options);
    const explanation = await explain().catch(async (error: unknown) => {
      if (!needsGradients(error)) throw inTermsOfTheCommand(error);
      await useGradients();
      if (flags.precision !== 'fp32')
        say(`note: gradients are of the network in fp32; what is explained is its answer in ${flags.precision}`);
      return explain();
    });
    await writeOverlay(found.file, flags, opacity, explanation);
    say(...reader.notes.lines);
    return exitCode.success;
  } finally {
    await classifier.dispose();
  }
}

async function writeOverlay(
  image: string,
  { out, channel }: ExplainFlags,
  opacity: number,
  explanation: Explanation,
): Promise<void> {
  const { width, height, channels, data } = overlay(explanation, opacity);
  await writeFileAtomic(out, await sharp(data, { raw: { width, height, channels } }).png().toBuffer());
  const { label, score } = explanation.target;
  const shown = channel === undefined ? `${(score * 100).toFixed(2)} %` : score.toFixed(3);
  print(`${image}: ${label}, ${shown}; ${out}`);
}

/** Makes tfjs-node the backend for the gradients, whoever runs the network. @throws UsageError where it is not there */
async function useGradients(): Promise<void> {
  const { tfjsNode } = await import('@residual/backend-node');
  const backend = tfjsNode();
  const { available, reason } = await backend.isAvailable();
  if (!available)
    throw new UsageError(
      `--layer: expected tfjs-node for gradients within the network, got none (${reason}); take --method occlusion`,
    );
  await backend.use();
}

/** What is asked for and is not there, called by the command's options. */
function inTermsOfTheCommand(error: unknown): unknown {
  if (!ClassifierError.isInstance(error) || (error.code !== 'BAD_OPTION' && error.code !== 'NO_HEAD')) return error;
  const problem = error.message.replace(/^target: /, 'class: ').replace('no target beside it', 'no --class beside it');
  return new UsageError(`--${problem.replace(/; see labels$/, '; residual classify --top N shows their names')}`);
}

function needsGradients(error: unknown): boolean {
  return ClassifierError.isInstance(error) && (error.code === 'NO_BACKEND' || error.code === 'NO_GRADIENTS');
}

function parseChannel(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--channel: expected a whole number from 0, got '${text}'`);
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
