import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { findProgram } from './program.js'

/** How a process is made to end with this one: by the kernel, or by a second process that sees us go. */
export type Tie = 'kernel' | 'watchdog'

export interface TiedOptions {
  readonly cwd: string
  /** Descriptor of the file that both of its streams go to. */
  readonly log: number
  /** Default: the kernel's way where the system has it. */
  readonly tie?: Tie
}

/**
 * Starts a program that is ended, by SIGKILL, when this process ends in any way. The child's pid is the program's own.
 * With the kernel's way it ends with the thread that started it: call from a thread that lives as long.
 */
export function spawnTied([file = '', ...args]: readonly string[], { cwd, log, tie }: TiedOptions): ChildProcess {
  const stdio = ['ignore', log, log] as const
  const setpriv = tie === 'watchdog' ? undefined : kernelTie()
  if (setpriv !== undefined)
    return spawn(setpriv, ['--pdeathsig', 'KILL', 'sh', '-c', stillOurs, String(process.pid), file, ...args], {
      cwd,
      stdio: [...stdio],
    })
  const child = spawn(file, args, { cwd, stdio: [...stdio] })
  watch(child)
  return child
}

/** The signal is only sent if we end after it was asked for: who finds another parent is too late. */
const stillOurs = '[ "$PPID" = "$0" ] || exit 1; exec "$@"'

/** `read` ends when the last writer of the pipe has gone, which is this process. */
const untilWeAreGone = 'read _; kill -KILL "$0"'

function watch(child: ChildProcess): void {
  if (child.pid === undefined) return
  const dog = spawn('sh', ['-c', untilWeAreGone, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A Ctrl-C is for us; it must not end the watchdog before the node.
    detached: true,
  })
  dog.unref()
  child.once('exit', () => dog.kill('SIGKILL'))
}

let found: { readonly setpriv: string | undefined } | undefined

function kernelTie(): string | undefined {
  found ??= { setpriv: capableSetpriv() }
  return found.setpriv
}

function capableSetpriv(): string | undefined {
  const file = findProgram('setpriv')
  if (file === undefined) return undefined
  return spawnSync(file, ['--help'], { encoding: 'utf8' }).stdout.includes('--pdeathsig') ? file : undefined
}
