import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { useTexts } from '../language/language.ts';
import type { Actions } from '../session/actions.ts';
import type { PageState } from '../session/state.ts';
import type { EngineName, LoadedModel } from '../session/worker/protocol.ts';
import { SlotOutput } from '../status.tsx';
import { FileInput } from './file-input.tsx';
import { WEIGHTS_ENDINGS } from './sort-files.ts';

const EMBEDDED = 'embedded';
/** The small net of a thousand classes that a first visit is offered: torchvision's weights, as timm has published them. */
const OFFERED = 'resnet18/tv_in1k';
const engineNames: Readonly<Record<EngineName, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WASM',
  'tfjs-webgpu': 'TensorFlow.js, WebGPU',
  'tfjs-wasm': 'TensorFlow.js, WASM',
};

/** The weights, the model that serves and how they fitted, and what computes it. */
export function NetworkCard({ state, actions }: { state: PageState; actions: Actions }): VNode {
  const texts = useTexts().network;
  const { device, model, weights } = state;
  return (
    <section class="card model" aria-labelledby="model-heading">
      <h2 id="model-heading">{texts.heading}</h2>
      <div class="controls">
        <span class="field">
          <label for="weights-choice">{texts.weights}</label>
          <select
            id="weights-choice"
            value={weights.kind === 'published' ? weights.id : weights.kind === 'embedded' ? EMBEDDED : ''}
            onChange={({ currentTarget: { value } }) => {
              if (value === EMBEDDED) void actions.openWeights({ kind: 'embedded' });
              else if (value !== '') void actions.openWeights({ kind: 'published', id: value });
            }}
          >
            <option value={EMBEDDED}>{texts.embedded}</option>
            <option value="" disabled>
              {texts.yours}
            </option>
            <optgroup label={texts.catalogue}>
              {device.value?.published.map(({ id }) => (
                <option key={id}>{id}</option>
              ))}
            </optgroup>
          </select>
        </span>
        <label for="weights-file" class="button">
          <FileInput
            id="weights-file"
            accept={WEIGHTS_ENDINGS.join()}
            open={([file]) => void actions.openWeights({ kind: 'file', file })}
          />
          <span>{texts.chooseWeights}</span>
        </label>
      </div>
      <Offer state={state} actions={actions} />
      <Address actions={actions} />
      <div class="controls">
        <span class="field">
          <label for="model-name">{texts.model}</label>
          <select
            id="model-name"
            value={state.chosenModel ?? ''}
            onChange={({ currentTarget }) => void actions.chooseModel(currentTarget.value || undefined)}
          >
            <option value="">{texts.asTold}</option>
            {device.value?.families.map(({ title, names }) => (
              <optgroup key={title} label={title}>
                {names.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </optgroup>
            ))}
          </select>
        </span>
        <span class="field">
          <label for="device-name">{texts.computeOn}</label>
          <select
            id="device-name"
            value={state.chosenEngine ?? ''}
            onChange={({ currentTarget }) =>
              void actions.start((currentTarget.value || undefined) as EngineName | undefined)
            }
          >
            <option value="">{texts.best}</option>
            {Object.entries(engineNames).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </span>
      </div>
      <SlotOutput id="model-output" slot={model} actions={actions} cancel={actions.cancelLoading}>
        {model.value && <Model model={model.value} />}
      </SlotOutput>
      <SlotOutput id="device-output" class="device" slot={device} actions={actions}>
        {model.value && <Device engine={model.value.engine} />}
      </SlotOutput>
      <HowTo />
    </section>
  );
}

/** The thousand classes of ImageNet, one press away. */
function Offer({ state, actions }: { state: PageState; actions: Actions }): VNode | null {
  const texts = useTexts().network;
  const { weights, device } = state;
  const offered = device.value?.published.find(({ id }) => id === OFFERED);
  if (!offered || weights.kind !== 'embedded') return null;
  return (
    <button
      type="button"
      id="offer"
      class="offer"
      onClick={() => void actions.openWeights({ kind: 'published', id: offered.id })}
    >
      {texts.offer(Math.round(offered.sizeMiB))}
    </button>
  );
}

/** Weights at an address of one's own. */
function Address({ actions }: { actions: Actions }): VNode {
  const texts = useTexts().network;
  const [address, setAddress] = useState('');
  return (
    <form
      class="controls"
      onSubmit={(event) => {
        event.preventDefault();
        if (address.trim() !== '') void actions.openWeights({ kind: 'address', address: address.trim() });
      }}
    >
      <span class="field">
        <label for="weights-address">{texts.address}</label>
        <input
          id="weights-address"
          type="text"
          inputMode="url"
          spellcheck={false}
          placeholder="https://…/resnet18.safetensors, hf:timm/resnet50.a1_in1k"
          value={address}
          onInput={({ currentTarget }) => setAddress(currentTarget.value)}
        />
      </span>
      <button type="submit" id="weights-load" disabled={address.trim() === ''}>
        {texts.load}
      </button>
    </form>
  );
}

function Model({ model }: { model: LoadedModel }): VNode {
  const texts = useTexts().network;
  const { parameterCount, labels, cropPx, missing, unexpected, source, format } = model;
  const millions = (parameterCount / 1e6).toFixed(parameterCount < 1e7 ? 2 : 1);
  const fit = missing.length + unexpected.length === 0 ? texts.allFit : texts.fit(missing.length, unexpected.length);
  return (
    <>
      <p>
        <b>{model.model}</b>
        {model.recognised && texts.told}
        {texts.size(millions, labels.length, cropPx)}
      </p>
      <p class="minor">{`${source}${format === undefined ? '' : ` (${format})`}: ${fit}.`}</p>
      {model.notes.length > 0 && (
        <p class="minor" lang="en">
          {texts.takenCareOf}
          {model.notes.join('; ')}.
        </p>
      )}
      {model.warnings.map((warning) => (
        <p key={warning} class="warning" role="alert" lang="en">
          {warning}
        </p>
      ))}
    </>
  );
}

function HowTo(): VNode {
  const texts = useTexts().network;
  return (
    <details class="how-to">
      <summary>{texts.howToHeading}</summary>
      <p>{texts.howTo}</p>
      <pre>
        <code>{"torch.save(torchvision.models.resnet18(weights='DEFAULT').state_dict(), 'resnet18.pth')"}</code>
      </pre>
    </details>
  );
}

/** Which engine serves, and why those before it don't. */
function Device({ engine }: { engine: LoadedModel['engine'] }): VNode {
  const texts = useTexts().network;
  return (
    <>
      <p>
        {texts.computesWith}
        <b>{engine.name}</b>
        {texts.runsOn(engine.device)}
      </p>
      {engine.passedOver.map(({ name, reason }) => (
        <p key={name} class="minor" lang="en">
          {`${texts.passedOver(name)}${reason}.`}
        </p>
      ))}
    </>
  );
}
