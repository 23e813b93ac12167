import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { DataTable } from '../data-table.tsx';
import { useTexts } from '../language/language.ts';
import { BlockFigure } from './block-figure.tsx';
import type { NetworkCost } from './protocol.ts';
import { TryNetwork } from './try-network.tsx';

const networks = ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152'];

/** Weights of convolutions given as [kernel, channels in, channels out]. */
const weightsOf = (convolutions: readonly (readonly [number, number, number])[]): string =>
  convolutions.reduce((sum, [kernel, from, to]) => sum + kernel ** 2 * from * to, 0).toLocaleString('en');

const basicBlock = [
  [3, 64, 64],
  [3, 64, 64],
] as const;
const bottleneck = [
  [1, 256, 64],
  [3, 64, 64],
  [1, 64, 256],
] as const;

/** The idea of residual learning. */
export function LearnTab(): VNode {
  const texts = useTexts().learn;
  return (
    <article class="card learn">
      <h2>{texts.heading}</h2>
      {texts.degradation.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <h3>{texts.blocksHeading}</h3>
      <div class="figures">
        <BlockFigure
          name="BasicBlock"
          channels={64}
          convolutions={basicBlock}
          caption={texts.basicBlock(weightsOf(basicBlock))}
        />
        <BlockFigure
          name="Bottleneck"
          channels={256}
          convolutions={bottleneck}
          caption={texts.bottleneck(weightsOf(bottleneck))}
        />
      </div>
      {texts.blocks.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <h3>{texts.layersHeading}</h3>
      <p>{texts.layers}</p>
      <Costs />
      <h3>{texts.tryHeading}</h3>
      <p>{texts.tryIntro}</p>
      <TryNetwork />
      <h3>{texts.startHeading}</h3>
      {texts.start.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <h3>{texts.sourcesHeading}</h3>
      <ul lang="en">
        <li>
          K. He, X. Zhang, S. Ren, J. Sun:{' '}
          <a href="https://arxiv.org/abs/1512.03385">Deep Residual Learning for Image Recognition</a>, 2015.
        </li>
        <li>
          K. He, X. Zhang, S. Ren, J. Sun: <a href="https://arxiv.org/abs/1502.01852">Delving Deep into Rectifiers</a>,
          2015.
        </li>
        <li>
          S. Ioffe, C. Szegedy: <a href="https://arxiv.org/abs/1502.03167">Batch Normalization</a>, 2015.
        </li>
      </ul>
    </article>
  );
}

/** Counted in the networks themselves, as the code that runs here builds them. */
function Costs(): VNode {
  const texts = useTexts().learn;
  const [costs, setCosts] = useState<readonly NetworkCost[]>([]);
  useEffect(() => {
    const worker = new Worker(new URL('./costs-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<readonly NetworkCost[]>) => setCosts(data));
    worker.postMessage(networks);
    return () => worker.terminate();
  }, []);
  return (
    <DataTable
      id="learn-costs"
      label={texts.layersHeading}
      columns={[texts.network, texts.block, texts.perStage, texts.parameters, texts.multiplyAdds]}
    >
      {costs.map(({ name, block, depths, parameters, multiplyAdds }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>{block}</td>
          <td>{depths.join(' + ')}</td>
          <td>{parameters.toLocaleString('en')}</td>
          <td>{(multiplyAdds / 1e9).toFixed(2)} G</td>
        </tr>
      ))}
    </DataTable>
  );
}
