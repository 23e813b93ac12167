import type { FunctionComponent, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ClassifyTab } from './classify/classify-tab.tsx';
import { type Language, LanguageContext, languages, preferredLanguage, useTexts } from './language/language.ts';
import { type Tab, TabList, tabs } from './tab-list.tsx';

/** Tabs whose code comes when they are first opened. */
const laterTabs: Readonly<Record<Exclude<Tab, 'classify'>, () => Promise<FunctionComponent>>> = {
  lab: async () => (await import('./lab/lab-tab.tsx')).LabTab,
  learn: async () => (await import('./learn/learn-tab.tsx')).LearnTab,
};

/** The page. A tab that was opened stays as it was while another is shown. */
export function App(): VNode {
  const [language, setLanguage] = useState(preferredLanguage);
  const [tab, setTab] = useState(tabOfAddress);
  const [opened, setOpened] = useState<ReadonlySet<Tab>>(new Set([tab]));
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
        {tabs.map((name) => (
          <div key={name} id={`panel-${name}`} role="tabpanel" aria-labelledby={`tab-${name}`} hidden={name !== tab}>
            {opened.has(name) && (name === 'classify' ? <ClassifyTab /> : <LaterTab name={name} />)}
          </div>
        ))}
      </main>
      <Footer />
    </LanguageContext.Provider>
  );
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

function LaterTab({ name }: { name: keyof typeof laterTabs }): VNode {
  const texts = useTexts();
  const [found, setFound] = useState<{ Content?: FunctionComponent; problem?: string }>({});
  useEffect(() => {
    laterTabs[name]().then(
      (Content) => setFound({ Content }),
      (error: unknown) => setFound({ problem: String(error) }),
    );
  }, [name]);
  const { Content, problem } = found;
  if (problem !== undefined)
    return (
      <p class="problem" role="alert" lang="en">
        {problem}
      </p>
    );
  return Content ? <Content /> : <progress aria-label={texts.tabs[name]} />;
}

function tabOfAddress(): Tab {
  return tabs.find((name) => location.hash === `#${name}`) ?? 'classify';
}
