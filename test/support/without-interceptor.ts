import { CorsModule } from 'nestjs-cors';

/** Gives every app of a suite `interceptor: false`, where it does not state it. */
const { forRoot } = CorsModule;

CorsModule.forRoot = options =>
  forRoot.call(CorsModule, (isPlain(options) ? { interceptor: false, ...options } : options) as typeof options);

function isPlain(options: unknown): options is object {
  return typeof options === 'object' && options !== null && Object.getPrototypeOf(options) === Object.prototype;
}
