import type { GpuReport } from '@residual/backend-webgpu/report';
import { samplePictures } from '@residual/weights-cifar10';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { duration } from '../duration.ts';
import { useTexts } from '../language/language.ts';
import { problemOf } from '../session/actions.ts';
import { startSession } from '../session/session.ts';
import type { PageState } from '../session/state.ts';
import type { Problem, Progress } from '../session/worker/protocol.ts';
import { ProgressBar } from '../status.tsx';

/** What WebGPU does on this machine, as a file for others: both precisions layer by layer, and the engines compared. */
export function ReportCard({ state, engines }: { state: PageState; engines: GpuReport['engines'] }): VNode {
  const texts = useTexts().report;
  const [busy, setBusy] = useState<Progress>();
  const [problem, setProblem] = useState<Problem>();
  const [report, setReport] = useState<GpuReport>();
  const [isCopied, setCopied] = useState(false);
  const picture = state.picture.value;
  // A net without classes has no answers to compare.
  const hasClasses = (state.model.value?.labels.length ?? 0) > 0;
  const canRun = picture !== undefined && hasClasses && busy === undefined;

  const write = async (): Promise<void> => {
    setProblem(undefined);
    setReport(undefined);
    setCopied(false);
    setBusy({ step: 'start' });
    const session = startSession();
    try {
      const addresses = [picture!.url, ...samplePictures().map(({ url }) => url.href)];
      const pictures = await Promise.all(addresses.map(async (url) => (await fetch(url)).blob()));
      await session.ask('start', ['webgpu'], { report: setBusy });
      await session.ask('load', { weights: state.weights, model: state.chosenModel }, { report: setBusy });
      setReport(await session.ask('gpuReport', { pictures, engines }, { report: setBusy }));
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      session.end();
      setBusy(undefined);
    }
  };
  const json = report && `${JSON.stringify(report, undefined, 2)}\n`;
  const copy = (text: string): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      (error: unknown) => setProblem(problemOf(error)),
    );
  };

  return (
    <section class="card" aria-labelledby="report-heading">
      <h2 id="report-heading">{texts.heading}</h2>
      <p>{texts.intro}</p>
      <div class="controls">
        <button type="button" id="report-write" class="button" disabled={!canRun} onClick={() => void write()}>
          {texts.write}
        </button>
        {json !== undefined && (
          <>
            <button type="button" id="report-copy" onClick={() => copy(json)}>
              {isCopied ? texts.copied : texts.copy}
            </button>
            <a
              id="report-save"
              class="button"
              download="gpu-report.json"
              href={`data:application/json;charset=utf-8,${encodeURIComponent(json)}`}
            >
              {texts.save}
            </a>
          </>
        )}
      </div>
      <div id="report-output" aria-live="polite">
        {busy && <ProgressBar progress={busy} />}
        {problem && (
          <p class="warning" role="alert" lang="en">
            {problem.message}
          </p>
        )}
        {report && <Summary report={report} />}
        {json !== undefined && (
          <details>
            <summary>{texts.contents}</summary>
            <textarea id="report-json" aria-label={texts.contents} readOnly rows={16} spellcheck={false} value={json} />
          </details>
        )}
      </div>
    </section>
  );
}

function Summary({ report }: { report: GpuReport }): VNode {
  const texts = useTexts().report;
  const { sameTop1, pictures, largestDifference, largestLogit, times } = report;
  const share = (largestDifference / largestLogit).toExponential(1);
  return (
    <p>
      {texts.parity(sameTop1, pictures, share)}
      {texts.times(duration(times.fp32.warmMs), duration(times.fp16.warmMs))}
    </p>
  );
}
