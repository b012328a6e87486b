/** Hears of progress, a line at a time. */
export type Log = (line: string) => void

export function logToStderr(line: string): void {
  process.stderr.write(`engines: ${line}\n`)
}
