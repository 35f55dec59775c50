import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();

/** Writes a file into a new folder of its own, and gives its path. {@link removeFiles} removes it. */
export function writeTempFile(name: string, content: string | Uint8Array): string {
  const file = join(newFolder(), name);
  writeFileSync(file, content);
  return file;
}

/** A new folder that {@link removeFiles} removes. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-'));
  folders.add(folder);
  return folder;
}

export function removeFiles(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}
