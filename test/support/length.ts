/** `AT_LENGTH=1`, as in the matrix. */
const isAtLength = process.env['AT_LENGTH'] === '1';

/** What takes long is done in full by the matrix, and in part by `npm test`. */
export function atLength<T>(full: T, part: T): T {
  return isAtLength ? full : part;
}
