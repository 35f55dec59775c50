import { CorsModule } from 'nestjs-cors';

/** Gives every app of a suite `interceptor: false`, where it does not state it. */
const { forRoot } = CorsModule;

CorsModule.forRoot = options =>
  forRoot.call(CorsModule, (isPlain(options) ? { interceptor: false, ...options } : options) as typeof options);

// Without effect, every suite would pass, and say nothing.
const made = CorsModule.forRoot({ origin: false }).providers ?? [];
if (!JSON.stringify(made).includes('"interceptor":false')) throw new Error('The interceptor is still on');

function isPlain(options: unknown): options is object {
  return typeof options === 'object' && options !== null && Object.getPrototypeOf(options) === Object.prototype;
}
