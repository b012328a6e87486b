import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { claim } from './claim.js'
import { makeFolder } from './make-folder.js'

/** Below the ports of outgoing connections, so that nobody's connection takes the port of a node that is down. */
const FIRST = 21_000
const COUNT = 1_000

/** Ports of the loopback that are ours until released, also while nothing listens on them. */
export class Ports {
  readonly #held: string[] = []

  /** Free ones, claimed against every other launcher of this user on this machine. */
  async take(count: number): Promise<readonly number[]> {
    const taken: number[] = []
    const start = Math.floor(Math.random() * COUNT)
    for (let i = 0; i < COUNT && taken.length < count; i++) {
      const port = FIRST + ((start + i) % COUNT)
      if (await this.#hold(port)) taken.push(port)
    }
    if (taken.length === count) return taken
    throw new MessagingError(
      'overloaded',
      `no ${count} free ports from ${FIRST} to ${FIRST + COUNT - 1}: stop other engines`,
    )
  }

  release(): void {
    for (const file of this.#held.splice(0)) rmSync(file, { force: true })
  }

  async #hold(port: number): Promise<boolean> {
    const file = join(folder(), String(port))
    if (!claim(file)) return false
    if (await isFree(port)) {
      this.#held.push(file)
      return true
    }
    rmSync(file, { force: true })
    return false
  }
}

function folder(): string {
  const path = join(tmpdir(), `spanwire-ports-${userInfo().uid}`)
  makeFolder(path, 0o700)
  return path
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
