/**
 * What a terminal acts on instead of showing it: C0 and C1 controls (escape sequences begin with them), the overrides of
 * writing direction, which let a name read as another, and the separators that some take for line breaks. With them the lone
 * surrogates that stand for bytes of names that are no UTF-8, which no terminal shows.
 */
const ACTED_ON = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\udc80-\udcff]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text of others (file names, labels, what a server says) in one line that a terminal only shows: controls are written as `\x1b`. */
export function printable(text: string): string {
  return text.replace(ACTED_ON, (control) => {
    const unit = control.charCodeAt(0);
    const code = unit >= 0xdc80 && unit <= 0xdcff ? unit - 0xdc00 : unit;
    return NAMED[control] ?? (code < 256 ? `\\x${hex(code, 2)}` : unicodeEscape(code));
  });
}

/** A value as one line of JSON that a terminal only shows: `JSON.stringify` leaves C1 controls and overrides as they are. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(ACTED_ON, (control) => unicodeEscape(control.charCodeAt(0)));
}

function unicodeEscape(code: number): string {
  return `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
