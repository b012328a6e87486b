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

/** The kernel sends its signal only for an end that comes after we asked: who finds another parent is too late. */
const stillOurs = '[ "$PPID" = "$0" ] || exit 1; exec "$@"'

/** `read` ends when the last writer of the pipe has gone, which is this process. */
const untilWeAreGone = 'read _; kill -KILL "$0"'

/**
 * Starts a program that is ended, by SIGKILL, when this process ends in any way. The child's pid is the program's own.
 * With the kernel's way it ends with the thread that started it: call from a thread that lives as long.
 */
export function spawnTied(argv: readonly string[], { cwd, log, tie = bestTie() }: TiedOptions): ChildProcess {
  const [file = '', ...args] = tie === 'kernel' ? tiedByKernel(argv) : argv
  const child = spawn(file, args, { cwd, stdio: ['ignore', log, log] })
  if (tie === 'watchdog' && child.pid !== undefined) watch(child, child.pid)
  return child
}

/** The command that runs this one tied to us, for those who start it themselves; the command itself where the kernel cannot. */
export function tiedIfPossible(argv: readonly string[]): readonly string[] {
  return bestTie() === 'kernel' ? tiedByKernel(argv) : argv
}

function tiedByKernel(argv: readonly string[]): readonly string[] {
  return ['setpriv', '--pdeathsig', 'KILL', 'sh', '-c', stillOurs, String(process.pid), ...argv]
}

function watch(child: ChildProcess, pid: number): void {
  // A Ctrl-C is for us: of a group of its own, the watchdog does not end before the node.
  const dog = spawn('sh', ['-c', untilWeAreGone, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  dog.unref()
  child.once('exit', () => dog.kill('SIGKILL'))
}

let best: Tie | undefined

function bestTie(): Tie {
  best ??= kernelCan() ? 'kernel' : 'watchdog'
  return best
}

function kernelCan(): boolean {
  const file = findProgram('setpriv')
  return file !== undefined && spawnSync(file, ['--help'], { encoding: 'utf8' }).stdout.includes('--pdeathsig')
}
