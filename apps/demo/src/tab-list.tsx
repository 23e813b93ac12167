import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { useTexts } from './language/language.ts';

export const tabs = ['classify', 'explain', 'compare', 'lab', 'learn'] as const;
export type Tab = (typeof tabs)[number];

const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

/** One tab is in the order of the Tab key; the arrows move among them. @see https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ */
export function TabList({ chosen, choose }: { chosen: Tab; choose: (tab: Tab) => void }): VNode {
  const texts = useTexts();
  const list = useRef<HTMLDivElement>(null);
  const move = (step: number): void => {
    const next = tabs[(tabs.indexOf(chosen) + step + tabs.length) % tabs.length]!;
    choose(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label="Residual">
      {tabs.map((name) => (
        <button
          key={name}
          type="button"
          id={`tab-${name}`}
          role="tab"
          aria-selected={name === chosen}
          aria-controls={`panel-${name}`}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => choose(name)}
          onKeyDown={({ key }) => steps[key] !== undefined && move(steps[key])}
        >
          {texts.tabs[name]}
        </button>
      ))}
    </div>
  );
}
