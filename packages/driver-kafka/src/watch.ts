import { connect, type Socket } from 'node:net'
import type { Place } from '@spanwire/driver/kit'

/** Patience with one connection. Who is hung still accepts: only refusals count. */
const DIAL_MS = 1_000
/** A broker that has just been refused is looked for again. */
const AGAIN_MS = 500

/**
 * Keeps one bare connection to a broker, and looks at all when it breaks: a cluster all of whose brokers refuse connections is gone,
 * and nobody has to wait for a deadline to know. What is still accepted proves nothing, and is not asked.
 */
export class Watch {
  readonly #places: readonly Place[]
  /** True: the cluster is gone. */
  readonly #confirm: () => Promise<boolean>
  readonly #gone: () => void
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #isLooking = false

  /** `confirm`: asked when all refuse, as there may be brokers that we were not told of. `gone` comes once. */
  constructor(places: readonly Place[], confirm: () => Promise<boolean>, gone: () => void) {
    this.#places = places
    this.#confirm = confirm
    this.#gone = gone
    void this.look()
  }

  /** Something broke: are they still there? */
  async look(): Promise<void> {
    if (this.#isOver || this.#isLooking) return
    this.#isLooking = true
    const sockets = await Promise.all(this.#places.map(dial))
    const [first, ...others] = sockets.filter((one) => one !== 'refused' && one !== 'silent')
    for (const one of others) one.destroy()
    const isGone = first === undefined && sockets.every((one) => one === 'refused') && (await this.#confirm())
    this.#isLooking = false
    if (this.#isOver) first?.destroy()
    else if (isGone) this.#gone()
    else this.#keep(first)
  }

  end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  #keep(socket: Socket | undefined): void {
    this.#socket?.removeAllListeners('close').destroy()
    this.#socket = socket
    clearTimeout(this.#timer)
    const again = (): void => void this.look()
    if (socket === undefined) this.#timer = setTimeout(again, AGAIN_MS)
    // Brokers end idle connections after minutes: then this is only a look.
    else if (socket.closed) again()
    else socket.on('close', again)
  }
}

/** A connection, or why there is none. Never rejects. */
function dial(place: Place): Promise<Socket | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect(place)
    const timer = setTimeout(() => {
      socket.destroy()
      resolve('silent')
    }, DIAL_MS)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'silent')
    })
    socket.on('connect', () => {
      clearTimeout(timer)
      // Nothing is said on it; what a broker might say is let go.
      socket.resume()
      socket.unref()
      resolve(socket)
    })
  })
}
