/**
 * Characters that nobody sees: zero-width ones, a byte order mark, controls, marks of direction. Not the white space
 * between two origins.
 */
export const INVISIBLE = /(?![ \t\n\v\f\r])[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;

export const HAS_INVISIBLE = new RegExp(INVISIBLE.source, 'u');

const QUOTES = '"\'`\u00b4\u00ab\u00bb\u2018-\u201f\u2039\u203a';
const OPENING = new RegExp(`^[${QUOTES}]+`);
const CLOSING = new RegExp(`[${QUOTES}]+$`);

/**
 * The parts of a text that is a list in one of the ways in which people write lists: separated by commas, semicolons,
 * bars or white space, in quotes, as JSON. Without the quotes and brackets; empty parts are left out.
 */
export function bareParts(text: string): readonly string[] {
  const trimmed = text.trim();
  // The bracket of an IPv6 address closes behind its digits.
  const list = /^\[(?![0-9a-f:.]+\])(.*)\]$/is.exec(trimmed)?.[1] ?? trimmed;
  return list
    .split(/[\s,;|]+/)
    .map(part => part.replace(OPENING, '').replace(CLOSING, ''))
    .filter(part => part !== '');
}

/** What texts say that were made of another value: an environment variable has nothing but text. */
export function isValueName(text: string): boolean {
  return /^(?:true|false|undefined|null|nan|\[object object\])$/i.test(text.trim());
}

export function hasQuotes(text: string): boolean {
  return new RegExp(`[${QUOTES}]`).test(text) || /^\s*\[(?![0-9a-f:.]+\])/i.test(text);
}
