import { type SamplePicture, samplePictures } from '@residual/weights-cifar10';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { useTexts } from '../language/language.ts';
import type { Actions } from '../session/actions.ts';
import type { PageState } from '../session/state.ts';
import { ProblemNote, SlotOutput } from '../status.tsx';
import { FileInput } from './file-input.tsx';
import type { Camera } from './use-camera.ts';

/** The picture in its drop area, samples, and the camera. */
export function PictureCard(props: { state: PageState; actions: Actions; camera: Camera }): VNode {
  const { state, actions, camera } = props;
  const texts = useTexts().picture;
  const { value } = state.picture;
  return (
    <section class="card picture" aria-labelledby="picture-heading">
      <h2 id="picture-heading">{texts.heading}</h2>
      <label for="picture-file" class={`drop${value ? ' filled' : ''}`} hidden={camera.isOn}>
        <FileInput id="picture-file" accept="image/*" multiple open={(files) => void actions.openPictures(files)} />
        {value && <img src={value.url} alt={texts.yours(value.name)} />}
        <span class="hint">
          <b>{value ? texts.another : texts.choose}</b>
          {value ? texts.orDrop : texts.anywhere}
        </span>
      </label>
      <video ref={camera.video} class="camera" hidden={!camera.isOn} aria-label={texts.camera} muted playsInline />
      <SlotOutput id="picture-output" slot={state.picture} actions={actions}>
        {value && !camera.isOn && (
          <>
            <p class="minor">{texts.size(value.name, value.width, value.height)}</p>
            {value.orientation !== 1 && <p class="minor">{texts.turned(value.orientation)}</p>}
          </>
        )}
      </SlotOutput>
      <Samples actions={actions} camera={camera} />
      <div id="camera-output">{camera.problem && <ProblemNote problem={camera.problem} actions={actions} />}</div>
    </section>
  );
}

function Samples({ actions, camera }: { actions: Actions; camera: Camera }): VNode {
  const texts = useTexts().picture;
  const [problem, setProblem] = useState<string>();
  const open = async (sample: SamplePicture): Promise<void> => {
    camera.turn(false);
    setProblem(undefined);
    try {
      await actions.openSample(sample);
    } catch (error) {
      setProblem(String(error));
    }
  };
  return (
    <>
      <div class="samples">
        <span class="minor">{texts.samples}</span>
        {samplePictures().map((sample) => (
          <button
            key={sample.file}
            type="button"
            class="sample"
            title={sample.credit}
            onClick={() => void open(sample)}
          >
            <img src={sample.url.href} alt={texts.sample(sample.label)} />
          </button>
        ))}
        <button type="button" id="camera" aria-pressed={camera.isOn} onClick={() => camera.turn(!camera.isOn)}>
          {camera.isOn ? texts.cameraOff : texts.camera}
        </button>
      </div>
      {problem !== undefined && <ProblemNote problem={{ message: problem }} actions={actions} />}
    </>
  );
}
