import { append, dictOf, setItems, setState } from './fill-values.ts';
import { GlobalNames } from './global-names.ts';
import { callGlobal, loadFromBytes } from './known-globals.ts';
import { PickleCursor, WindowEnd } from './pickle-cursor.ts';
import { PickleError } from './pickle-error.ts';
import { readLiteral } from './pickle-literals.ts';
import { PickleStack } from './pickle-stack.ts';
import { FileBytes, GlobalName, PickleObject, type PickleValue } from './pickle-values.ts';
import type { StepBudget } from './step-budget.ts';

const windowBytes = 256 * 1024;

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
        if (embedded !== undefined) machine.stack.push(await host.loadEmbedded(embedded));
      } catch (error) {
        if (!(error instanceof WindowEnd)) throw error;
        // Operands are read before anything changes, so that the opcode can be begun again.
        cursor.at = at;
        cursor.fill(await host.read(at, Math.min(end, Math.max(error.until, at + windowBytes)) - at));
      }
    }
    return { value: machine.stack.pop(), end: cursor.at };
  } catch (error) {
    if (error instanceof PickleError) error.offset ??= at;
    throw error;
  }
}

/** Carries out the opcodes of one pickle, those that spell out a value by `readLiteral`. */
class Unpickler {
  readonly cursor: PickleCursor;
  readonly stack = new PickleStack();
  isRunning = true;
  readonly #host: PickleHost;
  readonly #globals = new GlobalNames();
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
    const value = readLiteral(opcode, this.cursor) ?? this.#build(opcode);
    if (value === undefined) this.#act(opcode);
    else this.stack.push(value);
    return undefined;
  }

  /** The value that an opcode makes of the stack, the memo or the table of names, if it is one that does. */
  #build(opcode: number): PickleValue | undefined {
    const { cursor, stack } = this;
    switch (opcode) {
      case 0x4e: // NONE
        return null;
      case 0x32: // DUP
        return stack.top();
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return [];
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return stack.popToMark();
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return stack.popMany(opcode - 0x84);
      case 0x7d: // EMPTY_DICT
        return new Map();
      case 0x64: // DICT
        return dictOf(stack.popToMark());
      case 0x8f: // EMPTY_SET
        return new PickleObject('builtins.set');
      case 0x91: {
        // FROZENSET
        const set = new PickleObject('builtins.frozenset');
        set.elements = stack.popToMark();
        return set;
      }
      case 0x68: // BINGET
        return this.#get(cursor.uint8());
      case 0x6a: // LONG_BINGET
        return this.#get(cursor.uint32());
      case 0x67: // GET
        return this.#get(cursor.integerLine());
      case 0x63: // GLOBAL
        return this.#globals.find(cursor.line(), cursor.line());
      case 0x69: // INST
        return this.#call(this.#globals.find(cursor.line(), cursor.line()), stack.popToMark());
      case 0x6f: {
        // OBJ
        const [callee, ...args] = stack.popToMark();
        return this.#call(callee, args);
      }
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = stack.popMany(2);
        return this.#globals.find(module, name);
      }
      case 0x81: {
        // NEWOBJ
        const args = stack.pop();
        return this.#call(stack.pop(), args);
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callee, args, named] = stack.popMany(3);
        if (!Array.isArray(args)) throw new PickleError('corrupt', 'expected a name and its arguments');
        return this.#call(callee, [...args, named!]);
      }
      case 0x51: // BINPERSID
        return this.#host.persistentLoad(stack.pop());
      case 0x50: // PERSID
        return this.#host.persistentLoad(cursor.line());
      default:
        return undefined;
    }
  }

  /** Opcodes that push nothing. */
  #act(opcode: number): void {
    const { cursor, stack } = this;
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
        stack.mark();
        break;
      case 0x30: // POP, which also takes a mark
        stack.drop();
        break;
      case 0x31: // POP_MARK
        stack.popToMark();
        break;
      case 0x90: // ADDITEMS, to a set
      case 0x65: // APPENDS
        append(stack.popToMark(), stack.top());
        break;
      case 0x61: // APPEND
        append([stack.pop()], stack.top());
        break;
      case 0x73: // SETITEM
        setItems(stack.popMany(2), stack.top());
        break;
      case 0x75: // SETITEMS
        setItems(stack.popToMark(), stack.top());
        break;
      case 0x71: // BINPUT
        this.#memo.set(cursor.uint8(), stack.top());
        break;
      case 0x72: // LONG_BINPUT
        this.#memo.set(cursor.uint32(), stack.top());
        break;
      case 0x70: // PUT
        this.#memo.set(Number(cursor.integerLine()), stack.top());
        break;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, stack.top());
        break;
      case 0x62: // BUILD
        setState(stack.pop(), stack.top(), this.#host.budget);
        break;
      case 0x98: // READONLY_BUFFER
        stack.top();
        break;
      default:
        refuse(opcode);
    }
  }

  #reduce(): FileBytes | Uint8Array | undefined {
    const args = this.stack.pop();
    const callee = this.stack.pop();
    const bytes = Array.isArray(args) ? args[0] : undefined;
    const isFile = callee instanceof GlobalName && callee.name === loadFromBytes;
    if (isFile && (bytes instanceof FileBytes || bytes instanceof Uint8Array)) return bytes;
    this.stack.push(this.#call(callee, args));
    return undefined;
  }

  #get(index: number | bigint): PickleValue {
    const value = this.#memo.get(Number(index));
    if (value === undefined) throw new PickleError('corrupt', `expected memo ${index} to be set`);
    return value;
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
