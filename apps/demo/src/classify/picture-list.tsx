import type { VNode } from 'preact';
import { duration } from '../duration.ts';
import { useTexts } from '../language/language.ts';
import type { Actions } from '../session/actions.ts';
import type { ListedPicture, PageState } from '../session/state.ts';
import { SlotOutput } from '../status.tsx';

/** Pictures that were opened together, each with what it is; one of them can be shown whole. */
export function PictureList({ state, actions }: { state: PageState; actions: Actions }): VNode | null {
  const texts = useTexts().list;
  const { value: pictures = [] } = state.list;
  if (pictures.length === 0) return null;
  const shown = state.picture.value?.file;
  return (
    <section class="card list" aria-labelledby="list-heading">
      <h2 id="list-heading">{texts.heading(pictures.length)}</h2>
      <SlotOutput id="list-output" slot={state.list} actions={actions} live>
        <ol class="listed">
          {pictures.map((picture) => (
            <li key={picture.url}>
              <button
                type="button"
                aria-pressed={picture.file === shown}
                onClick={() => void actions.showListed(picture.file)}
              >
                <Listed {...picture} />
              </button>
            </li>
          ))}
        </ol>
      </SlotOutput>
      <p class="minor">{texts.note}</p>
    </section>
  );
}

function Listed({ file, url, answer }: ListedPicture): VNode {
  const { class: classOf } = useTexts().answer;
  if (answer && 'problem' in answer)
    return (
      <>
        <span class="label">{file.name}</span>
        <span class="minor" lang="en">
          {answer.problem.message}
        </span>
      </>
    );
  const { prediction, ms } = answer ?? {};
  return (
    <>
      <img src={url} alt="" />
      <span class="label">{prediction ? (prediction.label ?? classOf(prediction.index)) : '…'}</span>
      <span class="score">{prediction && `${(100 * prediction.score).toFixed(1)} %`}</span>
      <span class="minor file">{file.name}</span>
      <span class="minor">{ms !== undefined && duration(ms)}</span>
    </>
  );
}
