/** How long what nobody holds any more goes on: a double effect, a change of page or a scrolled row costs no wire traffic. */
export const LINGER_MS = 1000

/** Takes a share; the result gives it back and must be called once. */
export type Hold = () => () => void

/** Listeners, and what runs while there are any. */
export interface Audience<Listener> {
  readonly listeners: ReadonlySet<Listener>
  readonly listen: (listener: Listener) => () => void
}

export function createAudience<Listener>(hold: Hold): Audience<Listener> {
  const listeners = new Set<Listener>()
  return {
    listeners,
    listen(listener) {
      const letGo = hold()
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        letGo()
      }
    },
  }
}

/** Runs `start` with the first holder, and what it returned `LINGER_MS` after the last one let go, unless another came meanwhile. */
export function shared(start: () => () => void): Hold {
  let holders = 0
  let stop: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = (): void => {
    stop?.()
    stop = undefined
  }
  return () => {
    clearTimeout(timer)
    holders += 1
    stop ??= start()
    return () => {
      holders -= 1
      if (holders === 0) timer = setTimeout(end, LINGER_MS)
    }
  }
}
