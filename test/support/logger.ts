import type { LoggerService } from '@nestjs/common';

export interface LogLine {
  readonly level: 'log' | 'warn' | 'error' | 'debug' | 'verbose' | 'fatal';
  readonly message: string;
  readonly context: string | undefined;
}

/** A logger to hand to Nest, which keeps what it is told. */
export class RecordingLogger implements LoggerService {
  readonly lines: LogLine[] = [];

  readonly log = this.#recorder('log');
  readonly warn = this.#recorder('warn');
  readonly error = this.#recorder('error');
  readonly debug = this.#recorder('debug');
  readonly verbose = this.#recorder('verbose');
  readonly fatal = this.#recorder('fatal');

  /** What the module itself said. */
  ofCors(level?: LogLine['level']): readonly string[] {
    return this.lines
      .filter(line => line.context === 'CorsModule' && (level === undefined || line.level === level))
      .map(({ message }) => message);
  }

  #recorder(level: LogLine['level']) {
    return (message: unknown, ...params: unknown[]): void => {
      const context = params.at(-1);
      this.lines.push({ level, message: String(message), context: typeof context === 'string' ? context : undefined });
    };
  }
}
