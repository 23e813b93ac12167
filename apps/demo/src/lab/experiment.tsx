import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { DataTable } from '../data-table.tsx';
import { useTexts } from '../language/language.ts';
import { type Curve, Curves } from './curves.tsx';

/** The full-size experiment as docs/degradation keeps it; errors are percentages, one per epoch. */
export interface Experiment {
  readonly runs: readonly {
    readonly model: string;
    readonly seed: number;
    readonly epochs: number;
    readonly trainError: readonly number[];
    readonly testError: readonly number[];
  }[];
}

/** Empty where the file was not there when the page was built. */
const files = import.meta.glob<Experiment>('../../../../docs/degradation/metrics.json', { import: 'default' });

/** The committed experiment beside what trains in the page; nothing where there is none. */
export function CommittedExperiment({ colors }: { colors: readonly string[] }): VNode | null {
  const texts = useTexts().lab;
  const [experiment, setExperiment] = useState<Experiment>();
  useEffect(() => {
    // Without a network, and not kept yet, the panel is left out.
    void Promise.all(Object.values(files).map((load) => load())).then(
      ([found]) => setExperiment(found),
      () => undefined,
    );
  }, []);
  if (!experiment) return null;
  const models = [...new Set(experiment.runs.map(({ model }) => model))];
  const rows = models.map((model) => {
    const runs = experiment.runs.filter((run) => run.model === model);
    return {
      model,
      runs,
      trainError: mean(runs.map((run) => run.trainError.at(-1)!)),
      testError: mean(runs.map((run) => run.testError.at(-1)!)),
    };
  });
  const curves = rows.flatMap(({ model, runs: [first] }, index): Curve[] => {
    const color = colors[index % colors.length]!;
    return [
      { label: `${model}, ${texts.trainError}`, color, dashed: true, values: first!.trainError },
      { label: `${model}, ${texts.testError}`, color, values: first!.testError },
    ];
  });
  return (
    <section class="card" aria-labelledby="experiment-heading">
      <h2 id="experiment-heading">{texts.experiment}</h2>
      <p>{texts.experimentNote}</p>
      <DataTable
        id="experiment"
        label={texts.experiment}
        columns={[texts.net, texts.seeds, texts.epochs, texts.trainError, texts.testError]}
      >
        {rows.map(({ model, runs, trainError, testError }) => (
          <tr key={model}>
            <th scope="row">{model}</th>
            <td>{runs.length}</td>
            <td>{runs[0]!.epochs}</td>
            <td>{`${trainError.toFixed(2)} %`}</td>
            <td>{`${testError.toFixed(2)} %`}</td>
          </tr>
        ))}
      </DataTable>
      <Curves label={texts.experiment} xLabel={texts.epoch} yLabel={texts.errorAxis} curves={curves} />
    </section>
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
