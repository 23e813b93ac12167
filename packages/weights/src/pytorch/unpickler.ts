import { makeAllowedGlobals } from './allowed-globals.ts';
import { PickleCursor } from './pickle-cursor.ts';
import { PickleError } from './pickle-error.ts';
import { AllowedGlobal, Inert, type PickleValue } from './pickle-values.ts';

/** A state dict of ResNet-152 with its optimiser takes about 100,000. */
const maxSteps = 4_000_000;

/** What a pickle held, and where its bytes end. */
export interface Unpickled {
  readonly value: PickleValue;
  readonly end: number;
}

/**
 * Reads one pickle as `torch.save` writes it (protocols 2 to 5), building plain data only: nothing of the file's is
 * called, imported or run. Steps are iterative, and their number is bounded.
 *
 * @throws PickleError (`forbidden-global`) for a name that is not in the table, and others for what is no such pickle.
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  persistentLoad: (id: PickleValue) => PickleValue,
): Unpickled {
  const machine = new Unpickler(new PickleCursor(bytes, start), persistentLoad);
  const cursor = machine.cursor;
  let at = start;
  try {
    while (machine.isRunning) {
      at = cursor.at;
      machine.step();
    }
  } catch (error) {
    if (error instanceof PickleError) error.offset ??= at;
    throw error;
  }
  return { value: machine.pop(), end: cursor.at };
}

class Unpickler {
  readonly cursor: PickleCursor;
  isRunning = true;
  readonly #persistentLoad: (id: PickleValue) => PickleValue;
  readonly #globals = makeAllowedGlobals();
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #stepsLeft = maxSteps;

  constructor(cursor: PickleCursor, persistentLoad: (id: PickleValue) => PickleValue) {
    this.cursor = cursor;
    this.#persistentLoad = persistentLoad;
  }

  /** Carries out one opcode. */
  step(): void {
    this.#spend(1);
    const opcode = this.cursor.uint8();
    const value = this.#literal(opcode) ?? this.#build(opcode);
    if (value === undefined) this.#act(opcode);
    else this.#stack.push(value);
  }

  /** The value that an opcode spells out, if it is one that does. */
  #literal(opcode: number): PickleValue | undefined {
    const { cursor } = this;
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
      case 0x54: // BINSTRING, Python 2's str
        return cursor.text(cursor.uint32());
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        return cursor.text(cursor.uint8());
      case 0x8d: // BINUNICODE8
        return cursor.text(cursor.uint64());
      case 0x42: // BINBYTES
        return cursor.bytes(cursor.uint32());
      case 0x43: // SHORT_BINBYTES
        return cursor.bytes(cursor.uint8());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return cursor.bytes(cursor.uint64());
      default:
        return undefined;
    }
  }

  /** The value that an opcode makes of the stack, the memo or the table of names, if it is one that does. */
  #build(opcode: number): PickleValue | undefined {
    const { cursor } = this;
    switch (opcode) {
      case 0x4e: // NONE
        return null;
      case 0x32: // DUP
        return this.#top();
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return [];
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return this.#popToMark();
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#popMany(opcode - 0x84);
      case 0x7d: // EMPTY_DICT
        return new Map();
      case 0x8f: // EMPTY_SET
        return new Inert('set');
      case 0x68: // BINGET
        return this.#get(cursor.uint8());
      case 0x6a: // LONG_BINGET
        return this.#get(cursor.uint32());
      case 0x63: // GLOBAL
        return this.#find(cursor.line(), cursor.line());
      case 0x69: // INST
        return this.#call(this.#find(cursor.line(), cursor.line()), this.#popToMark());
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        return this.#find(module, name);
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = this.pop();
        return this.#call(this.pop(), args);
      }
      case 0x51: // BINPERSID
        return this.#persistentLoad(this.pop());
      default:
        return undefined;
    }
  }

  /** Opcodes that push nothing. */
  #act(opcode: number): void {
    const { cursor } = this;
    switch (opcode) {
      case 0x80: // PROTO
        this.#checkProtocol(cursor.uint8());
        break;
      case 0x95: // FRAME
        cursor.uint64();
        break;
      case 0x2e: // STOP
        this.isRunning = false;
        break;
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        break;
      case 0x30: // POP
        this.pop();
        break;
      case 0x31: // POP_MARK
      case 0x90: // ADDITEMS, to a set, which holds no weights
        this.#popToMark();
        break;
      case 0x61: // APPEND
        this.#append([this.pop()]);
        break;
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        break;
      case 0x71: // BINPUT
        this.#memo.set(cursor.uint8(), this.#top());
        break;
      case 0x72: // LONG_BINPUT
        this.#memo.set(cursor.uint32(), this.#top());
        break;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        break;
      case 0x62: // BUILD: state of objects that have none here, and `_metadata` of a state dict
        this.pop();
        this.#top();
        break;
      default: {
        const name = `0x${opcode.toString(16).padStart(2, '0')}`;
        throw new PickleError('corrupt', `expected an opcode that torch.save writes, got ${name}`);
      }
    }
  }

  pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw new PickleError('corrupt', 'expected a value on the stack');
    return this.#stack.pop()!;
  }

  #top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  #popMany(count: number): PickleValue[] {
    const values: PickleValue[] = [];
    for (let i = 0; i < count; i++) values.unshift(this.pop());
    return values;
  }

  #popToMark(): PickleValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw new PickleError('corrupt', 'expected a mark on the stack');
    return this.#stack.splice(height);
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new PickleError('corrupt', 'expected a list to append to');
    for (const value of values) list.push(value);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0)
      throw new PickleError('corrupt', 'expected a dict and its pairs');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  }

  #get(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw new PickleError('corrupt', `expected memo ${index} to be set`);
    return value;
  }

  #find(module: PickleValue | undefined, name: PickleValue | undefined): AllowedGlobal {
    const path = `${printable(module)}.${printable(name)}`;
    const found = typeof module === 'string' && typeof name === 'string' ? this.#globals.get(path) : undefined;
    if (found !== undefined) return found;
    throw new PickleError('forbidden-global', `asks for ${path}, which is not run`);
  }

  #call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!(callee instanceof AllowedGlobal) || !Array.isArray(args)) {
      throw new PickleError('corrupt', 'expected a name and its arguments');
    }
    for (const arg of args) this.#spend(Array.isArray(arg) ? arg.length : 1);
    return callee.call(args);
  }

  #checkProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 5) {
      throw new PickleError('unsupported', `expected pickle protocol 2 to 5, got ${protocol}`);
    }
  }

  #spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new PickleError('too-large', `expected at most ${maxSteps} steps in a pickle`);
  }
}

/** A name from the file, safe to print on one line. */
function printable(value: PickleValue | undefined): string {
  return typeof value === 'string' ? value.replace(/[^\x21-\x7e]/g, '?').slice(0, 80) : '?';
}
