import {
  isResolverClass,
  type CorsOriginResolver,
  type CorsOriginResolverRef,
  type ResolverClass,
} from './resolver.js';

/** Names that a callback has in other libraries. */
const CALLBACK_NAME = /^_?(?:cb|callback|done|next)$/i;

/**
 * Whether a resolver seems to answer by a callback, as `origin` of other libraries does: `unknown` where its source
 * cannot be read, as of a bound function. Only for messages and for what is passed as the context: no decision about an
 * origin depends on it.
 */
export function callbackUse(resolver: unknown): 'likely' | 'unlikely' | 'unknown' {
  if (typeof resolver !== 'function') return 'unlikely';
  const source = Function.prototype.toString.call(resolver);
  if (resolver.length < 2) return /\barguments\b|^[^{]*\.\.\./.test(source) ? 'unknown' : 'unlikely';
  if (/\{\s*\[native code\]\s*\}$/.test(source)) return 'unknown';
  const [parameters, body] = partsOf(source.replace(/\/\*[^]*?\*\//g, ''));
  // A parameter that is taken apart is no callback.
  const names = parameters.slice(1).filter(name => /^[\w$]+$/.test(name));
  const isLikely = names.some(name => CALLBACK_NAME.test(name) || isCalled(name, body)) || neverReturns(body);
  return isLikely ? 'likely' : 'unlikely';
}

/** The function that is called about an origin: the resolver itself, or the method of its class. */
export function answeringFunction(resolver: CorsOriginResolverRef): unknown {
  if (!isResolverClass(resolver)) return resolver;
  const { prototype } = resolver as ResolverClass;
  return Object.getOwnPropertyDescriptor(prototype as CorsOriginResolver, 'isAllowed')?.value as unknown;
}

/** The parameters of a function, each up to its type or default, and what follows them. */
function partsOf(source: string): readonly [parameters: readonly string[], body: string] {
  const open = source.indexOf('(');
  const parameters: string[] = [''];
  let depth = 0;
  for (let at = open; at < source.length; at++) {
    const character = source.charAt(at);
    if (/[([{]/.test(character)) depth++;
    else if (/[)\]}]/.test(character)) depth--;
    if (depth === 0)
      return [parameters.map(each => each.slice(1).trim().split(/[\s=]/, 1)[0] ?? ''), source.slice(at + 1)];
    if (character === ',' && depth === 1) parameters.push('');
    parameters.push(`${parameters.pop() ?? ''}${character}`);
  }
  return [[], source];
}

function isCalled(name: string, body: string): boolean {
  return new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}\\s*(?:\\?\\.\\s*)?\\(`).test(body);
}

/** A block without a `return` of anything. An arrow function without a block returns always. */
function neverReturns(body: string): boolean {
  return /^\s*(?:=>\s*)?\{/.test(body) && !/\breturn\b\s*[^\s;}]/.test(body);
}
