/**
 * Under which options keep where they are written, if they come from a file. Shared by the ESM and the CommonJS build,
 * so that both recognise each other's options.
 */
export const PLACES: unique symbol = Symbol.for('nestjs-cors:places');
