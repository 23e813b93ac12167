import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { en, type Texts } from './en.ts';
import { zh } from './zh.ts';

export const languages = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof languages;

const texts: Readonly<Record<Language, Texts>> = { en, zh };

export const LanguageContext = createContext<Language>('en');

/** What the page says, in the language that was chosen. */
export function useTexts(): Texts {
  return texts[useContext(LanguageContext)];
}

/** The first of the visitor's languages that there is. */
export function preferredLanguage(): Language {
  const known = Object.keys(languages) as Language[];
  for (const tag of navigator.languages) {
    const found = known.find((language) => tag.toLowerCase().startsWith(language));
    if (found) return found;
  }
  return 'en';
}
