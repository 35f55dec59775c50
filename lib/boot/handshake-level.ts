import type { PolicyOption } from '../policy/fields.js';
import type { Level } from '../policy/merge.js';

/** The options that count for a handshake: `origin`, and what may be in it. */
export const HANDSHAKE_OPTIONS: readonly PolicyOption[] = [
  'origin',
  'dangerouslyAllowInsecureOrigins',
  'dangerouslyAllowPublicSuffixPatterns',
];

/** Keeps the part of each level that counts for a handshake: `credentials: true` is no reason to refuse `'*'` there. */
export class HandshakeLevels {
  readonly #known = new Map<Level, Level>();

  /** @param written called with each part that is new, and the level that it is of */
  constructor(private readonly written: (part: Level, level: Level) => void) {}

  of(level: Level): Level {
    const known = this.#known.get(level);
    if (known !== undefined) return known;
    const options = HANDSHAKE_OPTIONS.filter(option => Object.hasOwn(level.options, option));
    const part: Level = {
      ...level,
      options: Object.fromEntries(options.map(option => [option, level.options[option]])) as Level['options'],
    };
    this.#known.set(level, part);
    this.written(part, level);
    return part;
  }
}
