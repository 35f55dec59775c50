import { parse, pathToRegexp, TokenData, type Token } from 'path-to-regexp';
import { LegacyRouteConverter } from './nest-internals.js';
import { readWritten } from './path-readings.js';

/** A path that cannot be read. */
export class PathSyntaxError extends Error {}

/** The path of a rule, compiled. */
export interface PathPattern {
  /** Whether the rule covers a reading of a path. */
  matches(reading: string): boolean;
  /** The same for routers and file systems that ignore case. */
  matchesInAnyCase(reading: string): boolean;
  /** Of its regular expression, to combine several. */
  readonly source: string;
}

/**
 * Compiles one path in the syntax of Nest's middleware: `/graphql`, `/static/*splat`, `/files{/:name}`. Old wildcards
 * are converted as Nest does. `/caf%C3%A9` and `/café` are the same rule.
 *
 * It covers what is below the path as well: what Express mounts at `/graphql` answers at `/graphql/below`, and a
 * narrow rule must not be walked around there.
 *
 * @throws {PathSyntaxError}
 */
export function compilePath(path: string): PathPattern {
  const whole = path.startsWith('/') ? path : `/${path}`;
  const converted = LegacyRouteConverter.tryConvert(whole.replace(/(?<=[^/])\/+$/, ''), { logs: false });
  try {
    const { tokens } = parse(converted);
    // The first reading of a path that is not plain is the path as it was sent.
    const spellings = [tokens, mapText(tokens, readWritten), mapText(tokens, text => encode(readWritten(text)))];
    const distinct = new Map(spellings.map(each => [JSON.stringify(each), new TokenData(each, converted)]));
    const { source } = pathToRegexp([...distinct.values()], { end: false }).regexp;
    const exact = new RegExp(source, 'u');
    const inAnyCase = new RegExp(source, 'iu');
    return {
      source,
      matches: reading => exact.test(reading),
      matchesInAnyCase: reading => inAnyCase.test(reading),
    };
  } catch (error) {
    throw new PathSyntaxError((error as Error).message);
  }
}

function mapText(tokens: readonly Token[], map: (text: string) => string): Token[] {
  return tokens.map(token => {
    if (token.type === 'text') return { ...token, value: map(token.value) };
    return token.type === 'group' ? { ...token, tokens: mapText(token.tokens, map) } : token;
  });
}

/** Escapes a path as browsers do. */
export function encode(path: string): string {
  return encodeURI(path.replace(/\p{Surrogate}/gu, '\ufffd'));
}

/** A path or a host that a pattern of either platform matches. */
export function sampleOf(pattern: string): string {
  return pattern.replace(/\{[^{}]*\}|\?/g, '').replace(/[:*][A-Za-z0-9_]*/g, 'any');
}
