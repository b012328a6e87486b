import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** How much of a program's output an error repeats. */
const TAIL_LINES = 8

export interface Outcome {
  readonly code: number
  /** Both streams, at most the last 64 kB. */
  readonly output: string
}

export interface How {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Hears each line while the program runs. */
  readonly onLine?: (line: string) => void
  /** Ends the program by SIGKILL; then this rejects. */
  readonly signal?: AbortSignal
}

const MAX_OUTPUT = 64 * 1024

/** Runs a program to its end. Rejects only if it cannot be started, or on the signal's abort. */
export function runProgram([file = '', ...args]: readonly string[], how: How = {}): Promise<Outcome> {
  const { onLine = () => {}, ...options } = how
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], killSignal: 'SIGKILL', ...options })
  let output = ''
  let rest = ''
  const hear = (text: string): void => {
    output = (output + text).slice(-MAX_OUTPUT)
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear)
  return new Promise((resolve, reject) => {
    // What could not be started closes too, but an aborted one is only gone when it has.
    let failure: Error | undefined
    child.once('error', (error) => {
      failure = error
    })
    child.once('close', (code) => (failure === undefined ? resolve({ code: code ?? 1, output }) : reject(failure)))
  })
}

/** The first of these files that can be executed; plain names are looked up in PATH. */
export function findProgram(...candidates: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return candidates
    .flatMap((one) => (one.includes('/') ? [one] : folders.map((folder) => join(folder, one))))
    .find(isExecutable)
}

/** The end of a text, for an error. */
export function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
