import { escapeHtml, htmlFigure, htmlPage, htmlTable } from '../report/html-page.ts';
import type { DegradationMetrics } from './degradation-metrics.ts';

/** The figure with its numbers, a page in itself. */
export function degradationPage(metrics: DegradationMetrics, svg: string, command: string): string {
  return htmlPage('Degradation: plain and residual nets on CIFAR-10', [
    htmlFigure(
      svg,
      'Training error dashed, test error solid. Training error is the mean over an epoch, of augmented pictures and while the weights move; test error is of its end.',
    ),
    htmlTable(finalErrors(metrics)),
    `<p>Made by <code>${escapeHtml(command)}</code>.</p>`,
  ]);
}

/** The errors of the last epoch, with a head. */
export function finalErrors({ runs }: DegradationMetrics): string[][] {
  return [
    ['model', 'seed', 'epochs', 'training error', 'test error'],
    ...runs.map(({ model, seed, epochs, trainError, testError }) => [
      model,
      `${seed}`,
      `${epochs}`,
      `${trainError.at(-1)!.toFixed(2)} %`,
      `${testError.at(-1)!.toFixed(2)} %`,
    ]),
  ];
}
