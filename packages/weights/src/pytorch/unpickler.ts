import { isForbidden } from './forbidden-names.ts';
import { callGlobal, loadFromBytes, makeKnownGlobals } from './known-globals.ts';
import { PickleCursor, WindowEnd } from './pickle-cursor.ts';
import { PickleError } from './pickle-error.ts';
import { FileBytes, GlobalName, PickleObject, type PickleValue } from './pickle-values.ts';

/** A state dict of ResNet-152 with its optimiser takes about 100,000. */
const maxSteps = 4_000_000;
const windowBytes = 256 * 1024;

/** Steps that a file's pickles have left, those inside of others too. */
export class StepBudget {
  #left = maxSteps;

  /** @throws PickleError (`too-large`) */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new PickleError('too-large', `expected at most ${maxSteps} steps in a pickle`);
  }
}

/** What the pickle's container does for it. */
export interface PickleHost {
  /** Bytes of the source from `offset`, all inside it. */
  read(offset: number, length: number): Promise<Uint8Array>;
  persistentLoad(id: PickleValue): PickleValue;
  /** What a file of `torch.save` inside the pickle holds. */
  loadEmbedded(bytes: FileBytes | Uint8Array): Promise<PickleValue>;
  readonly budget: StepBudget;
}

/** What a pickle held, and where its bytes end. */
export interface Unpickled {
  readonly value: PickleValue;
  readonly end: number;
}

/**
 * Reads one pickle (protocols 0 to 5) from `start` of the source, which ends before `end`, building plain data and
 * placeholders: nothing of the file's is called, imported or run. Steps are iterative, and their number is bounded.
 *
 * @throws PickleError (`forbidden-global`) for a name that only an attack asks for, and others for what is no pickle.
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
export async function unpickle(start: number, end: number, host: PickleHost): Promise<Unpickled> {
  const cursor = new PickleCursor(start, end);
  const machine = new Unpickler(cursor, host);
  let at = start;
  try {
    while (machine.isRunning) {
      at = cursor.at;
      try {
        const embedded = machine.step();
        if (embedded !== undefined) machine.push(await host.loadEmbedded(embedded));
      } catch (error) {
        if (!(error instanceof WindowEnd)) throw error;
        // Operands are read before anything changes, so that the opcode can be begun again.
        cursor.at = at;
        cursor.fill(await host.read(at, Math.min(end, Math.max(error.until, at + windowBytes)) - at));
      }
    }
    return { value: machine.pop(), end: cursor.at };
  } catch (error) {
    if (error instanceof PickleError) error.offset ??= at;
    throw error;
  }
}

class Unpickler {
  readonly cursor: PickleCursor;
  isRunning = true;
  readonly #host: PickleHost;
  #globals: ReadonlyMap<string, GlobalName> | undefined;
  readonly #unknown = new Map<string, GlobalName>();
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(cursor: PickleCursor, host: PickleHost) {
    this.cursor = cursor;
    this.#host = host;
  }

  /** Carries out one opcode; what it returns is a file inside the pickle, whose value is to be pushed. */
  step(): FileBytes | Uint8Array | undefined {
    this.#host.budget.spend(1);
    const opcode = this.cursor.uint8();
    if (opcode === 0x52) return this.#reduce();
    const value = this.#literal(opcode) ?? this.#textLiteral(opcode) ?? this.#build(opcode);
    if (value === undefined) this.#act(opcode);
    else this.#stack.push(value);
    return undefined;
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw new PickleError('corrupt', 'expected a value on the stack');
    return this.#stack.pop()!;
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
        return undefined;
    }
  }

  /** The value that an opcode of protocol 0 spells out on a line. */
  #textLiteral(opcode: number): PickleValue | undefined {
    const { cursor } = this;
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
      case 0x64: // DICT
        return dictOf(this.#popToMark());
      case 0x8f: // EMPTY_SET
        return new PickleObject('builtins.set');
      case 0x91: {
        // FROZENSET
        const set = new PickleObject('builtins.frozenset');
        set.elements = this.#popToMark();
        return set;
      }
      case 0x68: // BINGET
        return this.#get(cursor.uint8());
      case 0x6a: // LONG_BINGET
        return this.#get(cursor.uint32());
      case 0x67: // GET
        return this.#get(cursor.integerLine());
      case 0x63: // GLOBAL
        return this.#find(cursor.line(), cursor.line());
      case 0x69: // INST
        return this.#call(this.#find(cursor.line(), cursor.line()), this.#popToMark());
      case 0x6f: {
        // OBJ
        const [callee, ...args] = this.#popToMark();
        return this.#call(callee, args);
      }
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        return this.#find(module, name);
      }
      case 0x81: {
        // NEWOBJ
        const args = this.pop();
        return this.#call(this.pop(), args);
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callee, args, named] = this.#popMany(3);
        if (!Array.isArray(args)) throw new PickleError('corrupt', 'expected a name and its arguments');
        return this.#call(callee, [...args, named!]);
      }
      case 0x51: // BINPERSID
        return this.#host.persistentLoad(this.pop());
      case 0x50: // PERSID
        return this.#host.persistentLoad(cursor.line());
      default:
        return undefined;
    }
  }

  /** Opcodes that push nothing. */
  #act(opcode: number): void {
    const { cursor } = this;
    switch (opcode) {
      case 0x80: // PROTO
        checkProtocol(cursor.uint8());
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
      case 0x30: // POP, which also takes a mark
        if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
        else this.pop();
        break;
      case 0x31: // POP_MARK
        this.#popToMark();
        break;
      case 0x90: // ADDITEMS, to a set
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        break;
      case 0x61: // APPEND
        this.#append([this.pop()]);
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
      case 0x70: // PUT
        this.#memo.set(Number(cursor.integerLine()), this.#top());
        break;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        break;
      case 0x62: // BUILD
        this.#setState(this.pop());
        break;
      case 0x98: // READONLY_BUFFER
        this.#top();
        break;
      default:
        refuse(opcode);
    }
  }

  #reduce(): FileBytes | Uint8Array | undefined {
    const args = this.pop();
    const callee = this.pop();
    const bytes = Array.isArray(args) ? args[0] : undefined;
    const isFile = callee instanceof GlobalName && callee.name === loadFromBytes;
    if (isFile && (bytes instanceof FileBytes || bytes instanceof Uint8Array)) return bytes;
    this.#stack.push(this.#call(callee, args));
    return undefined;
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
    const target = this.#top();
    let list = target;
    if (target instanceof PickleObject) {
      target.elements ??= [];
      list = target.elements;
    }
    if (!Array.isArray(list)) throw new PickleError('corrupt', 'expected a list to append to');
    for (const value of values) list.push(value);
  }

  #setItems(items: readonly PickleValue[]): void {
    const target = this.#top();
    let dict = target;
    if (target instanceof PickleObject) {
      target.pairs ??= new Map();
      dict = target.pairs;
    }
    if (!(dict instanceof Map) || items.length % 2 !== 0)
      throw new PickleError('corrupt', 'expected a dict and its pairs');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  }

  /** Of a placeholder; what others get (a state dict its `_metadata`) is no data. */
  #setState(state: PickleValue): void {
    const target = this.#top();
    if (!(target instanceof PickleObject)) return;
    const [attributes, slots] = Array.isArray(state) && state.length === 2 ? state : [];
    if (!(slots instanceof Map)) target.state = state;
    else if (attributes instanceof Map) {
      this.#host.budget.spend(attributes.size + slots.size);
      target.state = new Map([...attributes, ...slots]);
    } else target.state = slots;
  }

  #get(index: number | bigint): PickleValue {
    const value = this.#memo.get(Number(index));
    if (value === undefined) throw new PickleError('corrupt', `expected memo ${index} to be set`);
    return value;
  }

  #find(module: PickleValue | undefined, name: PickleValue | undefined): GlobalName {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new PickleError('corrupt', 'expected the name of a class or function');
    }
    const path = printable(`${module}.${name}`);
    this.#globals ??= makeKnownGlobals();
    const found = this.#globals.get(path) ?? this.#unknown.get(path);
    if (found !== undefined) return found;
    if (path.startsWith('joblib.numpy_pickle')) {
      throw new PickleError('unsupported', 'expected arrays inside the pickle, got those of joblib between its parts');
    }
    if (isForbidden(path)) throw new PickleError('forbidden-global', `asks for ${path}, which is not run`);
    const unknown = new GlobalName(path);
    this.#unknown.set(path, unknown);
    return unknown;
  }

  #call(callee: PickleValue | undefined, args: PickleValue): PickleValue {
    if (Array.isArray(args)) for (const arg of args) this.#host.budget.spend(sizeOf(arg));
    return callGlobal(callee, args);
  }
}

/** What a call may have to copy of an argument. */
function sizeOf(arg: PickleValue): number {
  if (Array.isArray(arg)) return arg.length;
  return arg instanceof Map ? arg.size : 1;
}

function checkProtocol(protocol: number): void {
  if (protocol <= 5) return;
  throw new PickleError('unsupported', `expected pickle protocol 0 to 5, got ${protocol}`);
}

function refuse(opcode: number): never {
  if (opcode >= 0x82 && opcode <= 0x84) {
    throw new PickleError('unsupported', 'expected names, got a number of an extension registry');
  }
  if (opcode === 0x97) throw new PickleError('unsupported', 'expected the data in the pickle, got an outside buffer');
  const name = `0x${opcode.toString(16).padStart(2, '0')}`;
  throw new PickleError('corrupt', `expected an opcode of a pickle, got ${name}`);
}

function dictOf(items: readonly PickleValue[]): Map<PickleValue, PickleValue> {
  if (items.length % 2 !== 0) throw new PickleError('corrupt', 'expected a dict and its pairs');
  const dict = new Map<PickleValue, PickleValue>();
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  return dict;
}

/** The repr of Python 2's str: a text if it is of ASCII, else bytes. */
function unquote(line: string): string | Uint8Array {
  const quote = line[0];
  if (line.length < 2 || (quote !== "'" && quote !== '"') || !line.endsWith(quote)) {
    throw new PickleError('corrupt', 'expected a string in quotes');
  }
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };
  const text = line.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (code.length === 3 && code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return escapes[code] ?? code;
  });
  const isAscii = [...text].every((char) => char < '\x80');
  return isAscii ? text : Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Python's raw-unicode-escape. */
function unescapeUnicode(line: string): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (all, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** A name from the file, safe to print on one line. */
function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
}
