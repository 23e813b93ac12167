import { samplePictures } from '@residual/weights-cifar10';
import type { FunctionComponent, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ClassifyTab } from './classify/classify-tab.tsx';
import { openDroppedFiles } from './classify/dropped-files.ts';
import { type Language, LanguageContext, languages, preferredLanguage, useTexts } from './language/language.ts';
import { keepOffline } from './offline/keep-offline.ts';
import { type Actions, createActions } from './session/actions.ts';
import { startSession } from './session/session.ts';
import { initialState, type PageState } from './session/state.ts';
import { createStore } from './session/store.ts';
import { type Tab, TabList, tabs } from './tab-list.tsx';

/** What every tab is given. */
export interface TabProps {
  readonly state: PageState;
  readonly actions: Actions;
  readonly isShown: boolean;
}

type LaterTabName = Exclude<Tab, 'classify'>;

/** Tabs whose code comes when they are first opened. */
const laterTabs: Readonly<Record<LaterTabName, () => Promise<FunctionComponent<TabProps>>>> = {
  explain: async () => (await import('./explain/explain-tab.tsx')).ExplainTab,
  compare: async () => (await import('./compare/compare-tab.tsx')).CompareTab,
  lab: async () => (await import('./lab/lab-tab.tsx')).LabTab,
  learn: async () => (await import('./learn/learn-tab.tsx')).LearnTab,
};

/** The page. A tab that was opened stays as it was while another is shown. */
export function App(): VNode {
  const [{ store, actions }] = useState(() => {
    const created = createStore(initialState);
    return { store: created, actions: createActions(created, startSession) };
  });
  const [state, setState] = useState(store.state);
  const [language, setLanguage] = useState(preferredLanguage);
  const [tab, setTab] = useState(tabOfAddress);
  const [opened, setOpened] = useState<ReadonlySet<Tab>>(new Set([tab]));
  useEffect(() => store.subscribe(setState), [store]);
  useEffect(() => openDroppedFiles(actions), [actions]);
  useEffect(() => void begin(actions), [actions]);
  const isReady = state.model.value !== undefined;
  useEffect(() => {
    if (isReady) void keepOffline();
  }, [isReady]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => setOpened((before) => new Set([...before, tab])), [tab]);
  useEffect(() => {
    const follow = (): void => setTab(tabOfAddress());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return (
    <LanguageContext.Provider value={language}>
      <Header language={language} setLanguage={setLanguage} />
      <TabList
        chosen={tab}
        choose={(chosen) => {
          history.replaceState(null, '', `#${chosen}`);
          setTab(chosen);
        }}
      />
      <main>
        {tabs.map((name) => {
          const props: TabProps = { state, actions, isShown: name === tab };
          return (
            <div key={name} id={`panel-${name}`} role="tabpanel" aria-labelledby={`tab-${name}`} hidden={name !== tab}>
              {opened.has(name) &&
                (name === 'classify' ? <ClassifyTab {...props} /> : <LaterTab name={name} {...props} />)}
            </div>
          );
        })}
      </main>
      <Announcement state={state} />
      <Footer />
    </LanguageContext.Provider>
  );
}

/** At first sight there is an answer: to a picture of the page's own. */
async function begin(actions: Actions): Promise<void> {
  await actions.start();
  // The card says that it waits for a picture where this one cannot be had.
  await actions.openSample(samplePictures()[0]!, { asFirst: true }).catch(() => {});
}

function Header({ language, setLanguage }: { language: Language; setLanguage: (language: Language) => void }): VNode {
  const texts = useTexts();
  return (
    <header>
      <div>
        <h1>Residual</h1>
        <p>{texts.description}</p>
      </div>
      <span class="language">
        <label class="unseen" for="language">
          {texts.language}
        </label>
        <select
          id="language"
          value={language}
          onChange={({ currentTarget }) => setLanguage(currentTarget.value as Language)}
        >
          {Object.entries(languages).map(([code, name]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      </span>
    </header>
  );
}

/** Says to who does not see the page what is under way. */
function Announcement({ state }: { state: PageState }): VNode {
  const { steps } = useTexts();
  const { busy } = [state.answer, state.list, state.model, state.picture, state.device].find((slot) => slot.busy) ?? {};
  return (
    <p id="status" class="unseen" role="status">
      {busy && steps[busy.step](busy.subject ?? '')}
    </p>
  );
}

function Footer(): VNode {
  return (
    <footer>
      <p>
        {useTexts().paper}
        <a href="https://arxiv.org/abs/1512.03385">Deep Residual Learning for Image Recognition</a> (2015).
      </p>
    </footer>
  );
}

function LaterTab({ name, ...props }: TabProps & { name: LaterTabName }): VNode {
  const texts = useTexts();
  const [found, setFound] = useState<{ Content?: FunctionComponent<TabProps>; problem?: string }>({});
  const [attempt, setAttempt] = useState(1);
  useEffect(() => {
    laterTabs[name]().then(
      (Content) => setFound({ Content }),
      (error: unknown) => setFound({ problem: String(error) }),
    );
  }, [name, attempt]);
  const { Content, problem } = found;
  if (problem !== undefined)
    return (
      <div class="problem" role="alert">
        <p lang="en">{problem}</p>
        <button type="button" onClick={() => setAttempt(attempt + 1)}>
          {texts.startAgain}
        </button>
      </div>
    );
  return Content ? <Content {...props} /> : <progress aria-label={texts.tabs[name]} />;
}

function tabOfAddress(): Tab {
  return tabs.find((name) => location.hash === `#${name}`) ?? 'classify';
}
