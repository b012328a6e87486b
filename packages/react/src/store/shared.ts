/** How long what nobody holds any more goes on: a double effect, a change of page or a scrolled row costs no wire traffic. */
export const LINGER_MS = 1000

/** Takes a share; the result gives it back, once. */
export type Hold = () => () => void

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
    let holding = true
    return () => {
      if (!holding) return
      holding = false
      holders -= 1
      if (holders === 0) timer = setTimeout(end, LINGER_MS)
    }
  }
}
