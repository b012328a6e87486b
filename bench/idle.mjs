/** A driver that does nothing: what is left of the cost is what stands above it. @type {import('@spanwire/driver').Driver} */
export const idle = { spec: 1, name: 'idle', dials: 'one', connect: async () => link() }

/** @returns {import('@spanwire/driver').Link} */
function link() {
  /** @type {Promise<never>} */
  const never = new Promise(() => {})
  /** @type {(why: { by: 'us' }) => void} */
  let end = () => {}
  const ended = new Promise((/** @type {typeof end} */ resolve) => {
    end = resolve
  })
  return {
    engine: { name: 'idle', version: '1' },
    draining: never,
    ended,
    open: async () => idleChannel(),
    probe: async () => {},
    close: async () => end({ by: 'us' }),
  }
}

const DONE = /** @type {const} */ ({ outcome: 'done' })

/** Takes everything, says so at once, and keeps nothing. @returns {import('@spanwire/driver').Channel} */
export function idleChannel() {
  return {
    can: {
      maxBytes: 2 ** 20,
      confirms: 'stored',
      starts: ['now'],
      groups: false,
      waits: false,
      keyed: false,
      retries: false,
      extends: false,
      counts: false,
      maxDelayMs: 0,
      ttl: false,
    },
    send(batch, report) {
      for (let at = 0; at < batch.length; at++) report(at, DONE)
      return () => {}
    },
    receive: () => new Promise(() => {}),
    probe: async () => {},
  }
}
