/** A point in a fixture where its code waits until the test lets it on. For one passage. */
export class Gate {
  readonly #reached = deferred();
  readonly #opened = deferred();

  /** Called by the fixture: it is here, and waits. */
  async pass(): Promise<void> {
    this.#reached.resolve();
    await this.#opened.promise;
  }

  /** Resolves once the fixture waits. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}

function deferred() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>(resolved => {
    resolve = resolved;
  });
  return { promise, resolve: () => resolve() };
}
