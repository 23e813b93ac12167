import type { PickleCursor } from './pickle-cursor.ts';
import type { PickleValue } from './pickle-values.ts';
import { unescapeUnicode, unquote } from './protocol0-texts.ts';

/**
 * The value that an opcode spells out; `undefined` for an opcode that does something else.
 *
 * @throws PickleError for a value that is none; WindowEnd where the cursor's window ends before it.
 */
export function readLiteral(opcode: number, cursor: PickleCursor): PickleValue | undefined {
  switch (opcode) {
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x4a: // BININT
      return cursor.int32();
    case 0x4b: // BININT1
      return cursor.uint8();
    case 0x4d: // BININT2
      return cursor.uint16();
    case 0x8a: // LONG1
      return cursor.integer(cursor.uint8());
    case 0x8b: // LONG4
      return cursor.integer(cursor.uint32());
    case 0x47: // BINFLOAT
      return cursor.float64();
    case 0x58: // BINUNICODE
      return cursor.text(cursor.uint32());
    case 0x8c: // SHORT_BINUNICODE
      return cursor.text(cursor.uint8());
    case 0x8d: // BINUNICODE8
      return cursor.text(cursor.uint64());
    case 0x54: // BINSTRING, Python 2's str
      return cursor.oldString(cursor.uint32());
    case 0x55: // SHORT_BINSTRING
      return cursor.oldString(cursor.uint8());
    case 0x42: // BINBYTES
      return cursor.bytes(cursor.uint32());
    case 0x43: // SHORT_BINBYTES
      return cursor.bytes(cursor.uint8());
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return cursor.bytes(cursor.uint64());
    default:
      return readLine(opcode, cursor);
  }
}

/** The value that an opcode of protocol 0 spells out on a line. */
function readLine(opcode: number, cursor: PickleCursor): PickleValue | undefined {
  switch (opcode) {
    case 0x49: {
      // INT, which also spells booleans
      const start = cursor.at;
      const line = cursor.line();
      if (line === '00' || line === '01') return line === '01';
      cursor.at = start;
      return cursor.integerLine();
    }
    case 0x4c: // LONG
      return cursor.integerLine();
    case 0x46: // FLOAT
      return Number(cursor.line());
    case 0x53: // STRING
      return unquote(cursor.latin1Line());
    case 0x56: // UNICODE
      return unescapeUnicode(cursor.latin1Line());
    default:
      return undefined;
  }
}
