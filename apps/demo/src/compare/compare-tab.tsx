import { type GpuReport, largestDifference } from '@residual/backend-webgpu/report';
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TabProps } from '../app.tsx';
import { DataTable } from '../data-table.tsx';
import { duration } from '../duration.ts';
import { useTexts } from '../language/language.ts';
import { ProgressBar } from '../status.tsx';
import { comparedEngines, type EngineResult, measureEngine } from './measure-engine.ts';
import { ReportCard } from './report-card.tsx';

/** The same picture on every engine that there is. */
export function CompareTab({ state }: TabProps): VNode {
  const texts = useTexts().compare;
  const [results, setResults] = useState<readonly EngineResult[]>([]);
  const [compared, setCompared] = useState<{ readonly model: unknown; readonly picture: unknown }>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const isRunning = results.some(({ busy }) => busy !== undefined);
  const picture = state.picture.value;
  const model = state.model.value;
  const canRun = picture !== undefined && model !== undefined;
  const isOfNow = compared?.model === model && compared?.picture === picture;

  const compare = async (): Promise<void> => {
    const ending = new AbortController();
    stop.current = ending;
    setCompared({ model, picture });
    const { weights, chosenModel } = state;
    const blob = await (await fetch(picture!.url)).blob();
    const file = new File([blob], picture!.name);
    setResults(comparedEngines.map((engine) => ({ engine, busy: { step: 'start' } })));
    for (const engine of comparedEngines) {
      if (ending.signal.aborted) break;
      const set = (result: Omit<EngineResult, 'engine'>): void =>
        setResults((before) => before.map((one) => (one.engine === engine ? { engine, ...result } : one)));
      await measureEngine(engine, { weights, model: chosenModel }, file, set, ending.signal);
    }
    setResults((before) => before.map((one) => (one.busy ? { engine: one.engine } : one)));
  };

  const reference = results.find(({ measured }) => measured)?.measured?.logits;
  return (
    <div class="compare">
      <section class="card" aria-labelledby="compare-heading">
        <h2 id="compare-heading">{texts.heading}</h2>
        <p>{texts.intro}</p>
        <div class="controls">
          <button
            type="button"
            id="compare-run"
            class="button"
            disabled={isRunning || !canRun}
            onClick={() => void compare()}
          >
            {texts.run}
          </button>
          <button type="button" id="compare-stop" disabled={!isRunning} onClick={() => stop.current?.abort()}>
            {texts.stop}
          </button>
        </div>
        {!canRun && <p class="minor">{texts.waits}</p>}
        {results.length > 0 && (
          <DataTable
            id="compare-results"
            label={texts.heading}
            columns={[
              ...[texts.engine, texts.compile, texts.first, texts.warm],
              ...[texts.memory, texts.dispatches, texts.difference],
            ]}
            isLive
          >
            {results.map((result) => (
              <Row key={result.engine} result={result} reference={reference} />
            ))}
          </DataTable>
        )}
        <p class="minor">{texts.note}</p>
      </section>
      <ReportCard state={state} engines={isOfNow ? results.flatMap((result) => reported(result, reference)) : []} />
    </div>
  );
}

/** As a report has an engine that was compared. */
function reported(
  { engine: name, device, buildMs, measured, problem }: EngineResult,
  reference: Float32Array | undefined,
): GpuReport['engines'] {
  if (problem !== undefined) return [{ name, problem }];
  if (measured === undefined || device === undefined || buildMs === undefined) return [];
  const { firstMs, warmMs, logits } = measured;
  return [{ name, device, buildMs, firstMs, warmMs, largestDifference: largestDifference(logits, reference!) }];
}

function Row({ result, reference }: { result: EngineResult; reference: Float32Array | undefined }): VNode {
  const { engine, device, busy, problem, buildMs, measured } = result;
  const texts = useTexts().compare;
  return (
    <tr>
      <th scope="row">
        {engine}
        {device !== undefined && <span class="minor">{` ${device}`}</span>}
      </th>
      {measured && buildMs !== undefined ? (
        <>
          <td>{duration(buildMs)}</td>
          <td>{duration(measured.firstMs)}</td>
          <td>{duration(measured.warmMs)}</td>
          <td>{`${(measured.memoryBytes / 1e6).toFixed(1)} MB`}</td>
          <td>{measured.dispatches ?? '–'}</td>
          <td>
            {reference === measured.logits ? '–' : largestDifference(measured.logits, reference!).toExponential(1)}
          </td>
        </>
      ) : (
        <td colSpan={6}>
          {busy ? <ProgressBar progress={busy} /> : <span lang={problem && 'en'}>{problem ?? texts.stopped}</span>}
        </td>
      )}
    </tr>
  );
}
