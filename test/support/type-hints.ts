import { CorsConfigurationError, type CorsIssue } from 'nestjs-cors';

/** Options as one writes them, of any type. */
export type Written = unknown;

/** What somebody knows who types what a hint says: the origins that they mean. */
export interface Author {
  readonly origins: readonly string[];
  /** Whether any site was meant. */
  readonly isPublic?: boolean;
}

/** Applies the hint of each issue of an error to the options, literally where it has code, otherwise by its kind. */
export function typeHints(written: Written, issues: readonly CorsIssue[], author: Author): Written {
  // The last entries of a list first, so that the places of the others stay right.
  const ordered = [...issues].sort((a, b) => indexOf(b.path) - indexOf(a.path));
  return ordered.reduce((options, issue) => typeHint(options, issue, author), written);
}

function indexOf(path: string): number {
  return Number(/\[(\d+)\]$/.exec(path)?.[1] ?? -1);
}

function typeHint(written: Written, issue: CorsIssue, author: Author): Written {
  const { hint, path, value, code } = issue;
  if (path === '' || path === 'CorsModule') return wholeOptions(hint, author);
  const options = { ...(written as Record<string, unknown>) };
  for (const part of ['bounds', 'others']) {
    if (!path.startsWith(`${part}.`)) continue;
    const inner = { ...issue, path: path.slice(part.length + 1) };
    return { ...options, [part]: typeHint(options[part], inner, author) };
  }
  const [key = '', place] = path.split(/[[\]]/);
  // A single text is a list of one in the path.
  const index = Array.isArray(options[key]) ? place : undefined;
  const replace = (by: readonly unknown[]) => {
    const list = options[key];
    if (index !== undefined) options[key] = (list as readonly unknown[]).toSpliced(Number(index), 1, ...by);
    // One of several names in one text.
    else if (typeof list === 'string' && typeof value === 'string' && list !== value) {
      options[key] = list.split(',').flatMap(item => (item.trim() === value ? by : [item.trim()]));
    } else if (by.length === 0) Reflect.deleteProperty(options, key);
    else options[key] = by[0];
  };

  type Resolver = (origin: string) => boolean;
  const inResolver = /^Remove it, and allow it in the resolver of this list: (.+)\.$/.exec(hint)?.[1];
  if (inResolver !== undefined) {
    const also = evaluate(`origin => ${inResolver}`, author) as Resolver;
    const list = (options[key] as readonly unknown[]).toSpliced(Number(index), 1);
    const own = list.find(entry => typeof entry === 'function') as Resolver;
    return { ...options, [key]: list.with(list.indexOf(own), (origin: string) => own(origin) || also(origin)) };
  }
  const switchedOff = /^Write (\w+): false in its place, for no cross-origin access\.$/.exec(hint)?.[1];
  if (switchedOff !== undefined) {
    Reflect.deleteProperty(options, key);
    return { ...options, [switchedOff]: false };
  }

  if (code === 'resolver_twice') {
    const list = options[key] as readonly unknown[];
    const [first, second] = list.filter(entry => typeof entry === 'function') as [Resolver, Resolver];
    const others = list.filter(entry => entry !== first && entry !== second);
    return { ...options, [key]: [...others, (origin: string) => first(origin) || second(origin)] };
  }

  const renamed = /^Did you mean `(\w+)`\?( Keep one of the two\.)?$/.exec(hint);
  if (renamed !== null) {
    const [, name = '', isTwice] = renamed;
    if (isTwice === undefined) options[name] = options[key];
    Reflect.deleteProperty(options, key);
  } else if (/^(?:Remove it|Set it, or remove it|Leave `?\w+`? out|Remove one)/.test(hint)) {
    replace([]);
  } else if (
    /^(?:List|Spread|Write|Return) (?!each as its own string\.)/.test(hint) ||
    hint.startsWith('Set `credentials')
  ) {
    const code = codeOf(hint);
    if (code !== undefined) replace(index === undefined ? [evaluate(code, author)] : evaluateAll(code, author));
    else replace(byKind(issue, author));
  } else if (/^Write each as its own string\./.test(hint)) {
    replace(byKind(issue, author));
  } else throw new Error(`Nobody knows how to type the hint of ${code}: ${hint}`);
  if (code === 'origin_any_with_credentials' && author.isPublic === true) {
    return { ...options, origin: '*', credentials: false };
  }
  return options;
}

/** The code that a hint has at its beginning, or its resolver. */
function codeOf(hint: string): string | undefined {
  const resolver = /\ba resolver(?:, | that looks yours up: )(origin => .+)\.$/.exec(hint);
  if (resolver !== null) return resolver[1];
  const spread = /^Spread it with three dots: (\.\.\.\[.*\])\.$/.exec(hint)?.[1];
  if (spread !== undefined) return spread;
  const [, code] =
    /^Write (?:each as its own string: )?((?:['[{]|-?\d|true\b|false\b).*?)(?:: the unit is seconds|, a number|, without quotes|, the origin of the page|\. originsFromEnv\(.*|, unless an app .*|, or (?:set|leave|write|the name|200) .*)?\.$/s.exec(
      hint,
    ) ?? [];
  // An example: what it stands for, only the author knows.
  return code === undefined || /app\.example\.com'\]?,? or|'GET', 'PUT'\], or/.test(hint) ? undefined : code;
}

/** What an author types where a hint says what to write, but not the values. */
function byKind({ code, path, value }: CorsIssue, { origins, isPublic }: Author): readonly unknown[] {
  if (path.endsWith('Headers')) return [['content-type', 'authorization']];
  if (path.startsWith('origin')) {
    if (code === 'origin_any_in_list' || path.includes('[')) return [];
    return [isPublic === true && code !== 'origin_any_with_credentials' ? '*' : origins];
  }
  throw new Error(`Nobody knows what to write for ${code} at ${path}: ${String(value)}`);
}

function wholeOptions(hint: string, { origins, isPublic }: Author): Written {
  const literal = /^Write (\{ origin: (?!\['https:\/\/app\.example\.com'\] \}, or).+ \})\.$/.exec(hint)?.[1];
  if (literal !== undefined) return evaluate(literal, { origins });
  return { origin: isPublic === true ? '*' : origins };
}

function evaluate(code: string, { origins }: Author): unknown {
  return new Function('origins', `return (${code});`)(new Set(origins)) as unknown;
}

function evaluateAll(code: string, author: Author): readonly unknown[] {
  return evaluate(`[${code}]`, author) as readonly unknown[];
}

/** The issues of an app that does not boot. */
export async function issuesOf(boot: () => Promise<unknown>): Promise<readonly CorsIssue[]> {
  try {
    await boot();
    return [];
  } catch (error) {
    if (error instanceof CorsConfigurationError) return error.issues;
    throw error;
  }
}
