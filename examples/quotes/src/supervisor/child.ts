import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** `starting`: not heard of yet. `hung`: stopped by a signal, its sockets open. */
export type ChildState =
  | { readonly at: 'down' }
  | { readonly at: 'starting' | 'running' | 'hung'; readonly process: ChildProcess; readonly pid: number }

/** How long a process has to end when asked. */
const END_MS = 3_000

/** One process of the example, which can be killed, hung and started again. Ends with this process by its closed channel. */
export class Child {
  readonly name: string
  readonly #file: string
  readonly #onMessage: (message: unknown) => void
  readonly #onChange: (reason: string) => void
  #state: ChildState = { at: 'down' }

  /** `onChange` hears each change of state and why; `onMessage` what the process says. */
  constructor(
    name: string,
    file: string,
    on: { readonly message?: (message: unknown) => void; readonly change: (reason: string) => void },
  ) {
    this.name = name
    this.#file = file
    this.#onMessage = on.message ?? (() => {})
    this.#onChange = on.change
  }

  get state(): ChildState {
    return this.#state
  }

  get pid(): number | undefined {
    return this.#state.at === 'down' ? undefined : this.#state.pid
  }

  /** Resolves with its process id once it was started. Does nothing when it is. */
  async start(env: Readonly<Record<string, string>>): Promise<number> {
    if (this.#state.at !== 'down') return this.#state.pid
    const file = fileURLToPath(new URL(this.#file, import.meta.url))
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await once(child, 'spawn')
    const pid = child.pid ?? 0
    this.#become({ at: 'starting', process: child, pid }, 'started')
    child.on('message', (message) => {
      if (this.#state.at === 'starting') this.#become({ at: 'running', process: child, pid }, 'listening')
      this.#onMessage(message)
    })
    child.on('exit', (code, signal) =>
      this.#become({ at: 'down' }, signal ? `ended by ${signal}` : `ended with ${code}`),
    )
    return pid
  }

  say(message: string): void {
    if (this.#state.at !== 'down') this.#state.process.send(message)
  }

  kill(): void {
    if (this.#state.at !== 'down') this.#state.process.kill('SIGKILL')
  }

  hang(): void {
    if (this.#state.at === 'down' || !this.#state.process.kill('SIGSTOP')) return
    this.#become({ ...this.#state, at: 'hung' }, 'stopped by SIGSTOP')
  }

  resume(): void {
    if (this.#state.at !== 'hung' || !this.#state.process.kill('SIGCONT')) return
    this.#become({ ...this.#state, at: 'running' }, 'goes on by SIGCONT')
  }

  /** Asks it to end, and sees to it. Resolves when it has. */
  async stop(): Promise<void> {
    if (this.#state.at === 'down') return
    const { process: child } = this.#state
    const ended = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const cut = setTimeout(() => child.kill('SIGKILL'), END_MS)
    await ended
    clearTimeout(cut)
  }

  #become(state: ChildState, reason: string): void {
    this.#state = state
    this.#onChange(reason)
  }
}
