import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { DataTable } from '../data-table.tsx';
import { useTexts } from '../language/language.ts';
import { type Curve, Curves } from './curves.tsx';
import { CommittedExperiment } from './experiment.tsx';
import type { LabSettings, Shortcut } from './protocol.ts';
import { advanced, type LabRun, startTraining } from './training.ts';

const depths = [8, 14, 20, 32, 44, 56];
const shortcuts: readonly Shortcut[] = ['none', 'A', 'B'];
/** Okabe and Ito's, told apart by the colour-blind too. */
const colors = ['#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
const EPOCHS = 8;

/** Trains plain and residual nets in the page, one alone or the two of a depth side by side, with curves that grow as they go. */
export function LabTab(): VNode {
  const texts = useTexts().lab;
  const [depth, setDepth] = useState(20);
  const [shortcut, setShortcut] = useState<Shortcut>('none');
  const [runs, setRuns] = useState<readonly LabRun[]>([]);
  const stops = useRef<readonly (() => void)[]>([]);
  const stopAll = (): void => {
    for (const stop of stops.current) stop();
  };
  useEffect(() => stopAll, []);
  const isRunning = runs.some(({ state }) => state === 'running');

  const change = (id: number, next: (run: LabRun) => LabRun): void =>
    setRuns((before) => before.map((run) => (run.id === id ? next(run) : run)));
  const begin = (kinds: readonly Shortcut[]): void => {
    const firstId = (runs.at(-1)?.id ?? 0) + 1;
    const begun = kinds.map((kind, index): LabRun => {
      const settings: LabSettings = { depth, shortcut: kind, epochs: EPOCHS, seed: 1 };
      return { id: firstId + index, settings, done: 0, losses: [], trainError: [], testError: [], state: 'running' };
    });
    setRuns([...runs, ...begun]);
    stops.current = begun.map(({ id, settings }) => {
      const end = startTraining(settings, (message) => change(id, (run) => advanced(run, message)));
      return () => {
        end();
        change(id, (run) => (run.state === 'running' ? { ...run, state: 'stopped' } : run));
      };
    });
  };

  return (
    <div class="lab">
      <section class="card" aria-labelledby="lab-heading">
        <h2 id="lab-heading">{texts.heading}</h2>
        <p>{texts.intro}</p>
        <div class="controls">
          <span class="field">
            <label for="lab-depth">{texts.depth}</label>
            <select
              id="lab-depth"
              value={String(depth)}
              onChange={({ currentTarget }) => setDepth(Number(currentTarget.value))}
            >
              {depths.map((layers) => (
                <option key={layers} value={String(layers)}>
                  {texts.layers(layers)}
                </option>
              ))}
            </select>
          </span>
          <span class="field">
            <label for="lab-shortcut">{texts.shortcut}</label>
            <select
              id="lab-shortcut"
              value={shortcut}
              onChange={({ currentTarget }) => setShortcut(currentTarget.value as Shortcut)}
            >
              {shortcuts.map((kind) => (
                <option key={kind} value={kind}>
                  {texts.shortcuts[kind]}
                </option>
              ))}
            </select>
          </span>
          <button
            type="button"
            id="lab-compare"
            class="button"
            disabled={isRunning}
            onClick={() => begin(['none', shortcut === 'none' ? 'A' : shortcut])}
          >
            {texts.compare}
          </button>
          <button type="button" id="lab-train" disabled={isRunning} onClick={() => begin([shortcut])}>
            {texts.train}
          </button>
          <button type="button" id="lab-stop" disabled={!isRunning} onClick={stopAll}>
            {texts.stop}
          </button>
          <button type="button" id="lab-clear" disabled={isRunning || runs.length === 0} onClick={() => setRuns([])}>
            {texts.clear}
          </button>
        </div>
        {runs.length > 0 && <Runs runs={runs} />}
      </section>
      {runs.length > 0 && (
        <>
          {runs.some(({ testError }) => testError.length > 0) && (
            <Chart
              heading={texts.errors}
              xLabel={texts.epoch}
              yLabel={texts.errorAxis}
              curves={errorCurves(runs, texts)}
            />
          )}
          <Chart heading={texts.losses} xLabel={texts.step} yLabel={texts.lossAxis} curves={lossCurves(runs, texts)} />
        </>
      )}
      <CommittedExperiment colors={colors} />
    </div>
  );
}

type LabTexts = ReturnType<typeof useTexts>['lab'];

function Chart({
  heading,
  ...props
}: {
  heading: string;
  xLabel: string;
  yLabel: string;
  curves: readonly Curve[];
}): VNode {
  return (
    <section class="card" aria-label={heading}>
      <h2>{heading}</h2>
      <Curves label={heading} {...props} />
    </section>
  );
}

/** The numbers of the curves, for every reader. */
function Runs({ runs }: { runs: readonly LabRun[] }): VNode {
  const texts = useTexts().lab;
  return (
    <DataTable
      id="lab-runs"
      label={texts.heading}
      columns={[texts.net, texts.progress, texts.lossAxis, texts.trainError, texts.testError]}
    >
      {runs.map((run) => (
        <tr key={run.id}>
          <th scope="row">{nameOf(run, texts)}</th>
          <td>{run.problem ?? texts.states[run.state](Math.floor(100 * run.done), run.runsOn ?? '')}</td>
          <td>{run.losses.at(-1)?.toFixed(2) ?? '–'}</td>
          <td>{percent(run.trainError.at(-1))}</td>
          <td>{percent(run.testError.at(-1))}</td>
        </tr>
      ))}
    </DataTable>
  );
}

function nameOf({ settings: { depth, shortcut } }: LabRun, texts: LabTexts): string {
  return texts.name(depth, shortcut);
}

function errorCurves(runs: readonly LabRun[], texts: LabTexts): readonly Curve[] {
  return runs.flatMap((run, index) => {
    const [name, color] = [nameOf(run, texts), colors[index % colors.length]!];
    return [
      { label: `${name}, ${texts.trainError}`, color, dashed: true, values: run.trainError },
      { label: `${name}, ${texts.testError}`, color, values: run.testError },
    ];
  });
}

function lossCurves(runs: readonly LabRun[], texts: LabTexts): readonly Curve[] {
  return runs.map((run, index) => ({
    label: nameOf(run, texts),
    color: colors[index % colors.length]!,
    values: run.losses,
  }));
}

function percent(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(1)} %`;
}
