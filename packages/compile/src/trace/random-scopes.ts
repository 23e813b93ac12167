import { TraceError } from './trace-error.ts';

/** A call of a tfjs operation under way; tfjs names it `randomNormal__op`, from a property's name, which minifiers keep. */
interface Scope {
  readonly name: string;
}

/** Operations that draw random numbers in JavaScript, so that their result would be a constant of the graph. */
const DRAWING = /^(multinomial|rand|random[A-Z]\w*|truncatedNormal)__op$/;

/** Those, and the ones that call them, by which the caller knows them. */
const RANDOM = /^(dropout|multinomial|rand|random[A-Z]\w*|truncatedNormal)__op$/;

/** tfjs's stack of the operations under way, which lets none draw random numbers, seeded or not. */
export class RandomScopes extends Array<Scope> {
  /** @throws TraceError where an operation begins that draws random numbers; it names the one that the caller called. */
  override push(...scopes: Scope[]): number {
    if (scopes.some(({ name }) => DRAWING.test(name))) {
      const called = [...this, ...scopes].find(({ name }) => RANDOM.test(name))!.name.replace('__op', '');
      throw new TraceError(
        `tf.${called}: expected operations of the run, got random numbers, which a graph would fix for ever; ` +
          'draw them outside and pass them as an input',
      );
    }
    return super.push(...scopes);
  }
}
