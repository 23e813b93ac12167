import type { VNode } from 'preact';
import { useTexts } from '../language/language.ts';
import { SlotOutput } from '../status.tsx';
import type { Actions } from './actions.ts';
import { FileInput } from './file-input.tsx';
import type { PageState } from './state.ts';
import type { DeviceName, LoadedModel, Started } from './worker/protocol.ts';

const WEIGHTS = '.pth,.pt,.th,.bin,.ckpt,.tar,.safetensors';
const FROM_PYTORCH = "torch.save(torchvision.models.resnet18(weights='DEFAULT').state_dict(), 'resnet18.pth')";

/** The weights, the model that serves and how they fitted, and what computes it. */
export function NetworkCard({ state, actions }: { state: PageState; actions: Actions }): VNode {
  const texts = useTexts().network;
  const { device, model } = state;
  return (
    <section class="card model" aria-labelledby="model-heading">
      <h2 id="model-heading">{texts.heading}</h2>
      <div class="controls">
        <label for="weights-file" class="button">
          <FileInput id="weights-file" accept={WEIGHTS} open={(file) => void actions.openWeights(file)} />
          <span>{texts.chooseWeights}</span>
        </label>
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
            value={state.chosenDevice ?? ''}
            onChange={({ currentTarget }) =>
              void actions.start((currentTarget.value || undefined) as DeviceName | undefined)
            }
          >
            <option value="">{texts.best}</option>
            <option value="tfjs-webgpu">WebGPU</option>
            <option value="tfjs-wasm">WASM</option>
          </select>
        </span>
      </div>
      <SlotOutput id="model-output" slot={model} actions={actions}>
        {model.value ? <Model model={model.value} /> : <HowTo />}
      </SlotOutput>
      <SlotOutput id="device-output" class="device" slot={device} actions={actions}>
        {device.value && <Device started={device.value} />}
      </SlotOutput>
    </section>
  );
}

function Model({ model }: { model: LoadedModel }): VNode {
  const texts = useTexts().network;
  const { parameterCount, classCount, cropPx, missing, unexpected } = model;
  const millions = (parameterCount / 1e6).toFixed(parameterCount < 1e7 ? 2 : 1);
  const fit = missing.length + unexpected.length === 0 ? texts.allFit : texts.fit(missing.length, unexpected.length);
  return (
    <>
      <p>
        <b>{model.model}</b>
        {model.recognised && texts.told}
        {texts.size(millions, classCount, cropPx)}
      </p>
      <p class="minor">{`${model.file} (${model.format}): ${texts.tensors(model.tensorCount)}, ${fit}.`}</p>
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
  return (
    <div class="how-to">
      <p>{useTexts().network.howTo}</p>
      <pre>
        <code>{FROM_PYTORCH}</code>
      </pre>
    </div>
  );
}

/** Which backend serves, and why those before it don't. */
function Device({ started }: { started: Started }): VNode {
  const texts = useTexts().network;
  const { info, passedOver } = started.device;
  return (
    <>
      <p>
        {texts.computesWith}
        <b>{`${info.name} ${info.version}`}</b>
        {texts.runsOn(info.runsOn)}
      </p>
      {passedOver.map(({ name, reason }) => (
        <p key={name} class="minor" lang="en">
          {`${texts.passedOver(name)}${reason}.`}
        </p>
      ))}
    </>
  );
}
