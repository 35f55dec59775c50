import { Injectable } from '@nestjs/common';
import type { CorsApp } from './app.js';
import type { PolicyTable } from './policy-table.js';

/** The apps whose policies this module has loaded: nearly always it is one. */
@Injectable()
export class PolicyRegistry {
  #apps: readonly CorsApp[] = [];

  /** In the order of their initialization. */
  get apps(): readonly CorsApp[] {
    return this.#apps;
  }

  /** The policies of the app that was initialized last; `undefined` before there is one. */
  get current(): PolicyTable | undefined {
    return this.#apps.at(-1)?.table;
  }

  /** @throws {Error} before `app.init()` */
  get table(): PolicyTable {
    return this.current ?? throwNotInitialized();
  }

  add(app: CorsApp): void {
    this.#apps = [...this.#apps.filter(each => each !== app && !each.isClosed), app];
    app.whenClosed = () => {
      this.#dropClosed();
    };
  }

  /** Keeps the last one: `policies()` and `explain()` work after `app.close()`. */
  #dropClosed(): void {
    const open = this.#apps.filter(({ isClosed }) => !isClosed);
    if (open.length > 0) this.#apps = open;
  }
}

export function throwNotInitialized(): never {
  throw new Error('CORS policies are known once the application is initialized: call app.init() or app.listen() first');
}
