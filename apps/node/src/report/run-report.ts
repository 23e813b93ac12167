import type { EpochRecord, Evaluation } from '@residual/train';
import { counted } from '../folder-note.ts';
import type { RunSettings } from '../train/run-folder.ts';
import { drawSvg } from './draw-svg.ts';
import { confusionPlot, perClassPlot } from './evaluation-plots.ts';
import { escapeHtml, htmlFigure, htmlPage, htmlTable } from './html-page.ts';
import { trainingPlot } from './training-plot.ts';

/** What a report is of. */
export interface FinishedRun {
  readonly settings: RunSettings;
  readonly history: readonly EpochRecord[];
  readonly evaluation: Evaluation | undefined;
  readonly classes: readonly string[];
}

/** A training's report, a page in itself: curves, classes, confusion, settings. */
export async function runReport({ settings, history, evaluation, classes }: FinishedRun): Promise<string> {
  const sections = [
    `<p>${escapeHtml(summary(settings, history, evaluation))}</p>`,
    '<h2>Training</h2>',
    htmlFigure(
      await drawSvg(trainingPlot(history)),
      'Training loss and error are means over an epoch, of augmented pictures and while the weights move; test loss and error are of its end.',
    ),
    htmlTable([EPOCH_HEAD, ...history.map(epochRow)]),
  ];
  if (evaluation !== undefined)
    sections.push(
      '<h2>Classes</h2>',
      htmlFigure(await drawSvg(perClassPlot(evaluation, classes)), 'Test pictures of each class that are named right.'),
      htmlFigure(
        await drawSvg(confusionPlot(evaluation, classes)),
        'How many test pictures of each class got which answer.',
      ),
    );
  const { leftOut = [] } = settings;
  if (leftOut.length > 0)
    sections.push(
      '<h2>Left out</h2>',
      htmlTable([['picture', 'problem'], ...leftOut.map(({ file, problem }) => [file, problem])], 'text'),
    );
  sections.push('<h2>Settings</h2>', htmlTable(settingsRows(settings), 'text'));
  return htmlPage(`${settings.model} on ${settings.data}`, sections);
}

function summary(
  { seed, leftOut = [] }: RunSettings,
  history: readonly EpochRecord[],
  evaluation: Evaluation | undefined,
): string {
  const minutes = history.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const bad = leftOut.length > 0 ? ` ${counted(leftOut.length, 'picture')} left out, which could not be used.` : '';
  const trained = `${history.length} epochs in ${minutes.toFixed(1)} minutes, seed ${seed}.${bad}`;
  if (evaluation === undefined) return trained;
  const { correct, total, top1, top5, loss, calibrationError } = evaluation;
  const test = `${correct} of ${total} test pictures right: top-1 ${top1.toFixed(2)} %, top-5 ${top5.toFixed(2)} %`;
  return `${test}, loss ${loss.toFixed(4)}, calibration error ${calibrationError.toFixed(4)}. ${trained}`;
}

const EPOCH_HEAD = ['epoch', 'training loss', 'training error', 'test loss', 'test error', 'learning rate', 'seconds'];

function epochRow(record: EpochRecord): string[] {
  const { epoch, trainLoss, trainError, testLoss, testError, learningRate, seconds } = record;
  const optional = (value: number | undefined, digits: number, unit = ''): string =>
    value === undefined ? '' : `${value.toFixed(digits)}${unit}`;
  return [
    `${epoch}`,
    trainLoss.toFixed(4),
    `${trainError.toFixed(2)} %`,
    optional(testLoss, 4),
    optional(testError, 2, ' %'),
    learningRate.toPrecision(3),
    seconds.toFixed(0),
  ];
}

function settingsRows(settings: RunSettings): string[][] {
  const { recipe, versions, command, leftOut: _, ...others } = settings;
  const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return [
    ['setting', 'value'],
    ['command', `residual ${command.join(' ')}`],
    ...Object.entries(others).map(([name, value]) => [name, text(value)]),
    ...Object.entries(recipe).map(([name, value]) => [`recipe: ${name}`, text(value)]),
    ...Object.entries(versions).map(([name, value]) => [`version of ${name}`, value]),
  ];
}
