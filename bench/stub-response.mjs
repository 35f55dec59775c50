import { keepShapeOf } from './measure.mjs';

const EMPTY = Object.freeze([]);

/** Takes headers, and does nothing with them: what is measured is who gives them. */
export class StubResponse {
  statusCode = 200;
  writes = 0;
  setHeader() {
    this.writes++;
  }
  removeHeader() {}
  getHeader() {}
  getHeaderNames() {
    return EMPTY;
  }
  end() {}
}

keepShapeOf(new StubResponse());
