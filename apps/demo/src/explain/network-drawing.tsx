import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { DataTable } from '../data-table.tsx';
import { duration } from '../duration.ts';
import { useTexts } from '../language/language.ts';
import { problemOf } from '../session/actions.ts';
import { emptySlot, type Slot } from '../session/state.ts';
import type { NetworkPart, PartTimes } from '../session/worker/protocol.ts';
import { SlotOutput } from '../status.tsx';
import type { Place } from './place.ts';
import { useAsked } from './use-asked.ts';

/** The network from the picture to the classes, with what each block costs. */
export function NetworkDrawing({ model, actions, cause }: Place): VNode {
  const texts = useTexts().explain;
  const parts = useAsked(actions, 'parts', undefined, [cause]);
  const [times, setTimes] = useState<Slot<PartTimes>>(emptySlot);
  useEffect(() => setTimes(emptySlot), [model]);
  const measure = async (): Promise<void> => {
    setTimes({ ...emptySlot, busy: { step: 'measure', subject: model.model } });
    try {
      const report = (busy: Slot<PartTimes>['busy']) => setTimes({ ...emptySlot, busy });
      setTimes({ ...emptySlot, value: await actions.ask('partTimes', undefined, { report }) });
    } catch (error) {
      setTimes({ ...emptySlot, problem: problemOf(error) });
    }
  };
  const total = Object.values(times.value?.times ?? {}).reduce((sum, ms) => sum + ms, 0);
  return (
    <section class="card network" aria-labelledby="network-heading">
      <h2 id="network-heading">{texts.network(model.model)}</h2>
      <p>{texts.networkNote}</p>
      <button type="button" id="measure-parts" disabled={times.busy !== undefined} onClick={() => void measure()}>
        {texts.measure}
      </button>
      <SlotOutput id="times-output" slot={times} actions={actions} live>
        {times.value && <p class="minor">{texts.measured(model.engine.name, duration(total))}</p>}
        {times.value?.note !== undefined && (
          <p class="minor" lang="en">
            {times.value.note}
          </p>
        )}
      </SlotOutput>
      <SlotOutput id="parts-output" slot={parts} actions={actions}>
        {parts.value && (
          <DataTable
            class="parts"
            label={texts.network(model.model)}
            columns={[texts.part, texts.shape, texts.parameters, texts.multiplyAdds, texts.time]}
          >
            {parts.value.map((part) => (
              <Part key={part.name} part={part} ms={times.value?.times[part.name]} total={total} />
            ))}
          </DataTable>
        )}
      </SlotOutput>
    </section>
  );
}

function Part({ part, ms, total }: { part: NetworkPart; ms: number | undefined; total: number }): VNode {
  const { name, layers, shape, parameters, multiplyAdds } = part;
  const isBlock = name.includes('.');
  const convolutions = layers.filter(({ op }) => op === 'Conv2D');
  const isProjected = layers.some((layer) => layer.name.includes('downsample') || layer.op === 'AvgPool');
  return (
    <tr>
      <th scope="row">
        <span class={isBlock ? 'block' : 'block plain'} aria-hidden="true">
          {convolutions
            .filter((layer) => !layer.name.includes('downsample'))
            .map((layer) => (
              <i key={layer.name} />
            ))}
          {isBlock && <em class={isProjected ? 'projected' : ''} />}
        </span>
        {name}
      </th>
      <td>{shape.join(' × ')}</td>
      <td>{parameters.toLocaleString('en')}</td>
      <td>{`${(multiplyAdds / 1e6).toFixed(multiplyAdds < 1e7 ? 2 : 0)} M`}</td>
      <td>
        {ms === undefined ? '–' : duration(ms)}
        {ms !== undefined && <span class="strip" style={{ '--score': String(ms / total) }} aria-hidden="true" />}
      </td>
    </tr>
  );
}
