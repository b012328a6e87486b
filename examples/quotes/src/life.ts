/** Ends this process when its starter says so or is gone: the channel between them closes with either. */
export function endWithParent(close: () => Promise<void>): void {
  let ending = false
  const end = (): void => {
    if (ending) return
    ending = true
    close()
      .catch((error: unknown) => console.error(error))
      .finally(() => process.exit(0))
  }
  process.on('disconnect', end)
  process.on('SIGTERM', end)
  // A terminal sends it to the whole group; the starter decides when.
  process.on('SIGINT', () => {})
  // The starter may have gone while this was loading, and then nobody says so any more.
  if (process.connected === false) end()
}

/** Says something to the starter; nothing when run by hand. */
export function tellParent(message: object): void {
  if (process.connected) process.send?.(message)
}

/** What the starter put into the environment. Throws a sentence when it is not there. */
export function given(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: these processes are started by start.js`)
  return value
}
