import { MessagingError } from '@spanwire/core'

/** A value from the command line or a line of input. */
export function parseValue(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MessagingError(
      'invalid',
      `${what} is no JSON: ${text.slice(0, 80)} (text needs quotes of its own: '"text"')`,
      { cause },
    )
  }
}

/** `name=value` pairs. */
export function parseParams(pairs: readonly string[] = []): Record<string, string> {
  const params: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) throw new MessagingError('invalid', `--param ${pair}: write name=value`)
    params[pair.slice(0, at)] = pair.slice(at + 1)
  }
  return params
}

/** One JSON line on stdout. */
export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
