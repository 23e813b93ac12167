import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { DataTable } from '../data-table.tsx';
import type { Shortcut } from '../lab/protocol.ts';
import { useTexts } from '../language/language.ts';
import type { TriedCosts, TriedNet } from './try-protocol.ts';

const depths = [8, 14, 20, 32, 44, 56];
const shortcuts: readonly Shortcut[] = ['none', 'A', 'B'];

/** A CIFAR net of the reader's choice, with the code that makes it, and what it is made of. */
export function TryNetwork(): VNode {
  const { learn: texts, lab } = useTexts();
  const [depth, setDepth] = useState(20);
  const [shortcut, setShortcut] = useState<Shortcut>('A');
  const { costs, problem } = useCosts(depth, shortcut);
  return (
    <>
      <div class="controls">
        <span class="field">
          <label for="try-depth">{lab.depth}</label>
          <select
            id="try-depth"
            value={String(depth)}
            onChange={({ currentTarget }) => setDepth(Number(currentTarget.value))}
          >
            {depths.map((layers) => (
              <option key={layers} value={String(layers)}>
                {lab.layers(layers)}
              </option>
            ))}
          </select>
        </span>
        <span class="field">
          <label for="try-shortcut">{lab.shortcut}</label>
          <select
            id="try-shortcut"
            value={shortcut}
            onChange={({ currentTarget }) => setShortcut(currentTarget.value as Shortcut)}
          >
            {shortcuts.map((name) => (
              <option key={name} value={name}>
                {lab.shortcuts[name]}
              </option>
            ))}
          </select>
        </span>
      </div>
      <pre>
        <code>{codeOf({ depth, shortcut })}</code>
      </pre>
      {problem !== undefined && (
        <p class="warning" role="alert" lang="en">
          {problem}
        </p>
      )}
      {costs ? (
        <>
          <p id="try-output" role="status">
            {texts.tried(costs.parameters.toLocaleString('en'), (costs.multiplyAdds / 1e6).toFixed(1))}
          </p>
          <Parts costs={costs} />
        </>
      ) : (
        problem === undefined && <progress aria-label={texts.tryHeading} />
      )}
      <p class="minor">{texts.triedNote}</p>
    </>
  );
}

/** Gradients as bars, each by the largest of the net. */
function Parts({ costs }: { costs: TriedCosts }): VNode {
  const texts = useTexts().learn;
  const largest = Math.max(...costs.parts.map(({ gradient }) => gradient ?? 0));
  return (
    <DataTable
      id="try-parts"
      label={texts.tryHeading}
      columns={[texts.part, texts.outputShape, texts.parameters, texts.gradient]}
    >
      {costs.parts.map(({ name, outputShape, parameters, gradient }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>{outputShape.slice(1).join(' × ')}</td>
          <td>{parameters.toLocaleString('en')}</td>
          <td>
            {gradient?.toExponential(1) ?? '…'}
            <span class="strip" style={{ '--score': String((gradient ?? 0) / (largest || 1)) }} aria-hidden="true" />
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

interface Counted {
  readonly costs?: TriedCosts;
  readonly problem?: string;
}

/** Counted by a worker of its own; nothing until it has. */
function useCosts(depth: number, shortcut: Shortcut): Counted {
  const [counted, setCounted] = useState<Counted>({});
  useEffect(() => {
    setCounted({});
    const worker = new Worker(new URL('./try-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Counted>) =>
      setCounted((before) => ({ ...before, ...data })),
    );
    worker.addEventListener('error', ({ message }) =>
      setCounted({ problem: message || 'the code of the network could not be loaded' }),
    );
    worker.postMessage({ depth, shortcut } satisfies TriedNet);
    return () => worker.terminate();
  }, [depth, shortcut]);
  return counted;
}

function codeOf({ depth, shortcut }: TriedNet): string {
  const made = shortcut === 'none' ? `cifarPlain(${depth})` : `cifarResNet(${depth}, { shortcut: '${shortcut}' })`;
  return `import { ${made.split('(')[0]} } from '@residual/resnet';\n\nconst model = ${made};`;
}
