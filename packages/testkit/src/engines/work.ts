/** What a step that takes its time is given. */
export interface Work {
  /** Hears of progress, a line at a time. */
  readonly log: (line: string) => void
  /** Ends the step, which then rejects with the signal's reason. */
  readonly signal: AbortSignal
}

export interface WorkOptions {
  /** Hears of progress, a line at a time. Default: stderr. */
  readonly log?: (line: string) => void
  /** Gives up: it rejects with the signal's reason and leaves nothing behind. */
  readonly signal?: AbortSignal
}

export function workOf({ log = logToStderr, signal = new AbortController().signal }: WorkOptions): Work {
  return { log, signal }
}

function logToStderr(line: string): void {
  process.stderr.write(`engines: ${line}\n`)
}
